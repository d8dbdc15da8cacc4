/** Files of lines that are only ever added to. */
import { open } from "node:fs/promises";
import { readIfThere } from "./paths/opening.js";

/**
 * Adds lines to a file, on the disk before it returns; the part of a line that a kill left at its end goes.
 *
 * @throws Error of the system
 */
export async function appendLines(path: string, lines: readonly unknown[]): Promise<void> {
  if (lines.length === 0) return;
  const whole = ((await readIfThere(path))?.lastIndexOf("\n") ?? -1) + 1;
  const file = await open(path, "a");
  try {
    await file.truncate(whole);
    await file.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await file.sync();
  } finally {
    await file.close();
  }
}
