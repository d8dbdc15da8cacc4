/** Writes a scene for Neuroglancer: a state, and a link that opens the state. */
import { rounded } from "../domain/numbers.js";
import type { ParticlePick } from "../domain/particles.js";
import type { Spacing3 } from "../domain/volume.js";
import type { Colour, PointLayer, Scene, SceneVolume } from "./scene.js";

const metresPerAngstrom = 1e-10;
const demo = "https://neuroglancer-demo.appspot.com/#!";

/** The part of a Neuroglancer state that is written here. */
interface NeuroglancerState {
  readonly dimensions: Dimensions;
  /** Middle of the views, in voxels along x, y, z. */
  readonly position: readonly number[];
  readonly crossSectionScale: number;
  readonly projectionScale: number;
  readonly layers: readonly object[];
  readonly layout: string;
}

type Dimensions = Readonly<Record<"x" | "y" | "z", readonly [metres: number, unit: "m"]>>;

/**
 * Makes the state that shows a scene: the tomogram, truth as ellipsoids of the particles' radius, picks as points.
 *
 * Coordinates are voxels along x, y, z. Neuroglancer puts the centre of an OME-Zarr image's first voxel at the image's
 * translation (datasource/zarr/ome.ts: "In OME's coordinate space, the origin of a voxel is its center"), so a position
 * of p Å from the volume's corner lies at p / spacing − ½, plus the translation.
 *
 * @param url of the OME-Zarr store as served; without it the state has no image
 */
export function neuroglancerState(
  { run, volume, layers }: Scene,
  url: string | undefined,
): NeuroglancerState {
  const dimensions = dimensionsOf(volume.spacing);
  const [depth, height, width] = volume.shape;
  const [z, y, x] = volume.translation.map((length, axis) => length / volume.spacing[axis]!);
  return {
    dimensions,
    position: [(width - 1) / 2 + x!, (height - 1) / 2 + y!, (depth - 1) / 2 + z!].map((at) => rounded(at, 4)),
    crossSectionScale: 1,
    projectionScale: Math.max(width, height, depth),
    layers: [
      ...(url === undefined ? [] : [{ type: "image", name: run, source: `zarr://${url}` }]),
      ...layers.map((layer) => annotationLayer(layer, volume, dimensions)),
    ],
    layout: "4panel",
  };
}

/** Returns a link that opens the state in the public Neuroglancer. */
export const neuroglancerLink = (state: NeuroglancerState): string =>
  demo + encodeURIComponent(JSON.stringify(state));

function dimensionsOf([z, y, x]: Spacing3): Dimensions {
  const metres = (length: number): [number, "m"] => [
    Number((length * metresPerAngstrom).toPrecision(12)),
    "m",
  ];
  return { x: metres(x), y: metres(y), z: metres(z) };
}

/** Shader of points: one size on the screen, unlike ellipsoids, whose size is that in the tomogram. */
const pointShader = `void main() {
  setColor(defaultColor());
  setPointMarkerSize(9.0);
  setPointMarkerBorderWidth(2.0);
  setPointMarkerBorderColor(vec4(1.0, 1.0, 1.0, 1.0));
}
`;

function annotationLayer(
  { name, isTruth, colour, radius, points }: PointLayer,
  volume: SceneVolume,
  dimensions: Dimensions,
) {
  const [z, y, x] = volume.spacing;
  const radii = [x, y, z].map((length) => rounded(radius / length, 4));
  return {
    type: "annotation",
    name,
    source: { url: "local://annotations", transform: { outputDimensions: dimensions } },
    annotationColor: hexadecimal(colour),
    ...(isTruth ? {} : { shader: pointShader }),
    annotations: points.map((pick, index) => {
      const at = placeOf(pick, volume);
      const id = String(index + 1);
      if (isTruth) return { type: "ellipsoid", id, center: at, radii };
      const description = pick.score === undefined ? {} : { description: `score ${rounded(pick.score)}` };
      return { type: "point", id, point: at, ...description };
    }),
  };
}

const placeOf = (pick: ParticlePick, { spacing, translation }: SceneVolume): number[] =>
  [pick.x, pick.y, pick.z].map((length, axis) => {
    const voxel = spacing[2 - axis]!;
    return rounded((length + translation[2 - axis]!) / voxel - 0.5, 4);
  });

const hexadecimal = (colour: Colour): string =>
  `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
