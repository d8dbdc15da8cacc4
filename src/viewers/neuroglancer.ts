/** Writes a scene for Neuroglancer: a state, and a link that opens the state. */
import { rounded } from "../domain/numbers.js";
import type { ParticlePick } from "../domain/particles.js";
import type { Spacing3 } from "../domain/volume.js";
import type { Colour } from "../present/pictures/canvas.js";
import { annotationFiles } from "./annotations.js";
import type { PointLayer, Scene, SceneVolume } from "./scene.js";

const metresPerAngstrom = 1e-10;
/** Origin of the public Neuroglancer, whose pages may read what is served. */
export const viewerOrigin = "https://neuroglancer-demo.appspot.com";

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

/** Where Neuroglancer finds a scene. */
export interface SceneSource {
  /** URL of the OME-Zarr store; without it the state has no image. */
  readonly store: string | undefined;
  /** URL of the points of all layers, `URL/1` and so on; without it the state holds the points. */
  readonly points: string | undefined;
}

/**
 * Makes the state that shows a scene: the tomogram, truth as ellipsoids of the particles' radius, picks as points.
 *
 * Coordinates are voxels along x, y, z. Neuroglancer puts the centre of an OME-Zarr image's first voxel at the image's
 * translation (datasource/zarr/ome.ts: "In OME's coordinate space, the origin of a voxel is its center"), so a position
 * of p Å from the volume's corner lies at p / spacing − ½, plus the translation.
 */
export function neuroglancerState(
  { run, volume, layers }: Scene,
  { store, points }: SceneSource,
): NeuroglancerState {
  const dimensions = dimensionsOf(volume.spacing);
  const [depth, height, width] = volume.shape;
  const [z, y, x] = volume.translation.map((length, axis) => length / volume.spacing[axis]!);
  const across = extents(volume);
  return {
    dimensions,
    position: [(width - 1) / 2 + x!, (height - 1) / 2 + y!, (depth - 1) / 2 + z!].map((at) => rounded(at, 4)),
    crossSectionScale: rounded(
      Math.max(across.x / panel.width, Math.max(across.y, across.z) / panel.height),
      4,
    ),
    projectionScale: rounded(Math.max(across.x, across.y, across.z), 4),
    layers: [
      ...(store === undefined ? [] : [imageLayer(run, `zarr://${store}`, volume)]),
      ...layers.map((layer, index) =>
        points === undefined
          ? { ...annotationLayer(layer), ...heldPoints(layer, volume, dimensions) }
          : { ...annotationLayer(layer), source: `precomputed://${points}/${index + 1}` },
      ),
    ],
    layout: "4panel",
  };
}

/** Returns the points of all layers as files to serve, by their path below `SceneSource.points`. */
export function pointFiles({ volume, layers }: Scene): Map<string, Uint8Array> {
  const dimensions = dimensionsOf(volume.spacing);
  const files = layers.map(({ isTruth, radius, points }) =>
    annotationFiles(
      points.map((pick) => ({
        at: placeOf(pick, volume),
        ...(isTruth ? { radii: radiiOf(radius, volume) } : { score: pick.score }),
      })),
      dimensions,
    ),
  );
  return new Map(
    files.flatMap((each, index) =>
      [...each].map(([path, bytes]) => [`${index + 1}/${path}`, bytes] as const),
    ),
  );
}

/** Returns a link that opens the state in the public Neuroglancer. */
export const neuroglancerLink = (state: NeuroglancerState): string =>
  `${viewerOrigin}/#!${encodeURIComponent(JSON.stringify(state))}`;

function dimensionsOf([z, y, x]: Spacing3): Dimensions {
  const metres = (length: number): [number, "m"] => [
    Number((length * metresPerAngstrom).toPrecision(12)),
    "m",
  ];
  return { x: metres(x), y: metres(y), z: metres(z) };
}

/** Returns the volume's size in canonical voxels, whose edge is that of the shortest axis (src/navigation_state.ts). */
function extents({ shape, spacing }: SceneVolume): Readonly<Record<"x" | "y" | "z", number>> {
  const [z, y, x] = shape.map((count, axis) => (count * spacing[axis]!) / Math.min(...spacing));
  return { x: x!, y: y!, z: z! };
}

/** A panel of four in a window of 1,440×900 pixels; crossSectionScale is canonical voxels a pixel. */
const panel = { width: 700, height: 400 } as const;

/** Neuroglancer's own shader, whose limits are set by its control (src/sliceview/image_layer_rendering.md, "invlerp"). */
const greyShader = `#uicontrol invlerp normalized
void main() {
  emitGrayscale(normalized());
}
`;

function imageLayer(name: string, source: string, { contrast }: SceneVolume) {
  return {
    type: "image",
    name,
    source,
    ...(contrast && {
      shader: greyShader,
      shaderControls: { normalized: { range: contrast } },
    }),
  };
}

/** Shader of points: one size on the screen, unlike ellipsoids, whose size is that in the tomogram. */
const pointShader = `void main() {
  setColor(defaultColor());
  setPointMarkerSize(9.0);
  setPointMarkerBorderWidth(2.0);
  setPointMarkerBorderColor(vec4(1.0, 1.0, 1.0, 1.0));
}
`;

const annotationLayer = ({ name, isTruth, colour }: PointLayer) => ({
  type: "annotation",
  name,
  annotationColor: hexadecimal(colour),
  ...(isTruth ? {} : { shader: pointShader }),
});

/** Returns points that the state itself holds. */
function heldPoints({ isTruth, radius, points }: PointLayer, volume: SceneVolume, dimensions: Dimensions) {
  const radii = radiiOf(radius, volume);
  return {
    source: { url: "local://annotations", transform: { outputDimensions: dimensions } },
    annotations: points.map((pick, index) => {
      const at = placeOf(pick, volume);
      const id = String(index + 1);
      if (isTruth) return { type: "ellipsoid", id, center: at, radii };
      const description = pick.score === undefined ? {} : { description: `score ${rounded(pick.score)}` };
      return { type: "point", id, point: at, ...description };
    }),
  };
}

const radiiOf = (radius: number, { spacing: [z, y, x] }: SceneVolume): number[] =>
  [x, y, z].map((length) => rounded(radius / length, 4));

const placeOf = (pick: ParticlePick, { spacing, translation }: SceneVolume): number[] =>
  [pick.x, pick.y, pick.z].map((length, axis) => {
    const voxel = spacing[2 - axis]!;
    return rounded((length + translation[2 - axis]!) / voxel - 0.5, 4);
  });

const hexadecimal = (colour: Colour): string =>
  `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
