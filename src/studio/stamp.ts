/** By what it is seen that a file was changed. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";

/** Returns text that differs once a file was written or replaced. */
export const stampText = ({ ino, size, mtimeMs, ctimeMs }: Stats): string =>
  `${ino} ${size} ${mtimeMs} ${ctimeMs}`;

/** Returns the stamp of what a path leads to; "" where nothing is there. */
export async function stampAt(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? stampText(found) : "";
}
