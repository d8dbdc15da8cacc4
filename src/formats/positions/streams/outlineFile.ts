/** Position files that are read part by part: which can be, and what is in them. */
import { stat } from "node:fs/promises";
import { isPickbenchError, PickbenchError } from "../../../system/errors.js";
import { openFile } from "../../../system/paths/opening.js";
import { hasExtension, recognise } from "../catalogue.js";
import type { PositionFormat } from "../format.js";
import type { FrameName } from "../frames.js";
import type { PartTaker } from "../parts.js";
import { Outline, type OutlinedRun } from "./outline.js";

/** A file of positions that has been read once, in outline, and can be read again part by part. */
export interface OutlinedFile {
  readonly path: string;
  readonly format: PositionFormat;
  readonly runs: readonly OutlinedRun[];
  /** Reads all positions again. @throws PickbenchError BadDataset where the file has changed since it was outlined */
  readonly readAgain: (take: PartTaker) => Promise<void>;
}

/** Bytes by which a format is recognised. */
const headBytes = 1 << 20;

/**
 * Reads a file of positions in outline; undefined where it has to be read whole: a folder, a format that needs the whole
 * file, and positions that need a look at all of them, as those that may be fractions of a volume.
 *
 * @param asked the format, where the content shall not decide; the frame, where the file states none or a wrong one
 * @throws PickbenchError BadDataset where a row is broken
 */
export async function outlineFile(
  path: string,
  asked: { readonly format?: PositionFormat; readonly frame?: FrameName },
): Promise<OutlinedFile | undefined> {
  const before = await stampOf(path);
  if (before === undefined) return undefined;
  const format = asked.format ?? (await formatOf(path));
  const readParts = format?.readParts;
  if (!format || !readParts) return undefined;
  const source = { path, ...(asked.frame ? { frame: asked.frame } : {}) };
  const outline = new Outline();
  const isRead = await readParts(source, async (part) => outline.add(part));
  if (!isRead || outline.isHuge || (outline.areFractions && !asked.frame)) return undefined;
  return {
    path,
    format,
    runs: outline.runs(),
    async readAgain(take) {
      let count = 0;
      const isReadAgain = await readParts(source, (part) => {
        count += part.positions.length;
        return take(part);
      });
      const after = await stampOf(path);
      if (!isReadAgain || count !== outline.count || after !== before) throw changed(path);
    },
  };
}

const changed = (path: string): PickbenchError =>
  new PickbenchError("BadDataset", `${path} has changed while it was read; convert it again`, { path });

/** What shows that a file has not changed; undefined where there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? `${found.size} ${found.mtimeMs} ${found.ino}` : undefined;
}

/** Recognises a file whose name and first lines agree; undefined for any other. */
async function formatOf(path: string): Promise<PositionFormat | undefined> {
  try {
    const file = await openFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      const format = recognise(path, buffer.subarray(0, bytesRead));
      return hasExtension(format, path) ? format : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isPickbenchError(error) || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined;
    throw error;
  }
}
