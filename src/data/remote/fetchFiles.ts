/** Fetches many files into a folder, with a ledger that tells which are already whole. */
import { appendFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { hashFile } from "../../system/files.js";
import { readText } from "../../system/opening.js";
import { makeFolders } from "../../system/replacing.js";
import type { Progress } from "../../system/reporter.js";
import type { DataAccess } from "../model.js";
import { accessFor } from "./access.js";
import { type Downloaded, downloadFile } from "./download.js";
import type { RemoteFile } from "./listing.js";
import type { RequestOptions } from "./request.js";

interface FetchOptions extends Omit<RequestOptions, "signal"> {
  /** Label of the progress bar. */
  readonly label?: string;
  /** Silent if absent. */
  readonly access?: DataAccess | undefined;
}

/** Numbers of files and bytes fetched, and of files kept. */
interface Fetched {
  readonly files: number;
  readonly bytes: number;
  readonly kept: number;
}

/** Number of simultaneous requests. */
const concurrency = 8;
const ledgerName = ".pickbench-fetched.jsonl";

/** A destination: the folder of the files, the ledger of what is known of them, and the folder of unfinished files. */
export interface Destination {
  readonly folder: string;
  readonly ledger: string;
  readonly partials: string;
}

/** Makes a destination whose ledger lies in the folder itself. */
export const destinationIn = (folder: string): Destination => ({
  folder,
  ledger: join(folder, ledgerName),
  partials: folder,
});

/**
 * Fetches the files that are missing or damaged, eight at a time. After a stop at any point, finished files remain and
 * the next call continues.
 *
 * @throws PickbenchError BadDataset for the first file that cannot be fetched; Stopped when the user asks to stop
 */
export async function fetchFiles(
  files: readonly RemoteFile[],
  { folder, ledger: ledgerFile, partials }: Destination,
  { label = "fetching", access = accessFor(), ...request }: FetchOptions = {},
): Promise<Fetched> {
  const { reporter, compared } = access;
  const ledger = await openLedger(ledgerFile, folder, compared);
  const missing: RemoteFile[] = [];
  for (const file of files) if (!(await ledger.holds(file))) missing.push(file);
  const kept = files.length - missing.length;
  const failed = new AbortController();
  const signal = AbortSignal.any([reporter.signal, failed.signal]);
  const counted = countProgress(missing, (total, unit) => reporter.progress(label, total, unit));
  const queue = missing.values();
  const work = async (): Promise<void> => {
    for (const { path, url, size } of queue) {
      if (signal.aborted) return;
      const sized = size === undefined ? {} : { size };
      const downloaded = await downloadFile(url, join(folder, path), {
        ...request,
        ...sized,
        signal,
        partials,
        onBytes: counted.onBytes,
      });
      await ledger.add(path, downloaded);
      counted.onFile();
    }
  };
  let first: unknown;
  const workers = Array.from({ length: Math.min(concurrency, missing.length) }, () =>
    work().catch((error: unknown) => {
      first ??= error;
      failed.abort();
    }),
  );
  await Promise.all(workers).finally(counted.stop);
  if (reporter.signal.aborted)
    throw new PickbenchError(
      "Stopped",
      `stopped: ${kept + counted.files()} of ${files.length} files are here; the same command goes on`,
    );
  if (first !== undefined) throw first;
  return { files: missing.length, bytes: counted.bytes(), kept };
}

/** Counts progress in megabytes where all sizes are known, else in files. */
function countProgress(
  missing: readonly RemoteFile[],
  start: (total: number, unit: "MB" | "files") => Progress,
) {
  const total = missing.reduce((sum, { size }) => sum + (size ?? Number.NaN), 0);
  const inBytes = Number.isFinite(total);
  const megabytes = (count: number): number => Math.round(count / 1e5) / 10;
  const progress =
    missing.length === 0
      ? undefined
      : start(inBytes ? megabytes(total) : missing.length, inBytes ? "MB" : "files");
  let bytes = 0;
  let files = 0;
  const show = (): void =>
    inBytes
      ? progress?.update(megabytes(bytes), `${files} of ${missing.length} files`)
      : progress?.update(files, `${megabytes(bytes)} MB`);
  return {
    onBytes(count: number) {
      bytes += count;
      show();
    },
    onFile() {
      files++;
      show();
    },
    stop: () => progress?.stop(),
    bytes: () => bytes,
    files: () => files,
  };
}

const entrySchema = z.object({
  path: z.string(),
  size: z.number(),
  sha256: z.string(),
  etag: z.string().optional(),
});

/** The ledger of a folder: size, SHA-256 and ETag of every file, a line of JSON each; a path's last line counts. */
interface Ledger {
  /** Tells whether the file is on disk, undamaged, and the server's version. */
  readonly holds: (file: RemoteFile) => Promise<boolean>;
  readonly add: (path: string, downloaded: Downloaded) => Promise<void>;
}

/** Opens or creates a ledger. A line cut off by a kill is ignored: its file is fetched again. */
async function openLedger(file: string, folder: string, compared: DataAccess["compared"]): Promise<Ledger> {
  const entries = new Map<string, Downloaded>();
  const text = await readText(file).catch(() => "");
  for (const line of text.split("\n")) {
    const entry = parsedLine(line);
    if (entry) entries.set(entry.path, entry);
  }
  await makeFolders(dirname(file));
  return {
    async holds({ path, size, etag }) {
      const entry = entries.get(path);
      if (entry === undefined || (size !== undefined && size !== entry.size)) return false;
      if (etag !== undefined && entry.etag !== undefined && etag !== entry.etag) return false;
      return isWhole(join(folder, path), entry, compared);
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
