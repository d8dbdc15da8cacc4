/** Section: the folds of a cross-validation together. */
import { type Html, html } from "../../present/html.js";
import { fixed, none, signed } from "../../present/text.js";
import { type FoldSpread, type FoldsReport, foldMeasure } from "../../score/folds.js";
import type { RunReport } from "../../score/report.js";
import { note, type Section, table } from "./section.js";
import { perTypeTable, runsText, scoreLine } from "./summary.js";

/** A finished folder of folds: all runs together, each picked by the fold that held it out. */
export interface WholeOfFolds {
  readonly label: string;
  readonly report: RunReport;
  readonly folds: FoldsReport;
}

/** Makes the section of the out-of-fold score with its interval, and a row per fold. */
export function foldsSection({ label, report, folds }: WholeOfFolds, at: number): Section {
  const body = html`${scoreLine(report)}
${perTypeTable(report)}
${foldsTable(folds)}
${note("Thresholds and checkpoint of each fold were chosen on its tune runs, which it does not score; each run is scored once, by the fold that neither trained nor tuned on it. Folds share training runs, so their spread is too narrow a promise for new tomograms.")}`;
  return { id: `folds${at}`, title: `${label}: out of fold`, body };
}

function foldsTable({ folds, over }: FoldsReport): Html {
  const rows = folds.map(({ fold, runs, score, tuneScore, optimism }) => [
    `fold-${fold}`,
    runsText(runs.holdout),
    runsText(runs.tune),
    fixed(score, 4),
    fixed(tuneScore, 4),
    optimism === null ? none : signed(optimism, 4),
  ]);
  const mean = ["mean ± sd", "", "", ...[over.score, over.tuneScore, over.optimism].map(spreadText)];
  return table(
    "Folds: score on the runs held out, score where thresholds were fitted, and what the latter promises too much",
    ["fold", "held out", "tuned on", foldMeasure(folds), "tune score", "optimism"],
    [...rows, mean],
  );
}

const spreadText = (spread: FoldSpread | null): string =>
  spread === null ? none : `${fixed(spread.mean, 4)} ± ${fixed(spread.deviation, 4)}`;
