/**
 * Writing files and folders as a whole, hashes, and canonical JSON. The room `system` deals with files, threads, signals
 * and progress.
 */
import { createHash } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { openFile } from "./paths/opening.js";
import { replaced } from "./paths/replacing.js";

/**
 * Writes a file under a temporary name, then renames it, making the folder; after a kill, the old or the new file is
 * whole.
 *
 * @throws PickbenchError System naming the file where the system refuses it
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await replaced(path, async (partial) => {
    const file = await open(partial, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  });
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
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Quotes text as one word of a shell command, for people to copy. A home that is written `~/` stays one. */
export const shellWord = (text: string): string =>
  /^(?!~[^/]|.*[=:]~)[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
