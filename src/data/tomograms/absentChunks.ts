/** Chunks of an array that are absent and stand for its fill value, told from those that were lost. */
import { stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import type { ZarrArray } from "../../formats/zarr/array.js";
import { unreadable } from "../../formats/zarr/chunkGrid.js";
import { coordinatesOf } from "../../formats/zarr/codecs/shards.js";
import { PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/paths/opening.js";
import type { DataAccess } from "../model.js";

/** An array whose absent chunks are looked at. */
interface ArrayPlace {
  readonly folder: string;
  /** The run and its reconstruction, for the note. */
  readonly name: string;
  readonly array: ZarrArray;
  readonly access: DataAccess | undefined;
}

/** What is absent of an array: files of chunks or shards. */
interface Absent {
  readonly absent: number;
  readonly total: number;
}

interface AbsentChunks {
  /**
   * Says, once for each data set, how many chunks are absent.
   *
   * @throws PickbenchError BadDataset where one of them lies under another name, or was there when it was fetched
   */
  explain(): Promise<void>;
}

const said = new WeakMap<DataAccess, Set<string>>();
/** Files that are looked for at once. */
const atOnce = 64;

/** Makes the explanation of an array's absent chunks, which is given when the first one is met. */
export function absentChunks(place: ArrayPlace): AbsentChunks {
  let explained: Promise<void> | undefined;
  return {
    explain() {
      explained ??= explain(place);
      return explained;
    },
  };
}

async function explain({ folder, name, array, access }: ArrayPlace): Promise<void> {
  const { absent, total } = await countAbsent(folder, array);
  if (access === undefined || absent === 0) return;
  const known = said.get(access) ?? new Set();
  said.set(access, known);
  if (known.has(folder)) return;
  known.add(folder);
  const all = absent === total ? "all" : `${absent} of`;
  const sentence =
    total === 1
      ? `the only chunk of ${folder} is absent and reads as the array's fill value ${array.fill}`
      : `${all} ${total} chunks of ${folder} are absent and read as the array's fill value ${array.fill}`;
  access.reporter.note(`${name}: ${sentence}`);
}

/**
 * Counts an array's files that are absent.
 *
 * @throws PickbenchError BadDataset where one of them lies under another name, or was there when it was fetched
 */
async function countAbsent(folder: string, array: ZarrArray): Promise<Absent> {
  const wasThere = await fetchedFiles(folder);
  const perFile = array.fileShape.map((size, axis) => size / array.chunkShape[axis]!);
  const grid = array.shape.map((size, axis) => Math.ceil(size / array.fileShape[axis]!));
  let absent = 0;
  let total = 0;
  const look = async (at: readonly number[]): Promise<void> => {
    total++;
    const first = at.map((index, axis) => index * perFile[axis]!);
    const file = array.chunkFile(first);
    if (await isThere(file)) return;
    if (wasThere.has(file)) throw unreadable(file, undefined);
    for (const other of array.otherFiles(first)) if (await isThere(other)) throw misnamed(file, other);
    absent++;
  };
  let batch: Promise<void>[] = [];
  for (const at of coordinatesOf(grid)) {
    batch.push(look(at));
    if (batch.length < atOnce) continue;
    await firstFault(batch);
    batch = [];
  }
  await firstFault(batch);
  return { absent, total };
}

/** Waits for all, and throws the first fault in their order, whichever came first in time. */
async function firstFault(all: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(all)) if (result.status === "rejected") throw result.reason;
}

const isThere = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined))?.isFile() === true;

const misnamed = (file: string, other: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${file}: chunk is missing, but ${other} is there: the array's metadata name chunks in another way than they lie; correct the separator in them (dimension_separator, or chunk_key_encoding in Zarr v3)`,
    { path: file },
  );

const ledgerNames = [".pickbench-fetched.jsonl", "fetched.jsonl"];
const ledgerLine = z.object({ path: z.string(), size: z.number().optional() });

/** Lists the files below a folder that were there when they were fetched, by the ledgers in it and above it. */
async function fetchedFiles(folder: string): Promise<Set<string>> {
  const files = new Set<string>();
  const full = resolve(folder);
  for (let root = full; ; root = dirname(root)) {
    for (const name of ledgerNames) {
      const text = await readText(join(root, name)).catch(() => "");
      const tree = name === ledgerNames[0] ? root : join(root, "static");
      addFetched(files, folder, tree, text);
    }
    if (root === dirname(root)) return files;
  }
}

/** Adds what a ledger says: of a path that stands twice, the last line counts. */
function addFetched(files: Set<string>, folder: string, tree: string, text: string): void {
  const inside = relative(tree, resolve(folder)).split(sep).join("/");
  const below = inside === "" ? "" : `${inside}/`;
  for (const line of text.split("\n")) {
    if (!line.includes(below)) continue;
    const entry = ledgerLine.safeParse(jsonIn(line));
    if (!entry.success) continue;
    const { path, size } = entry.data;
    if (!path.startsWith(below)) continue;
    const file = join(folder, path.slice(below.length));
    if (size === undefined) files.delete(file);
    else files.add(file);
  }
}
