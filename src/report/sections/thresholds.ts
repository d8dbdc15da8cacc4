/** Section: how thresholds were chosen. */
import { html } from "../../present/html.js";
import { none, thousands } from "../../present/text.js";
import { choiceText } from "../../score/tuning.js";
import type { ReportedRun } from "../readRun.js";
import { note, type Section, table } from "./section.js";
import { runsText } from "./summary.js";

/** Writes a density in Å⁻³ in µm⁻³. */
const perCubicMicrometre = (density: number): string => thousands(Math.round(density * 1e12));

/** Makes the section of the thresholds and how they were chosen. */
export function thresholdsSection({ record, picking, report, choice }: ReportedRun): Section {
  const { tune, holdout, train } = record.runs;
  const isOfFeatures = picking?.size === 0;
  const how =
    tune.length > 0 && isOfFeatures
      ? html`<p>Each feature's threshold is the one of the experiment's grid with the best Dice over the known voxels of the tune runs <b>${runsText(tune)}</b>; networks were trained on <b>${runsText(train)}</b>, the held-out runs <b>${runsText(holdout)}</b> had no part in either.</p>`
      : tune.length > 0
        ? html`<p>Thresholds and least volumes were chosen per type on the tune runs <b>${runsText(tune)}</b> alone: ${choiceText(choice)}. The held-out runs <b>${runsText(holdout)}</b> had no part in training, in the choice of the checkpoint or in the thresholds; networks were trained on <b>${runsText(train)}</b>.</p>`
        : html`<p>No run was kept to tune on: thresholds are the experiment's fallback. The held-out runs are <b>${runsText(holdout)}</b>.</p>`;
  const rows = [...(picking ?? [])].map(([type, { method, threshold, minVolume, minSpacing, density }]) => [
    type,
    method,
    String(Number(threshold.toPrecision(4))),
    method === "watershed" ? thousands(Math.round(minVolume / 1000)) : none,
    String(Math.round(minSpacing)),
    density === undefined
      ? none
      : `${perCubicMicrometre(density.least)} to ${perCubicMicrometre(density.most)}`,
  ]);
  const body = html`${how}
${!isOfFeatures && tune.length > 0 && report?.features && html`<p>Thresholds of features were chosen there by their Dice over known voxels.</p>`}
${rows.length > 0 && table("Picking settings in best.safetensors", ["type", "method", "threshold", "least volume, nm³", "least spacing, Å", "picks allowed per µm³"], rows)}
${!isOfFeatures && note("Curves over other thresholds are shown for the held-out runs and were never fitted on.")}`;
  return { id: "thresholds", title: "How thresholds were chosen", body };
}
