import { join } from "node:path";
import { PickbenchError } from "../../errors.js";
import { startProgress } from "../../progress.js";
import { downloadFile } from "./download.js";
import { openLedger } from "./ledger.js";
import type { RemoteFile } from "./listing.js";
import type { RequestOptions } from "./request.js";

export interface FetchOptions extends RequestOptions {
  /** What is fetched, for the progress. */
  readonly label?: string;
  /** No progress. */
  readonly quiet?: boolean;
}

/** How much came, and how much was here. */
export interface Fetched {
  readonly files: number;
  readonly bytes: number;
  readonly kept: number;
}

/** Requests at a time. */
const concurrency = 8;
const ledgerName = ".pickbench-fetched.jsonl";

/** A folder that files are fetched into, and where what is known of them and what is not yet whole lie. */
export interface Destination {
  readonly folder: string;
  readonly ledger: string;
  readonly partials: string;
}

/** A folder that keeps its ledger inside. */
export const destinationIn = (folder: string): Destination => ({
  folder,
  ledger: join(folder, ledgerName),
  partials: folder,
});

/**
 * Brings files here that are not, eight at a time; what is here undamaged is kept. Stopped at any point, whole files
 * stand and the next call goes on.
 *
 * @throws BadDataset for the first file that cannot be had
 * @throws Stopped when the user asks to stop
 */
export async function fetchFiles(
  files: readonly RemoteFile[],
  { folder, ledger: ledgerFile, partials }: Destination,
  options: FetchOptions = {},
): Promise<Fetched> {
  const ledger = await openLedger(ledgerFile, folder);
  const missing: RemoteFile[] = [];
  for (const file of files) if (!(await ledger.holds(file))) missing.push(file);
  const kept = files.length - missing.length;
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const counted = countProgress(missing, options);
  const queue = missing.values();
  const work = async (): Promise<void> => {
    for (const { path, url, size } of queue) {
      if (signal.aborted) return;
      const sized = size === undefined ? {} : { size };
      const downloaded = await downloadFile(url, join(folder, path), {
        ...options,
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
  if (options.signal?.aborted)
    throw new PickbenchError(
      "Stopped",
      `stopped: ${kept + counted.files()} of ${files.length} files are here; the same command goes on`,
    );
  if (first !== undefined) throw first;
  return { files: missing.length, bytes: counted.bytes(), kept };
}

/** Megabytes where all sizes are known, else files. */
function countProgress(missing: readonly RemoteFile[], { label = "fetching", quiet = false }: FetchOptions) {
  const total = missing.reduce((sum, { size }) => sum + (size ?? Number.NaN), 0);
  const inBytes = Number.isFinite(total);
  const megabytes = (count: number): number => Math.round(count / 1e5) / 10;
  const progress =
    missing.length === 0
      ? undefined
      : startProgress(label, inBytes ? megabytes(total) : missing.length, inBytes ? "MB" : "files", {
          quiet,
        });
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
