/** Section: segmented features, their scores by run and where the masks agree. */
import { type Content, type Html, html } from "../../present/html.js";
import { overlayColours } from "../../present/pictures/overlay.js";
import { fixed, none, percent, range } from "../../present/text.js";
import type { FeatureReport } from "../../score/masks/featureScores.js";
import {
  isDistance,
  type MaskMeasure,
  type MaskMeasures,
  maskMeasures,
} from "../../score/masks/maskScore.js";
import { measureTitles } from "../../score/masks/maskText.js";
import type { OverlayPicture } from "../pictures/overlays.js";
import type { ReportedRun } from "../readRun.js";
import { note, type Section, table } from "./section.js";

/** Makes the section of features, a tab each; null where the experiment has none. */
export function featuresSection(
  { report }: ReportedRun,
  pictures: readonly OverlayPicture[],
): Section | null {
  const features = Object.entries(report?.features ?? {});
  if (features.length === 0) return null;
  const tabs = features.map(
    ([name, feature]) => html`<section data-tab="${name}"><h3>${name}</h3>
${tableOf(name, feature)}
${pictures.filter((each) => each.feature === name).map(figure)}</section>`,
  );
  const body = html`<div data-tabs="features">${tabs}</div>
${note("Measures are over known voxels alone. Surface distances are in Å, mean and 95th percentile over both surfaces; clDice compares centre lines. A dash stands where a measure is not defined.")}`;
  return { id: "features", title: "Features", body };
}

const shown = (name: MaskMeasure, value: number | null): string => fixed(value, isDistance(name) ? 1 : 3);

const row = (label: Content, values: MaskMeasures): Content[] => [
  label,
  ...maskMeasures.map((measure) => shown(measure, values[measure])),
];

function tableOf(name: string, { threshold, perRun, mean, pooled, interval, tune }: FeatureReport): Html {
  const runs = Object.entries(perRun);
  const rows = runs.map(([run, score]) => row(run, score));
  if (runs.length > 1) {
    rows.push(row("mean", mean));
    if (interval)
      rows.push([
        `${percent(interval.confidence)} interval`,
        ...maskMeasures.map((measure) => range(interval.measures[measure], isDistance(measure) ? 1 : 2)),
      ]);
    rows.push(row("all voxels together", pooled));
  }
  if (tune) rows.push(row("tune runs (the threshold was fitted there)", tune.mean));
  if (rows.length === 0) rows.push(row(none, mean));
  return table(
    `${name} on the held-out runs${threshold === null ? "" : `: voxels with a probability above ${threshold}`}`,
    ["run", ...maskMeasures.map((measure) => measureTitles[measure])],
    rows,
  );
}

const figure = ({ run, feature, address }: OverlayPicture): Html =>
  html`<figure class="overlay"><img src="${address}" alt="a slice of ${run} with ${feature}: truth, prediction, both"><figcaption>${run}, the slice with the most of it. Left the truth (${swatch("truth")}), in the middle the prediction (${swatch("prediction")}), right both: ${swatch("both")} where they agree, else the colour of the one alone. Unknown voxels are dark.</figcaption></figure>`;

/** Names a colour, in that colour. */
const colourNames = { truth: "blue", prediction: "orange", both: "green" } as const;
const swatch = (kind: keyof typeof overlayColours): Html =>
  html`<svg class="swatch" width="12" height="12" aria-hidden="true"><rect width="12" height="12" fill="rgb(${overlayColours[kind].join(" ")})"/></svg> ${colourNames[kind]}`;
