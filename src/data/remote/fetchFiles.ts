/** Fetches many files into a folder, with a ledger that tells which are already whole. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import type { Progress } from "../../system/reporter.js";
import type { DataAccess } from "../model.js";
import { AbsentFiles } from "./absentFiles.js";
import { accessFor } from "./access.js";
import { checkContent, chunkArraysIn, expectedOf, isZarrMetadata } from "./content.js";
import { downloadFile } from "./download.js";
import { openLedger } from "./ledger.js";
import type { RemoteFile } from "./listing.js";
import { type RequestOptions, usualPatience } from "./request.js";

interface FetchOptions extends Omit<RequestOptions, "signal"> {
  /** Label of the progress bar. */
  readonly label?: string;
  /** Silent if absent. */
  readonly access?: DataAccess | undefined;
}

/** Numbers of files and bytes fetched, of files kept, and of chunks that the server does not have. */
export interface Fetched {
  readonly files: number;
  readonly bytes: number;
  readonly kept: number;
  readonly absent: number;
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
 * Fetches the files that are missing or damaged, eight at a time, Zarr's metadata first, and checks each by what it must
 * be. After a stop at any point, finished files remain and the next call continues; what a killed one left is removed.
 *
 * @throws PickbenchError BadDataset for the first file that cannot be fetched, or where the server lets nobody read any
 * chunk of an array; Stopped when the user asks to stop
 */
export async function fetchFiles(
  files: readonly RemoteFile[],
  { folder, ledger: ledgerFile, partials }: Destination,
  { label = "fetching", access = accessFor(), ...request }: FetchOptions = {},
): Promise<Fetched> {
  const { reporter, compared } = access;
  const requests = { ...request, patience: request.patience ?? usualPatience() };
  const ledger = await openLedger(ledgerFile, folder, compared);
  const arrays = chunkArraysIn(folder);
  const absent = new AbsentFiles(ledger, arrays);
  const missing: RemoteFile[] = [];
  for (const file of files) {
    const held = await ledger.holds(file);
    if (held === undefined) missing.push(file);
    else if (held === "there") await absent.addThere(file);
    else await absent.addAbsent(file, held);
  }
  const kept = files.length - missing.length - absent.count;
  const failed = new AbortController();
  const signal = AbortSignal.any([reporter.signal, failed.signal]);
  const counted = countProgress(missing, (total, unit) => reporter.progress(label, total, unit));
  const fetchOne = async (file: RemoteFile): Promise<void> => {
    const { path, url, size } = file;
    const place = join(folder, path);
    const sized = size === undefined ? {} : { size };
    const expected = await expectedOf(file, arrays);
    const { onBytes } = counted;
    const options = { ...requests, ...sized, signal, partials, onBytes, expected };
    try {
      const downloaded = await downloadFile(url, place, options);
      await checkHash(file, place, downloaded.sha256);
      await checkContent(file, place, arrays);
      await ledger.add(path, downloaded);
      await absent.addThere(file);
    } catch (error) {
      if (!(await absent.takes(file, error))) throw error;
    }
    counted.onFile();
  };
  let first: unknown;
  const fetchAll = async (wanted: readonly RemoteFile[]): Promise<void> => {
    const queue = wanted.values();
    const work = async (): Promise<void> => {
      for (const file of queue) {
        if (signal.aborted) return;
        await fetchOne(file);
      }
    };
    const workers = Array.from({ length: Math.min(concurrency, wanted.length) }, () =>
      work().catch((error: unknown) => {
        first ??= error;
        failed.abort();
      }),
    );
    await Promise.all(workers);
  };
  await fetchAll(missing.filter(({ path }) => isZarrMetadata(path)))
    .then(() => fetchAll(missing.filter(({ path }) => !isZarrMetadata(path))))
    .finally(counted.stop);
  if (reporter.signal.aborted)
    throw new PickbenchError(
      "Stopped",
      `stopped: ${kept + counted.files()} of ${files.length} files are here; the same command goes on`,
    );
  if (first !== undefined) throw first;
  absent.check();
  for (const line of absent.lines()) reporter.note(line);
  return { files: missing.length - absent.asked, bytes: counted.bytes(), kept, absent: absent.count };
}

/** @throws PickbenchError BadDataset where a file is not the one that was meant; it is removed */
async function checkHash({ url, sha256 }: RemoteFile, place: string, found: string): Promise<void> {
  if (sha256 === undefined || found === sha256) return;
  await rm(place, { force: true });
  throw new PickbenchError(
    "BadDataset",
    `${url}: its SHA-256 is ${found.slice(0, 12)}…, wanted ${sha256.slice(0, 12)}… by the manifest; ask its owner which is right`,
    { path: url },
  );
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
