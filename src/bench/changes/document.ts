/** Reads results of the bench: a JSON document of one run, a list of them, or a history. */
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/paths/opening.js";
import { entrySchema, type HistoryEntry } from "../history.js";
import { isSameKind, isSameMachine } from "./processor.js";

/**
 * Reads the runs in a file, the oldest first.
 *
 * @throws PickbenchError BadUsage for a file that cannot be read, is cut off, is no result of the bench, or holds none
 */
export async function readRuns(path: string): Promise<HistoryEntry[]> {
  const text = await readText(path).catch((error: unknown) => {
    throw new PickbenchError("BadUsage", `${path} cannot be read (${messageOf(error)}); name another file`, {
      path,
      cause: error,
    });
  });
  const values = valuesIn(text, path);
  if (values.length === 0) throw noResult(path, "it is empty");
  return values.map(({ where, value }) => runIn(value, where));
}

interface Found {
  /** The file, and the line of a history. */
  readonly where: string;
  readonly value: unknown;
}

function valuesIn(text: string, path: string): Found[] {
  const lines = text.split("\n");
  const first = lines.find((line) => line.trim() !== "");
  if (first === undefined) return [];
  const parse = (part: string, where: string) => parseJson(part, { path: where, tag: "BadUsage" });
  if (!isLineOfHistory(first, () => parse(first, path))) {
    const value = parse(text, path);
    return (Array.isArray(value) ? value : [value]).map((each) => ({ where: path, value: each }));
  }
  return lines.flatMap((line, at) => {
    const where = `${path}, line ${at + 1}`;
    return line.trim() === "" ? [] : [{ where, value: parse(line, where) }];
  });
}

/** A document may be written over many lines, of which the first is then no JSON. */
function isLineOfHistory(line: string, parse: () => unknown): boolean {
  if (!line.trimStart().startsWith("{")) return false;
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function runIn(value: unknown, where: string): HistoryEntry {
  const { success, data, error } = entrySchema.safeParse(value);
  if (success) return data;
  throw noResult(where, reason(error));
}

function reason({ issues: [issue] }: z.ZodError): string {
  const at = issue!.path.join(".");
  return at === ""
    ? z.prettifyError(new z.ZodError([issue!])).replace(/^✖ /, "")
    : `${at}: ${issue!.message}`;
}

const noResult = (where: string, why: string): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${where}: is no result of pickbench bench (${why}); name a file that bench wrote with --out, --json or --history`,
  );

/** Returns the latest run on a machine, or on one of its kind; of what there is, the last. */
export function latestOn(runs: readonly HistoryEntry[], machine: HistoryEntry["machine"]): HistoryEntry {
  const isLike = (run: HistoryEntry): boolean =>
    isSameMachine(run.machine, machine) || isSameKind(run.machine, machine);
  return runs.findLast(isLike) ?? runs.at(-1)!;
}
