/** `pickbench bench compare`: what changed between two runs of the bench. */
import { resolve } from "node:path";
import { type Comparison, compareRuns } from "../../bench/changes/changes.js";
import { comparisonText, differencesOf } from "../../bench/changes/changesText.js";
import { latestOn, readRuns } from "../../bench/changes/document.js";
import { type Failing, failingOf } from "../../bench/changes/failing.js";
import type { HistoryEntry } from "../../bench/history.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { report } from "../shared/command.js";

interface CompareFlags {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Per cent. */
  readonly beyond: number;
  /** Per cent; undefined where nothing is to fail. */
  readonly failOn: number | undefined;
  readonly careful: boolean;
  readonly json: boolean;
  /** File that the JSON document is written to. */
  readonly out: string | undefined;
}

/** Prints what changed; the exit code is 1 where a change fails by --fail-on. */
export async function compareBenches({ before, after, json, out, ...flags }: CompareFlags): Promise<void> {
  for (const [flag, value] of [
    ["beyond", flags.beyond],
    ["fail-on", flags.failOn],
  ] as const)
    checkPercent(flag, value);
  if (flags.careful && flags.failOn === undefined)
    throw new PickbenchError(
      "BadUsage",
      "--careful says when --fail-on fails; give that too, such as --fail-on 20",
    );
  const runs = await bothRuns(before, after);
  const [{ entry: was }, { entry: is }] = runs;
  const comparison = compareRuns(was, is, flags.beyond / 100);
  const failing =
    flags.failOn === undefined
      ? null
      : failingOf(comparison, was, is, { share: flags.failOn / 100, careful: flags.careful });
  const document = documentOf(runs, comparison, failing);
  if (out !== undefined) await writeWhole(out, `${JSON.stringify(document)}\n`);
  report(json, document, () => comparisonText(runs, comparison, failing));
  if (failing && failing.failed.length > 0) process.exitCode = 1;
}

interface Run {
  readonly path: string;
  readonly entry: HistoryEntry;
}

/** Of a file with many runs, the last is the later one; the earlier one is the latest on such a machine. */
async function bothRuns(before: string | undefined, after: string | undefined): Promise<readonly [Run, Run]> {
  if (before === undefined)
    throw new PickbenchError(
      "BadUsage",
      "bench compare needs two results; name two files that bench wrote, or one history",
    );
  const later = after ?? before;
  const runs = await readRuns(later);
  const entry = runs.at(-1)!;
  const isOne = resolve(before) === resolve(later);
  const earlier = isOne ? runs.slice(0, -1) : await readRuns(before);
  if (earlier.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `${before} holds one run, wanted two to compare; name another file too`,
      {
        path: before,
      },
    );
  return [
    { path: before, entry: latestOn(earlier, entry.machine) },
    { path: later, entry },
  ];
}

function documentOf(
  [before, after]: readonly [Run, Run],
  comparison: Comparison,
  failing: Failing | null,
): object {
  const side = ({ path, entry: { rows: _, ...entry } }: Run) => ({ path, ...entry });
  const { changes, ...rest } = comparison;
  return {
    before: side(before),
    after: side(after),
    differences: differencesOf(before.entry, after.entry, comparison),
    changes,
    ...rest,
    ...(failing && { failed: failing.failed, excused: failing.excused }),
  };
}

function checkPercent(flag: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return;
  throw new PickbenchError("BadUsage", `--${flag} is ${value}, wanted per cent of at least 0; give a number`);
}
