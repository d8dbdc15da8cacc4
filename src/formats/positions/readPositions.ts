/** Reading of one position file of any format. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readBytes, readBytesSync } from "../../system/paths/opening.js";
import { recognise } from "./catalogue.js";
import type { PositionFormat } from "./format.js";
import { type FrameName, isCentred, type PositionSet } from "./frames.js";

/** A position file that has been read. */
export interface PositionsFile {
  readonly path: string;
  readonly format: PositionFormat;
  /** Sets of positions, one a run, in the file's own frame. */
  readonly sets: readonly PositionSet[];
}

/** Most bytes of a file: a buffer's limit in the oldest Node that pickbench runs on. */
const mostBytes = 2 ** 31 - 1;
/** Most bytes of the metadata beside a file. */
const mostBytesBeside = 1 << 20;

/**
 * Reads a file of positions of any format.
 *
 * @param asked the format, where the content shall not decide; the frame, where the file states none or a wrong one
 * @throws PickbenchError BadDataset for a file that is missing, of no format, or broken; BadUsage for content that may be
 * of several formats
 */
export async function readPositionsFile(
  path: string,
  asked: { readonly format?: PositionFormat; readonly frame?: FrameName } = {},
): Promise<PositionsFile> {
  const bytes = await bytesOf(path);
  const format = asked.format ?? recognise(path, bytes);
  const beside = (name: string) => textBeside(path, name);
  const sets = await format.read({ path, bytes, beside, ...(asked.frame ? { frame: asked.frame } : {}) });
  if (!asked.frame) checkNoFractions(path, sets);
  return { path, format, sets };
}

/**
 * Checks that positions do not all crowd the corner of the volume, as fractions of its size do.
 *
 * @throws PickbenchError BadUsage with the flags that answer the question
 */
function checkNoFractions(path: string, sets: readonly PositionSet[]): void {
  const all = sets.flatMap((set) => (isCentred(set.frame) ? [] : set.positions.map(({ at }) => at)));
  const values = all.flat();
  if (sets.some(({ frame }) => isCentred(frame)) || !values.some((value) => !Number.isInteger(value))) return;
  if (values.some((value) => value < 0 || value > 1)) return;
  const frame = sets[0]!.frame;
  throw new PickbenchError(
    "BadUsage",
    `${path}: all positions (${all.length}) lie between 0 and 1 along every axis, as fractions of the volume's size do; give --from-frame fraction-index (Warp) or fraction (from the corner) with --size Z,Y,X and --spacing Å, or --from-frame ${frame} if they are right`,
    { path },
  );
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= mostBytes) return await readBytes(path);
    throw new Error(`it has ${size} bytes, and ${mostBytes} are the most that can be read`);
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${path} cannot be read (${messageOf(error)}); name a file of positions`,
      {
        path,
        cause: error,
      },
    );
  }
}

function textBeside(path: string, name: string): string | undefined {
  if (name !== basename(name)) return undefined;
  try {
    const text = readBytesSync(join(dirname(path), name));
    return text.length <= mostBytesBeside ? text.toString("utf8") : undefined;
  } catch {
    return undefined;
  }
}
