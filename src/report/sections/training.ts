/** Section: the course of the training. */
import { html } from "../../present/html.js";
import { plural } from "../../present/text.js";
import { trainingCharts } from "../charts/training.js";
import type { ReportedRun } from "../readRun.js";
import { plots, type Section } from "./section.js";

export async function trainingSection({ log }: ReportedRun): Promise<Section | null> {
  if (log.steps.length === 0) return null;
  const networks = new Set(log.steps.map(({ network }) => network)).size;
  const body = html`<p>${plural(log.steps.length, "step")}${networks > 1 && ` of ${networks} networks`}, ${plural(log.evaluations.length, "evaluation")} on the tune runs${log.looks.length > 0 && `, ${plural(log.looks.length, "look")} at crops of them`}.</p>
${plots(await trainingCharts(log))}`;
  return { id: "training", title: "Training", body };
}
