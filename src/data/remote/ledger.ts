/** The ledger of a folder of fetched files: which of them are whole, and which the server did not have. */
import { appendFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { hashFile } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { makeFolders } from "../../system/paths/replacing.js";
import { naming } from "../../system/systemErrors.js";
import type { DataAccess } from "../model.js";
import type { Downloaded } from "./download.js";
import type { RemoteFile } from "./listing.js";

const entrySchema = z.object({
  path: z.string(),
  size: z.number(),
  sha256: z.string(),
  etag: z.string().optional(),
});
const absentSchema = z.object({ path: z.string(), absent: z.number() });

/** Size, SHA-256 and ETag of every file, a line of JSON each; a path's last line counts. */
export interface Ledger {
  /**
   * Tells whether the file is on disk, undamaged, and the server's version, or returns the status by which the server had it
   * not when it was asked for this data set; undefined where it is to be fetched.
   */
  readonly holds: (file: RemoteFile) => Promise<"there" | number | undefined>;
  /** The last answer about a file: the server had it, or the status by which it had not; undefined where never asked. */
  readonly known: (path: string) => "there" | number | undefined;
  readonly add: (path: string, downloaded: Downloaded) => Promise<void>;
  /** Notes that the server has no such file; a line is added where the last answer was another. */
  readonly addAbsent: (path: string, status: number) => Promise<void>;
}

/** Stands in the place of a time of change for what the server did not have when it was asked for this data set. */
const absentNow = -1;

type Entry = Downloaded | { readonly absent: number };

/**
 * Opens or creates a ledger. A line cut off by a kill is ignored: its file is fetched again.
 *
 * @throws PickbenchError System where the folder cannot be written
 */
export async function openLedger(
  file: string,
  folder: string,
  compared: DataAccess["compared"],
): Promise<Ledger> {
  const entries = new Map<string, Entry>();
  const text = await readText(file).catch(() => "");
  for (const line of text.split("\n")) {
    const [path, entry] = parsedLine(line) ?? [];
    if (path !== undefined) entries.set(path, entry!);
  }
  await naming(file, () => makeFolders(dirname(file)));
  const append = async (path: string, entry: Entry): Promise<void> => {
    entries.set(path, entry);
    await naming(file, () => appendFile(file, `\n${JSON.stringify({ path, ...entry })}`));
  };
  return {
    async holds({ path, size, etag, sha256 }) {
      const entry = entries.get(path);
      if (entry === undefined) return undefined;
      if ("absent" in entry) return compared.get(join(folder, path)) === absentNow ? entry.absent : undefined;
      if (size !== undefined && size !== entry.size) return undefined;
      if (sha256 !== undefined && sha256 !== entry.sha256) return undefined;
      if (etag !== undefined && entry.etag !== undefined && etag !== entry.etag) return undefined;
      return (await isWhole(join(folder, path), entry, compared)) ? "there" : undefined;
    },
    known(path) {
      const entry = entries.get(path);
      if (entry === undefined) return undefined;
      return "absent" in entry ? entry.absent : "there";
    },
    add: append,
    async addAbsent(path, absent) {
      compared.set(join(folder, path), absentNow);
      const entry = entries.get(path);
      const isKnown = entry !== undefined && "absent" in entry && entry.absent === absent;
      if (!isKnown) await append(path, { absent });
    },
  };
}

function parsedLine(line: string): readonly [path: string, entry: Entry] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const missing = absentSchema.safeParse(value);
    if (missing.success) return [missing.data.path, { absent: missing.data.absent }];
    const { path, etag, ...entry } = entrySchema.parse(value);
    return [path, etag === undefined ? entry : { ...entry, etag }];
  } catch {
    return undefined;
  }
}

async function isWhole(
  path: string,
  { size, sha256 }: Downloaded,
  compared: DataAccess["compared"],
): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile() !== true || there.size !== size) return false;
  if (compared.get(path) === there.mtimeMs) return true;
  if ((await hashFile(path)) !== sha256) return false;
  compared.set(path, there.mtimeMs);
  return true;
}
