import { appendFile, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { hashFile } from "../../files.js";
import type { Downloaded } from "./download.js";
import type { RemoteFile } from "./listing.js";

const entrySchema = z.object({
  path: z.string(),
  size: z.number(),
  sha256: z.string(),
  etag: z.string().optional(),
});

/** What was fetched into a folder: size, SHA-256 and ETag of every file, a line of JSON each, the last of a path counts. */
export interface Ledger {
  /** Whether the file is here, undamaged, and the version that the server has. */
  readonly holds: (file: RemoteFile) => Promise<boolean>;
  readonly add: (path: string, downloaded: Downloaded) => Promise<void>;
}

/** Files whose hash was compared in this process, with their time of change. */
const compared = new Map<string, number>();

/** Opens or begins a ledger. A line that a kill cut off is left out: its file is fetched again. */
export async function openLedger(file: string, folder: string): Promise<Ledger> {
  const entries = new Map<string, Downloaded>();
  const text = await readFile(file, "utf8").catch(() => "");
  for (const line of text.split("\n")) {
    const entry = parsedLine(line);
    if (entry) entries.set(entry.path, entry);
  }
  await mkdir(dirname(file), { recursive: true });
  return {
    async holds({ path, size, etag }) {
      const entry = entries.get(path);
      if (entry === undefined || (size !== undefined && size !== entry.size)) return false;
      if (etag !== undefined && entry.etag !== undefined && etag !== entry.etag) return false;
      return isWhole(join(folder, path), entry);
    },
    async add(path, downloaded) {
      const entry = { path, ...downloaded };
      entries.set(path, entry);
      await appendFile(file, `\n${JSON.stringify(entry)}`);
    },
  };
}

function parsedLine(line: string): (Downloaded & { readonly path: string }) | undefined {
  try {
    const { etag, ...entry } = entrySchema.parse(JSON.parse(line));
    return etag === undefined ? entry : { ...entry, etag };
  } catch {
    return undefined;
  }
}

async function isWhole(path: string, { size, sha256 }: Downloaded): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile() !== true || there.size !== size) return false;
  if (compared.get(path) === there.mtimeMs) return true;
  if ((await hashFile(path)) !== sha256) return false;
  compared.set(path, there.mtimeMs);
  return true;
}
