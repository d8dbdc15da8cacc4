/** A comparison of two runs of the bench as text for people. */
import { alignedTable, listed, moment, percent, plural, signed } from "../../present/text.js";
import type { HistoryEntry } from "../history.js";
import { headOf } from "../table.js";
import type { Change, Comparison, Subject, Verdict } from "./changes.js";
import { type Failing, kindText } from "./failing.js";
import type { Figure } from "./figures.js";

/** Lists what of two runs differs beside their figures, a sentence each. */
export function differencesOf(
  before: HistoryEntry,
  after: HistoryEntry,
  { sameMachine }: Comparison,
): string[] {
  const other = `another machine: ${kindText(after.machine)}, was ${kindText(before.machine)}; ratios and shares of the peak are compared, no times`;
  const names = Object.keys(after.versions).filter((name) => before.versions[name]);
  const changed = names.filter(
    (name) => after.versions[name] && before.versions[name] !== after.versions[name],
  );
  return [
    ...(sameMachine ? [] : [other]),
    ...changed.map((name) => `another ${name}: ${after.versions[name]}, was ${before.versions[name]}`),
  ];
}

/** One of the two runs that are compared. */
interface Run {
  readonly path: string;
  readonly entry: HistoryEntry;
}

/** Formats a comparison: the two runs, what differs beside the figures, the table, what was left out, and what fails. */
export function comparisonText(
  [before, after]: readonly [Run, Run],
  comparison: Comparison,
  failing: Failing | null,
): string {
  const { changes, notCompared } = comparison;
  const parts = [
    [`before: ${runText(before)}`, `after:  ${runText(after)}`],
    differencesOf(before.entry, after.entry, comparison),
    changes.length > 0 ? ["", table(comparison), ""] : [],
    notCompared.map((each) => `not compared: ${nameOf(each, comparison)}: ${each.why}`),
    missing("before", comparison.onlyBefore, comparison),
    missing("after", comparison.onlyAfter, comparison),
    [summary(changes)],
    failing ? [failingText(failing, comparison)] : [],
  ];
  return parts.flat().join("\n");
}

function runText({ path, entry: { date, code, machine } }: Run): string {
  const commit =
    code.commit === null ? "" : `, commit ${code.commit.slice(0, 8)}${code.dirty ? " with changes" : ""}`;
  return `${path}, ${moment(date)}${commit}, ${kindText(machine)}`;
}

/** Names what was timed by its part and by those facts in which the part's rows differ. */
function nameOf({ part, facts, name }: Subject, comparison: Comparison): string {
  const all = [
    comparison.changes,
    comparison.onlyBefore,
    comparison.onlyAfter,
    comparison.notCompared,
  ].flat();
  const rows = all.filter((each) => each.part === part);
  const said = Object.entries(facts).filter(([field, value]) =>
    rows.some((each) => each.facts[field] !== value),
  );
  const words = said.map(([field, value]) =>
    typeof value === "string" ? value : `${headOf(field)} ${value}`,
  );
  return [part, ...words, name.replaceAll("_", " ")].join(" ");
}

function table(comparison: Comparison): string {
  const rows = comparison.changes.map((change) => [
    nameOf(change, comparison),
    change.peer === null ? change.by : `ratio to ${change.peer}`,
    ...figureTexts(change.before),
    ...figureTexts(change.after),
    `${signed(100 * change.change, 0)} %`,
    words[change.verdict],
  ]);
  return alignedTable([
    ["timed", "by", "before", "quartiles", "after", "quartiles", "change", "verdict"],
    ...rows,
  ]);
}

const figureTexts = ({ value, q1, q3 }: Figure): string[] => [
  digits(value),
  `${digits(q1)} to ${digits(q3)}`,
];

const digits = (value: number): string =>
  value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

const words: Readonly<Record<Verdict, string>> = {
  slower: "slower",
  faster: "faster",
  same: "within noise",
  unsure: "too few repetitions",
};

const mostShown = 6;

function missing(run: "before" | "after", subjects: readonly Subject[], comparison: Comparison): string[] {
  if (subjects.length === 0) return [];
  return [
    `only ${run}: ${listed(
      subjects.map((each) => nameOf(each, comparison)),
      mostShown,
    )}`,
  ];
}

function summary(changes: readonly Change[]): string {
  if (changes.length === 0) return "nothing is in both that could be compared";
  const count = (verdict: Verdict) => changes.filter((each) => each.verdict === verdict).length;
  const counts = (["slower", "faster", "same", "unsure"] as const).map(
    (each) => [count(each), words[each]] as const,
  );
  return `of ${plural(changes.length, "thing")}: ${counts
    .filter(([many]) => many > 0)
    .map(([many, word]) => `${many} ${word}`)
    .join(", ")}`;
}

function failingText({ failed, excused }: Failing, comparison: Comparison): string {
  if (excused !== null) return excused;
  if (failed.length === 0) return "nothing fails";
  const each = failed.map(
    (change) => `${nameOf(change, comparison)} (at least ${percent(change.atLeast)} slower)`,
  );
  return `fails: ${each.join(", ")}`;
}
