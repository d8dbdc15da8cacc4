/** The history file of the bench: a JSON line per run, and the comparison with earlier runs. */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { isSameMachine, processorSchema } from "./changes/processor.js";

/** What is no number that JSON can hold, such as a NaN from elsewhere, was not measured. */
const finite = (value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? null : value;
const rowSchema = z.record(z.string(), z.preprocess(finite, z.union([z.string(), z.number(), z.null()])));
/** What is unknown is left out: versions of pickbench share a file. */
export const entrySchema = z.object({
  date: z.iso.datetime(),
  code: z.object({ commit: z.string().nullable(), dirty: z.boolean().nullable() }),
  /** Of pickbench, Node, ONNX Runtime, and of the peers, by the names that rows give them. */
  versions: z.record(z.string(), z.string().nullable()),
  /** The machine, always without its host name. */
  machine: z.object({
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.int(),
    os: z.string(),
    processor: processorSchema.optional(),
  }),
  peak: z.object({ gflopPerS: z.number(), copyMbPerS: z.number(), threads: z.int() }),
  /** Rows of all parts, each with its `part`. */
  rows: z.array(rowSchema),
});

/** One run of the bench: a line of the history file. */
export type HistoryEntry = z.infer<typeof entrySchema>;
type HistoryRow = HistoryEntry["rows"][number];

/**
 * Reads the entries, the oldest first; none where there is no file.
 * @throws PickbenchError BadUsage, naming the first line that is no entry
 */
export async function readHistory(path: string): Promise<HistoryEntry[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new PickbenchError(
      "BadUsage",
      `--history ${path} cannot be read (${error.message}); name another`,
      {
        path,
        cause: error,
      },
    );
  });
  return text
    .split("\n")
    .flatMap((line, at) => (line.trim() === "" ? [] : [entryOf(line, `--history ${path}, line ${at + 1}`)]));
}

function entryOf(line: string, where: string): HistoryEntry {
  try {
    return entrySchema.parse(parseJson(line, { path: where }));
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? `${error.issues[0]!.path.join(".")}: ${error.issues[0]!.message}`
        : messageOf(error);
    throw new PickbenchError(
      "BadUsage",
      `${where}: is no entry of a bench history (${why}); mend or remove that line, or name another file`,
      { cause: error },
    );
  }
}

/** Appends an entry; earlier lines are never rewritten. */
export async function appendHistory(path: string, entry: HistoryEntry): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${JSON.stringify(entry)}\n`);
}

/** Numeric fields that tell what was measured; all others are results. */
const sizeFields = ["size", "threads", "workers", "voxels", "tomograms", "features", "rows"];

/** Says whether a field tells what was measured, beside whatever peer. */
export const isSubject = (field: string, value: HistoryRow[string] | undefined): boolean =>
  field !== "peer" && (typeof value === "string" || sizeFields.includes(field));

/** Returns a key that is equal for two rows that measured the same. */
function keyOf(row: HistoryRow): string {
  const says = Object.entries(row).filter(([field, value]) => isSubject(field, value));
  return JSON.stringify(says.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns the row that measured the same, beside the same peer if there is one; null where there is none. */
export function findAlike(rows: readonly HistoryRow[], row: HistoryRow): HistoryRow | null {
  const key = keyOf(row);
  const alike = rows.filter((each) => keyOf(each) === key);
  return alike.find(({ peer }) => peer === row.peer) ?? alike[0] ?? null;
}

/**
 * Returns a lookup of the latest row, on the same machine, that measured the same; null where there is none. Of several in
 * one entry, as beside two peers, it is the one beside the same peer.
 */
export function previousRows(
  history: readonly HistoryEntry[],
  machine: HistoryEntry["machine"],
): (row: HistoryRow) => HistoryRow | null {
  const latest = new Map<string, readonly HistoryRow[]>();
  for (const entry of history)
    if (isSameMachine(entry.machine, machine))
      for (const row of entry.rows) latest.set(keyOf(row), entry.rows);
  return (row) => findAlike(latest.get(keyOf(row)) ?? [], row);
}
