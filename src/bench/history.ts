/** The history file of the bench: a JSON line per run, and the comparison with earlier runs. */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { messageOf, PickbenchError } from "../system/errors.js";

const rowSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
const entrySchema = z.strictObject({
  date: z.iso.datetime(),
  code: z.strictObject({ commit: z.string().nullable(), dirty: z.boolean().nullable() }),
  versions: z.record(z.string(), z.string().nullable()),
  /** The machine, always without its host name. */
  machine: z.strictObject({ cpu: z.string(), cores: z.int(), memoryBytes: z.int(), os: z.string() }),
  peak: z.strictObject({ gflopPerS: z.number(), copyMbPerS: z.number(), threads: z.int() }),
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

/** Returns a key that is equal for two rows that measured the same, beside whatever peer. */
function keyOf(row: HistoryRow): string {
  const says = Object.entries(row).filter(
    ([field, value]) => field !== "peer" && (typeof value === "string" || sizeFields.includes(field)),
  );
  return JSON.stringify(says.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isSameMachine = (a: HistoryEntry["machine"], b: HistoryEntry["machine"]): boolean =>
  a.cpu === b.cpu && a.cores === b.cores;

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
  return (row) => {
    const key = keyOf(row);
    const rows = (latest.get(key) ?? []).filter((each) => keyOf(each) === key);
    return rows.find(({ peer }) => peer === row.peer) ?? rows[0] ?? null;
  };
}
