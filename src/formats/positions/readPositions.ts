/** Reading of one position file of any format. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readBytes, readBytesSync } from "../../system/opening.js";
import { recognise } from "./catalogue.js";
import type { PositionFormat } from "./format.js";
import type { FrameName, PositionSet } from "./frames.js";

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
  return { path, format, sets };
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
