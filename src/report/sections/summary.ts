/** Section: the score with its interval, per type, and the facts of the run. */
import { type Content, type Html, html } from "../../present/html.js";
import { duration, fixed, listed, none, percent, plural, range, thousands } from "../../present/text.js";
import type { RunReport } from "../../score/report.js";
import type { TypeScore } from "../../score/score.js";
import type { ReportedRun } from "../readRun.js";
import { facts, note, type Section, table } from "./section.js";

/** Makes the section of the score with its interval, the types, and the run's facts. */
export function summarySection(run: ReportedRun): Section {
  const { record, report, missing } = run;
  const body = html`${scoreLine(report)}
${perTypeTable(report)}
${facts(summaryFacts(run))}
${missing.map((sentence) => note(sentence))}
${record.code.dirty === true && note("Made with a changed checkout: its commit alone does not tell all of its code.")}`;
  return { id: "summary", title: "Summary", body };
}

/** Shows the score in large, its interval as a bar and in words; null where no run was held out. */
export function scoreLine(report: RunReport | null): Html | null {
  if (!report?.holdout) return null;
  const { holdout, interval } = report;
  const words =
    interval &&
    `${percent(interval.confidence)} interval ${range(interval.score, 3)}, over ${interval.over}${
      interval.over === "particles" ? " of this single tomogram: it says nothing of others" : ""
    }`;
  return html`<p class="score"><strong>${fixed(holdout.score, 4)}</strong> <span>score on ${plural(holdout.experiments, "held-out run")}: the challenge's F-beta, beta 4</span></p>
${interval && scoreBar(holdout.score, interval.score)}
<p>${words}${words && "; "}strict one-to-one score ${fixed(holdout.strictScore, 4)} (a diagnostic).</p>`;
}

/** Draws the score and its interval on a line from 0 to 1. */
function scoreBar(score: number, { low, high }: { readonly low: number; readonly high: number }): Html {
  const x = (value: number): string => fixed(Math.max(0, Math.min(1, value)) * 400, 1);
  return html`<svg class="bar" viewBox="-2 0 404 26" role="img" aria-label="score ${fixed(score, 3)}, interval ${fixed(low, 3)} to ${fixed(high, 3)}, on a line from 0 to 1"><rect class="track" x="0" y="6" width="400" height="8" rx="4"/><rect class="span" x="${x(low)}" y="6" width="${fixed((Math.min(1, high) - low) * 400, 1)}" height="8" rx="4"/><path class="tick" d="M${x(score)} 2v16"/><text x="0" y="25">0</text><text x="400" y="25" text-anchor="end">1</text></svg>`;
}

const typeColumns: readonly (readonly [Content, (score: TypeScore) => Content])[] = [
  ["TP", ({ tp }) => thousands(tp)],
  ["FP", ({ fp }) => thousands(fp)],
  ["FN", ({ fn }) => thousands(fn)],
  ["precision", ({ precision }) => fixed(precision, 3)],
  ["recall", ({ recall }) => fixed(recall, 3)],
  ["strict F4", ({ strict }) => fixed(strict.fbeta, 3)],
  ["weight", ({ weight }) => String(weight)],
];

/** Makes the table of each type's F4, interval and counts; null where no run was held out. */
export function perTypeTable(report: RunReport | null): Html | null {
  if (!report?.holdout) return null;
  const { holdout, interval } = report;
  return table(
    "Per type on the held-out runs: F4 with its interval, counts by the challenge's rule",
    [
      "type",
      "F4",
      interval ? `${percent(interval.confidence)} interval` : "interval",
      ...typeColumns.map(([title]) => title),
    ],
    Object.entries(holdout.perType).map(([type, score]) => [
      type,
      html`<b>${fixed(score.fbeta, 3)}</b>`,
      range(interval?.perType[type], 2),
      ...typeColumns.map(([, value]) => value(score)),
    ]),
    { sortable: true },
  );
}

function summaryFacts({ record, report }: ReportedRun): [string, Content][] {
  const { result, runs, code } = record;
  const seconds = Object.values(result?.durations ?? {}).reduce((sum, value) => sum + value, 0);
  const tuneScore = result?.metrics.tuneScore;
  return [
    ["experiment", record.name],
    ["network", `${record.network}${result ? `, ${thousands(result.parameters)} parameters` : ""}`],
    ["trained on", runsText(runs.train)],
    ["thresholds tuned on", runsText(runs.tune)],
    ["held out, scored", runsText(runs.holdout)],
    [
      "score on the tune runs",
      tuneScore === undefined ? none : `${fixed(tuneScore, 4)} (thresholds were fitted there)`,
    ],
    [
      "time",
      result
        ? `${duration(seconds)}: ${Object.entries(result.durations)
            .map(([stage, s]) => `${stage} ${duration(s)}`)
            .join(", ")}`
        : "not finished",
    ],
    ["seed, engine", `${record.seed}, ${record.engine}`],
    ["machine", `${record.machine.cpu}, ${plural(record.machine.cores, "core")}`],
    ["commit", code.commit ? `${code.commit.slice(0, 12)}${code.dirty ? ", changed" : ""}` : none],
    ...(report?.holdout && report.holdout.dropped.type > 0
      ? [
          ["picks that cost nothing", `${report.holdout.dropped.type}: the truth lacks their type`] as [
            string,
            Content,
          ],
        ]
      : []),
  ];
}

export const runsText = (names: readonly string[]): string => (names.length === 0 ? none : listed(names, 12));
