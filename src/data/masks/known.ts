/** Which voxels of a mask were annotated: slices, boxes, or all; the others become unknown. */
import { unknown } from "../../domain/maskValues.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import type { AnnotatedBox, Feature } from "./features.js";
import { type NearestVoxels, rangeWithin } from "./resample.js";

/** What of a run's mask is known. */
export type AnnotatedPlaces =
  | "all"
  | "slices"
  | { readonly slices: readonly number[] }
  | { readonly boxes: readonly AnnotatedBox[] }
  | { readonly mask: string };

/** Returns what is known of a feature in a run; undefined where nothing is. Boxes in a file must have been read (`withBoxes`). */
export function placesOf({ annotated }: Feature, run: string): AnnotatedPlaces | undefined {
  if (typeof annotated === "string") return annotated;
  if ("mask" in annotated) return annotated;
  if ("slices" in annotated) {
    const slices = annotated.slices[run];
    return slices === "all" ? slices : slices && { slices };
  }
  if (typeof annotated.boxes === "string") throw new TypeError(`boxes of ${annotated.boxes} were not read`);
  const boxes = annotated.boxes[run];
  return boxes === "all" ? boxes : boxes && { boxes };
}

/** A mask as it was read, in its own grid and on the tomogram's. */
interface MaskGrid {
  readonly path: string;
  /** Voxels of the mask's own grid. */
  readonly shape: Shape3;
  /** 1 for each z slice of the mask's own grid that holds any yes. */
  readonly slicesWithYes: Uint8Array;
  readonly nearest: NearestVoxels;
}

/**
 * Sets the voxels of a mask on a tomogram's grid that were not annotated to unknown.
 *
 * @throws PickbenchError BadExperiment where a slice or box lies outside the mask
 */
export function forgetUnannotated(
  voxels: Uint8Array,
  places: Exclude<AnnotatedPlaces, { readonly mask: string }>,
  grid: MaskGrid,
): void {
  if (places === "all") return;
  if (places === "slices") keepSlices(voxels, grid, (z) => grid.slicesWithYes[z] === 1);
  else if ("slices" in places) {
    checkSlices(places.slices, grid);
    const kept = new Set(places.slices);
    keepSlices(voxels, grid, (z) => kept.has(z));
  } else keepBoxes(voxels, grid, places.boxes);
}

function keepSlices(voxels: Uint8Array, { nearest }: MaskGrid, isKept: (z: number) => boolean): void {
  const plane = nearest[1].length * nearest[2].length;
  for (const [z, from] of nearest[0].entries())
    if (from < 0 || !isKept(from)) voxels.fill(unknown, z * plane, (z + 1) * plane);
}

function keepBoxes(voxels: Uint8Array, grid: MaskGrid, boxes: readonly AnnotatedBox[]): void {
  const { nearest } = grid;
  const [height, width] = [nearest[1].length, nearest[2].length];
  const known = new Uint8Array(voxels.length);
  for (const box of boxes) {
    checkBox(box, grid);
    const [firstZ, endZ] = rangeWithin(nearest[0], box[0], box[3]);
    const [firstY, endY] = rangeWithin(nearest[1], box[1], box[4]);
    const [firstX, endX] = rangeWithin(nearest[2], box[2], box[5]);
    for (let z = firstZ; z < endZ; z++)
      for (let y = firstY; y < endY; y++) {
        const row = (z * height + y) * width;
        known.fill(1, row + firstX, row + endX);
      }
  }
  for (let at = 0; at < voxels.length; at++) if (known[at] === 0) voxels[at] = unknown;
}

function checkSlices(slices: readonly number[], { path, shape }: MaskGrid): void {
  const outside = slices.find((z) => z >= shape[0]);
  if (outside === undefined) return;
  throw new PickbenchError(
    "BadExperiment",
    `features: slice ${outside} is annotated of ${path}, which has ${shape[0]} slices, 0 to ${shape[0] - 1}; correct annotated.slices`,
    { path },
  );
}

function checkBox(box: AnnotatedBox, { path, shape }: MaskGrid): void {
  if (shape.every((size, axis) => box[axis + 3]! <= size)) return;
  throw new PickbenchError(
    "BadExperiment",
    `features: the box [${box.join(", ")}] is annotated of ${path}, which has ${shape.join("×")} voxels (z×y×x); correct annotated.boxes`,
    { path },
  );
}
