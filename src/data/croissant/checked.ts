/** Files of a manifest on disk, held against its sizes and hashes; what was found right is not read again while unchanged. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hashFile, hashOf, writeWhole } from "../../system/files.js";
import { cacheFolder } from "../../system/paths/cacheFolder.js";
import type { Reporter } from "../../system/reporter.js";
import { readNoted } from "../../system/schema/noted.js";
import type { FileFacts } from "./read.js";
import { refusal } from "./resource.js";

/** By path: time of change, size and hash of a file when it was read. */
const stampsSchema = z.record(z.string(), z.tuple([z.number(), z.number(), z.string()]));

/**
 * Checks files by size and SHA-256.
 *
 * @param place of the manifest
 * @param files by their paths below `base`
 * @throws PickbenchError BadDataset naming the first file that is missing or another one
 */
export async function checkFiles(
  place: string,
  base: string,
  files: ReadonlyMap<string, FileFacts>,
  reporter: Reporter,
): Promise<void> {
  const ledger = join(cacheFolder(), "manifests", `${hashOf(place).slice(0, 24)}.json`);
  const stamps = (await readNoted(ledger, stampsSchema).catch(() => undefined)) ?? {};
  const unread: {
    readonly path: string;
    readonly sha256: string;
    readonly changed: number;
    readonly size: number;
  }[] = [];
  for (const [file, { size, sha256 }] of files) {
    const path = join(base, file);
    const there = await stat(path).catch(() => undefined);
    if (there?.isFile() !== true)
      throw refusal(path, `is named by ${place} and is not there; bring the data set whole`);
    if (size !== undefined && there.size !== size)
      throw refusal(
        path,
        `has ${there.size} bytes, by ${place} ${size}; bring it anew, or write the manifest anew`,
      );
    const stamp = stamps[path];
    const isKnown = stamp?.[0] === there.mtimeMs && stamp[1] === there.size && stamp[2] === sha256;
    if (sha256 !== undefined && !isKnown)
      unread.push({ path, sha256, changed: there.mtimeMs, size: there.size });
  }
  if (unread.length === 0) return;
  const progress = reporter.progress("checking hashes", unread.length, "files");
  let done = 0;
  try {
    for (const { path, sha256, changed, size } of unread) {
      const found = await hashFile(path);
      if (found !== sha256)
        throw refusal(
          path,
          `its SHA-256 is ${found.slice(0, 12)}…, by ${place} ${sha256.slice(0, 12)}…; bring it anew, or write the manifest anew`,
        );
      stamps[path] = [changed, size, sha256];
      progress.update(++done);
    }
  } finally {
    progress.stop();
    await writeWhole(ledger, JSON.stringify(stamps)).catch(() => undefined);
  }
}
