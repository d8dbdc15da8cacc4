/** Reads what a viewer needs to know of a tomogram. */
import type { DataAccess, TomogramRef } from "../data/model.js";
import { resolveTomogram } from "../data/tomograms/omeZarr.js";
import { isMrcName } from "../data/volumeNames.js";
import { openMrc } from "../formats/mrc/sections.js";
import { readMultiscales } from "../formats/zarr/ome.js";
import type { SceneVolume } from "./scene.js";

/**
 * Reads of a tomogram what a viewer has to know.
 *
 * @param access of the data set it belongs to
 * @throws BadDataset where its metadata is missing or wrong
 */
export async function sceneVolume(
  tomogram: TomogramRef,
  access?: DataAccess,
): Promise<Omit<SceneVolume, "contrast">> {
  const { path, levels } = await resolveTomogram(tomogram, access);
  const { path: level, shape, spacing, axes, dataType } = levels[0]!;
  const plain = { path, level, shape, spacing, dataType };
  if (isMrcName(path)) return { ...plain, kind: "mrc", order: await mrcOrder(path), translation: [0, 0, 0] };
  const { levels: described } = await readMultiscales(path, tomogram.givenSpacing);
  const rank = axes?.rank ?? 3;
  const space: readonly number[] = axes?.space ?? [0, 1, 2];
  const others = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !space.includes(axis));
  return { ...plain, kind: "zarr", order: [...others, ...space], translation: described[0]!.translation };
}

/** Returns the order of an MRC array's axes: sections, rows and columns are x, y or z (1, 2, 3) as the header tells. */
async function mrcOrder(path: string): Promise<number[]> {
  const { axes, volumes } = (await openMrc(path)).header;
  const stack = volumes > 1 ? 1 : 0;
  const inFile: readonly number[] = axes;
  return [...(stack ? [0] : []), ...[3, 2, 1].map((letter) => stack + 2 - inFile.indexOf(letter))];
}
