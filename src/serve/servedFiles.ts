/** Files of a folder as answers. */
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { openFile } from "../system/paths/opening.js";
import { nothing, type Reply } from "./message.js";

/**
 * Answers with a file of a folder, of which a part may be asked for; with nothing where there is none, or where a link
 * leads out of the folder.
 *
 * @param folder its real path
 */
export async function fileWithin(folder: string, below: readonly string[]): Promise<Reply> {
  const path = await realpath(join(folder, ...below)).catch(() => undefined);
  if (path?.startsWith(folder + sep) !== true) return nothing;
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return nothing;
  const { size } = await file.stat();
  return {
    type: "application/octet-stream",
    body: {
      size,
      part: (start, end) => file.createReadStream({ start, end: end - 1, autoClose: false }),
      close: () => file.close(),
    },
  };
}
