/**
 * Writing files and folders as a whole, hashes, and canonical JSON. The room `system` deals with files, threads, signals
 * and progress.
 */
import { createHash } from "node:crypto";
import { closeSync, fsync, openSync, writev } from "node:fs";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import { openFile } from "./paths/opening.js";
import { replaced } from "./paths/replacing.js";

/**
 * Writes a file under a temporary name, then renames it, making the folder; after a kill, the old or the new file is
 * whole.
 *
 * @param content its text, or its bytes in pieces
 * @throws PickbenchError System naming the file where the system refuses it
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const pieces = typeof content === "string" ? [Buffer.from(content)] : [content].flat();
  await replaced(path, async (partial) => {
    const file = openSync(partial, "wx");
    try {
      await writePieces(file, pieces);
      await flushed(file);
    } finally {
      closeSync(file);
    }
  });
}

const flushed = promisify(fsync);
const written = promisify(writev);

/** Writes pieces; the system may take fewer bytes at once than there are. */
async function writePieces(file: number, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let { bytesWritten: behind } = await written(file, left);
    left = left.flatMap((piece) => {
      const skipped = Math.min(behind, piece.length);
      behind -= skipped;
      return skipped < piece.length ? [piece.subarray(skipped)] : [];
    });
  }
}

/** Makes a folder under a temporary name by `fill`, then renames it, replacing an earlier one. */
export async function writeFolderWhole(
  path: string,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  await replaced(path, async (partial) => {
    await mkdir(partial);
    await fill(partial);
  });
}

/** Returns the SHA-256 of a file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await openFile(path);
  for await (const block of file.createReadStream()) hash.update(block as Buffer);
  return hash.digest("hex");
}

/** Returns the SHA-256 of bytes or text, hex. */
export function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Writes JSON with sorted keys: equal values give equal text. */
export const canonicalJson = (value: unknown): string => JSON.stringify(withSortedKeys(value));

/** Copies a value with the keys of its objects sorted; a copy and one call take half the time of a replacer. */
function withSortedKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object" || "toJSON" in value) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const from = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.keys(from)
      .sort()
      .map((key) => [key, withSortedKeys(from[key])]),
  );
}

/** Quotes text as one word of a shell command, for people to copy. A home that is written `~/` stays one. */
export const shellWord = (text: string): string =>
  /^(?!~[^/]|.*[=:]~)[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
