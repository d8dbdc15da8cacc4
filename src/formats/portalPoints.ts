/** Points of CryoET Data Portal annotations (ndjson). */
import { stat } from "node:fs/promises";
import { z } from "zod";
import type { ParticlePick } from "../domain/particles.js";
import { angstrom } from "../domain/units.js";
import type { Spacing3 } from "../domain/volume.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { readBytes } from "../system/paths/opening.js";
import { optionalNumber, parseJson } from "./json.js";
import { linesOf } from "./lines.js";

const locationSchema = z.looseObject({ x: z.number(), y: z.number(), z: z.number() });
const pointSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("point"), location: locationSchema }),
  z.looseObject({
    type: z.literal("orientedPoint"),
    location: locationSchema,
    /** Checked by those who need orientations. */
    xyz_rotation_matrix: z.unknown(),
  }),
  z.looseObject({ type: z.literal("instancePoint"), location: locationSchema, instance_id: optionalNumber }),
]);
const mostBytes = 2 ** 29;

/** One point of an annotation, in voxels of the tomogram from the volume's corner. */
type PortalPoint = z.infer<typeof pointSchema>;

/**
 * Yields the points of an annotation with the numbers of their lines, from 1.
 *
 * @throws PickbenchError BadDataset with the broken line
 */
export function* portalPoints(path: string, bytes: Buffer): Generator<{ line: number; point: PortalPoint }> {
  let line = 0;
  for (const text of linesOf(bytes)) {
    line++;
    if (text.trim() !== "") yield { line, point: pointOf(path, line, text) };
  }
}

/**
 * Reads the points of an annotation as picks of a type, in Å.
 *
 * @param spacing Å per voxel along z, y, x of the annotated tomogram
 * @throws PickbenchError BadDataset with the broken line, or where the file is missing, unreadable or above 512 MiB
 */
export async function readPortalPoints(
  path: string,
  type: string,
  spacing: Spacing3,
): Promise<ParticlePick[]> {
  const bytes = await bytesOf(path);
  return Array.from(portalPoints(path, bytes), ({ point: { location } }) => ({
    type,
    x: angstrom(location.x * spacing[2]),
    y: angstrom(location.y * spacing[1]),
    z: angstrom(location.z * spacing[0]),
  }));
}

async function bytesOf(path: string): Promise<Buffer> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined) throw new PickbenchError("BadDataset", `${path}: no such file`, { path });
  if (size > mostBytes)
    throw new PickbenchError(
      "BadDataset",
      `${path}: ${size} bytes are no list of points; wanted at most ${mostBytes}`,
      { path },
    );
  return readBytes(path).catch((error: unknown) => {
    throw new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, {
      path,
      cause: error,
    });
  });
}

function pointOf(path: string, number: number, line: string): PortalPoint {
  try {
    return pointSchema.parse(parseJson(line, { path }));
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${path}: line ${number} is ${JSON.stringify(line.slice(0, 60))}; wanted a point, orientedPoint or instancePoint with a location x, y, z: mend the file`,
      { path, cause: error },
    );
  }
}
