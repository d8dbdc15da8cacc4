import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { recognise } from "./catalogue.js";
import type { PositionFormat } from "./format.js";
import type { FrameName, PositionSet } from "./frames.js";

/** What a file of positions held. */
export interface PositionsFile {
  readonly path: string;
  readonly format: PositionFormat;
  /** One a run, in the file's own frame. */
  readonly sets: readonly PositionSet[];
}

/** More than this does not fit a buffer of every Node that pickbench runs on. */
const mostBytes = 2 ** 31 - 1;
/** Metadata beside a file is never longer. */
const mostBytesBeside = 1 << 20;

/**
 * Reads a file of positions of any format.
 *
 * @param asked the format, where its content is not to decide; the frame, where it says none or a wrong one
 * @throws BadDataset for a file that is missing, of no format, or broken
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
    if (size <= mostBytes) return await readFile(path);
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
    const text = readFileSync(join(dirname(path), name));
    return text.length <= mostBytesBeside ? text.toString("utf8") : undefined;
  } catch {
    return undefined;
  }
}
