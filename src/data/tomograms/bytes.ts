/** A tomogram as bytes, for pictures. */
import { voxelCount } from "../../domain/volume.js";
import { extent } from "../../formats/zarr/chunkGrid.js";
import type { ByteTomogram } from "../../present/pictures/cutout.js";
import { findBlank } from "../blank/blank.js";
import type { DataAccess, TomogramReader } from "../model.js";
import { measureIntensity, normalise } from "../normalise.js";
import { openTomogram } from "./omeZarr.js";

/** Limit of voxels held; of a larger tomogram a coarser level is shown. */
const mostVoxels = 2 ** 27;

/**
 * Reads a tomogram as normalised bytes, chunk by chunk: besides the bytes only one chunk of floats is held. Voxels that
 * are blank within their chunk get the grey of the median.
 */
export async function readBytes(finest: TomogramReader, access?: DataAccess): Promise<ByteTomogram> {
  const reader = await levelToShow(finest, access);
  const { shape, spacing } = reader;
  const intensity = await measureIntensity(reader);
  const perStep = 255 / (intensity.high - intensity.low);
  const data = new Uint8Array(voxelCount(shape));
  for (const { box } of reader.chunks()) {
    const [depth, height, width] = extent(box);
    const region = await reader.readRegion(box);
    const blank = findBlank({ data: region, shape: [depth, height, width] }, reader.ref.nan === "blank");
    const values = normalise(region, intensity, blank?.mask);
    let from = 0;
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++) {
        const row = ((box.start[0] + z) * shape[1] + box.start[1] + y) * shape[2] + box.start[2];
        for (let x = 0; x < width; x++) data[row + x] = (values[from++]! - intensity.low) * perStep + 0.5;
      }
  }
  return { data, shape, spacing };
}

async function levelToShow(finest: TomogramReader, access?: DataAccess): Promise<TomogramReader> {
  const { levels } = finest.ref;
  let at = levels.indexOf(finest.level);
  while (at + 1 < levels.length && voxelCount(levels[at]!.shape) > mostVoxels) at++;
  return levels[at] === finest.level ? finest : openTomogram(finest.ref, at, access);
}
