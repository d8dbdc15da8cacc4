/** Section: runs side by side, and paired comparisons with the first. */
import { type Html, html } from "../../present/html.js";
import { duration, fixed, none, percent, range, signed, thousands } from "../../present/text.js";
import { positionsOf } from "../../score/match/positions.js";
import { type Comparison, compareSubmissions } from "../../score/statistics/comparison.js";
import { permutationLine, verdictLines } from "../../score/statistics/comparisonText.js";
import { pairSubmissions } from "../../score/statistics/paired.js";
import type { HeldOut } from "../heldOut.js";
import type { ReportedRun } from "../readRun.js";
import { note, type Section, table } from "./section.js";
import { runsText } from "./summary.js";

/** A run with its judged picks. */
export interface JudgedRun {
  readonly run: ReportedRun;
  readonly heldOut: HeldOut | null;
}

/** Paired comparison of a run with the first of the report. */
export interface PairedRun {
  readonly a: string;
  readonly b: string;
  readonly comparison: Comparison;
}

/** Compares every other run with the first, where both held out the same runs of the same data. */
export function compareWithFirst([first, ...others]: readonly JudgedRun[]): PairedRun[] {
  const base = first?.heldOut;
  if (!first || !base) return [];
  return others.flatMap(({ run, heldOut }) => {
    if (!heldOut || !areSameHeldOut(base, heldOut)) return [];
    const [truth, a, b] = [base.truth, heldOut.picks, base.picks].map(positionsOf) as [
      ReturnType<typeof positionsOf>,
      ReturnType<typeof positionsOf>,
      ReturnType<typeof positionsOf>,
    ];
    const { particles } = base;
    const comparison = compareSubmissions(pairSubmissions(truth, a, b, particles), { particles });
    return [{ a: run.label, b: first.run.label, comparison }];
  });
}

const areSameHeldOut = (a: HeldOut, b: HeldOut): boolean =>
  a.dataset.root === b.dataset.root &&
  [...a.truth.keys()].sort().join("\n") === [...b.truth.keys()].sort().join("\n");

export function comparisonSection(all: readonly JudgedRun[], pairs: readonly PairedRun[]): Section {
  const body = html`${scoresTable(all.map(({ run }) => run))}
${pairs.map(pairedTable)}
${pairs.length < all.length - 1 && note(`Runs that held out other tomograms than ${all[0]!.run.label} are not compared with it: their scores are of other particles.`)}`;
  return { id: "comparison", title: "Runs side by side", body };
}

function scoresTable(runs: readonly ReportedRun[]): Html {
  const types = [...new Set(runs.flatMap(({ report }) => Object.keys(report?.holdout?.perType ?? {})))];
  const rows = runs.map(({ label, record, report }) => {
    const { holdout, interval } = report ?? {};
    return [
      label,
      html`<b>${fixed(holdout?.score, 4)}</b>`,
      range(interval?.score, 3),
      ...types.map((type) => fixed(holdout?.perType[type]?.fbeta, 3)),
      runsText(record.runs.holdout),
      record.network,
      record.result ? thousands(record.result.parameters) : none,
      record.result?.durations.train === undefined ? none : duration(record.result.durations.train),
      record.seed,
    ];
  });
  const confidence = runs.find(({ report }) => report?.interval)?.report?.interval?.confidence ?? 0.9;
  return table(
    "Scores on each run's own held-out tomograms; columns of types are F4",
    [
      "run",
      "score",
      `${percent(confidence)} interval`,
      ...types,
      "held out",
      "network",
      "parameters",
      "training",
      "seed",
    ],
    rows,
    { sortable: true },
  );
}

function pairedTable({ a, b, comparison }: PairedRun): Html {
  const { perType, score, confidence, over } = comparison;
  const rows = [...Object.entries(perType), ["score", score] as const].map(([name, each]) => [
    name,
    fixed(each.a, 4),
    fixed(each.b, 4),
    signed(each.difference, 4),
    `${signed(each.interval.low, 4)} to ${signed(each.interval.high, 4)}`,
  ]);
  return html`${table(
    html`A <b>${a}</b> against B <b>${b}</b>, on the same held-out tomograms`,
    ["type", "A", "B", "A − B", `${percent(confidence)} interval over ${over}`],
    rows,
  )}
${comparison.verdict !== "same" && html`<p>${permutationLine(comparison)}.</p>`}
${verdictLines(comparison).map((line) => html`<p>${line}</p>`)}`;
}
