import { stat } from "node:fs/promises";
import { z } from "zod";
import { PickbenchError } from "../errors.js";
import type { Pick } from "../particles.js";
import { angstrom } from "../units.js";
import type { Spacing3 } from "../volume.js";
import { readIfThere } from "./omeMetadata.js";

const pointSchema = z.looseObject({
  type: z.string(),
  location: z.looseObject({ x: z.number(), y: z.number(), z: z.number() }),
});
const mostBytes = 2 ** 29;

/**
 * Points of a CryoET Data Portal annotation: ndjson, voxels of the tomogram from the volume's corner.
 *
 * @param spacing Å per voxel along z, y, x of the tomogram that they belong to
 * @throws BadDataset with the line that is broken
 */
export async function readPortalPoints(path: string, type: string, spacing: Spacing3): Promise<Pick[]> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size > mostBytes)
    throw new PickbenchError(
      "BadDataset",
      `${path}: ${size} bytes are no list of points; wanted at most ${mostBytes}`,
      {
        path,
      },
    );
  const text = await readIfThere(path);
  if (text === undefined) throw new PickbenchError("BadDataset", `${path}: no such file`, { path });
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const { location } = pointOf(path, index + 1, line);
    return [
      {
        type,
        x: angstrom(location.x * spacing[2]),
        y: angstrom(location.y * spacing[1]),
        z: angstrom(location.z * spacing[0]),
      },
    ];
  });
}

function pointOf(path: string, number: number, line: string): z.infer<typeof pointSchema> {
  try {
    return pointSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${path}: line ${number} is ${JSON.stringify(line.slice(0, 60))}; wanted a point with a location x, y, z: mend the file`,
      { path, cause: error },
    );
  }
}
