/** MRC files under names that are not read as tomograms: they are named, with the name to give them. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isMrcStart } from "../formats/mrc/header.js";
import { PickbenchError } from "../system/errors.js";
import { openFile } from "../system/paths/opening.js";
import { isMrcName, namesIn } from "./volumeNames.js";

/** Refuses a file that is an MRC file by its content, or a stack of images by its name. @throws PickbenchError Unsupported */
export async function refuseMisnamed(path: string): Promise<void> {
  const what = await misnamed(path);
  if (what !== undefined) throw new PickbenchError("Unsupported", `${path}: ${what}`, { path });
}

/** Limit of files that are looked into in a folder. */
const mostFiles = 50;

/** Names the first such file in a folder, for a message; undefined where there is none. */
export async function misnamedIn(folder: string): Promise<string | undefined> {
  for (const name of (await namesIn(folder)).slice(0, mostFiles)) {
    const what = await misnamed(join(folder, name));
    if (what !== undefined) return `${name} in it: ${what}`;
  }
  return undefined;
}

async function misnamed(path: string): Promise<string | undefined> {
  if (isMrcName(path) || (await stat(path).catch(() => undefined))?.isFile() !== true) return undefined;
  if (/\.mrcs(\.gz|\.bz2)?$/i.test(path))
    return `.mrcs is the name of a stack of images, such as a tilt series; if it holds a tomogram, name it ${basename(path).replace(/\.mrcs/i, ".mrc")}`;
  const start = await firstBytes(path).catch(() => undefined);
  return start && isMrcStart(start)
    ? `it is an MRC file under a name that is not read; if it holds a tomogram, name it ${basename(path)}.mrc`
    : undefined;
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    const bytes = new Uint8Array(212);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
