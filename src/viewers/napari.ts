/** Writes a scene for napari: a Python script. */
import { rounded } from "../domain/numbers.js";
import { asciiJson, type PointLayer, type Scene, type SceneVolume } from "./scene.js";

/**
 * Writes a Python script that opens a scene in napari: the tomogram's finest level, read on demand, and a Points layer
 * for each layer of points, in voxels along z, y, x.
 *
 * napari puts the centre of the first voxel at 0 and then scales and translates; with half a voxel of translation its
 * world is Å from the volume's corner. All text from outside is written as string literals.
 */
export function napariScript({ run, volume, layers }: Scene): string {
  const [z, y, x] = volume.spacing;
  const contrast = volume.contrast ? `, contrast_limits=(${volume.contrast.join(", ")})` : "";
  return `# Shows a run in napari: python THIS_FILE, where napari and ${volume.kind === "zarr" ? "zarr" : "mrcfile"} are installed.
${volume.kind === "zarr" ? "import dask.array as da" : "import mrcfile"}
import napari
import numpy as np

RUN = ${asciiJson(run)}
PATH = ${asciiJson(volume.path)}
SPACING = (${z}, ${y}, ${x})  # angstrom per voxel along z, y, x
ORIGIN = tuple(length / 2 for length in SPACING)  # of the first voxel's centre, from the volume's corner
ORDER = [${volume.order.join(", ")}]  # axes of the array: those of one place, then z, y, x

# Points in voxels along z, y, x, where 0 is the centre of the first voxel; sizes are diameters in voxels.
LAYERS = [
${layers.map((layer) => layerText(layer, volume)).join("")}]

volume = ${opening(volume)}
volume = volume.transpose(ORDER)[(0,) * (len(ORDER) - 3)]
viewer = napari.Viewer()
viewer.add_image(volume, name=RUN, scale=SPACING, translate=ORIGIN, colormap="gray"${contrast})
for layer in LAYERS:
    viewer.add_points(
        np.array(layer.pop("points"), dtype=float).reshape(-1, 3),
        scale=SPACING,
        translate=ORIGIN,
        out_of_slice_display=True,
        **layer,
    )
napari.run()
`;
}

function opening({ kind, level }: SceneVolume): string {
  return kind === "zarr"
    ? `da.from_zarr(PATH, component=${asciiJson(level)})`
    : "mrcfile.open(PATH, permissive=True).data";
}

function layerText({ name, isTruth, colour, radius, points }: PointLayer, { spacing }: SceneVolume): string {
  const mean = (spacing[0] + spacing[1] + spacing[2]) / 3;
  const scores = points.flatMap(({ score }) => score ?? []);
  const places = points.map(({ x, y, z }) =>
    [z, y, x].map((length, axis) => rounded(length / spacing[axis]! - 0.5)),
  );
  return `    {
        "name": ${asciiJson(name)},
        "symbol": ${isTruth ? '"ring"' : '"disc"'},
        "size": ${rounded((2 * radius) / mean)},
        "face_color": [${colour.map((value) => rounded(value / 255, 4)).join(", ")}, 1],
        "opacity": ${isTruth ? 0.7 : 1},
${scores.length === points.length ? `        "features": {"score": [${scores.join(", ")}]},\n` : ""}        "points": [
${places.map((place) => `            [${place.join(", ")}],\n`).join("")}        ],
    },
`;
}
