/** Section: each type's curves, places of errors and worst cases. */
import { type Html, html } from "../../present/html.js";
import { fixed, plural } from "../../present/text.js";
import { precisionRecallChart, reliabilityChart, thresholdChart } from "../charts/curves.js";
import { borderChart, depthChart, distanceChart, neighbourChart } from "../charts/places.js";
import type { HeldOut } from "../heldOut.js";
import type { Mark } from "../pictures/marks.js";
import type { Pictures } from "../pictures/pictures.js";
import type { ReportedRun } from "../readRun.js";
import { falseGallery, missGallery } from "./gallery.js";
import { plots, type Section } from "./section.js";

/** Makes the section of all types, a tab per type. */
export async function typesSection(
  { sweep }: ReportedRun,
  { diagnosis }: HeldOut,
  pictures: Pictures,
  marks: readonly Mark[],
): Promise<Section> {
  const panels: Html[] = [];
  for (const [type, each] of Object.entries(diagnosis.perType)) {
    const { counts, curve, displacement, places, reliability } = each;
    const swept = sweep?.perType[type];
    const charts = await Promise.all([
      thresholdChart(type, swept, curve),
      precisionRecallChart(type, swept, curve),
      distanceChart(type, displacement),
      reliabilityChart(type, reliability),
      depthChart(type, places.depth),
      borderChart(type, places.border),
      neighbourChart(type, places.next),
    ]);
    panels.push(html`<section data-tab="${type}"><h3>${type}</h3>
<p>${plural(counts.truths, "particle")}, ${plural(counts.predictions, "pick")}: ${counts.tp} found, ${counts.fn} missed, ${counts.duplicates} picked again, ${plural(counts.wrongPicks, "pick")} with none in reach. Radius ${each.radius} Å, match distance ${fixed(each.matchDistance, 1)} Å.</p>
${plots(charts)}
${missGallery(type, each, pictures, marks)}
${falseGallery(type, each, pictures, marks)}</section>`);
  }
  return { id: "types", title: "Type by type", body: html`<div data-tabs="types">${panels}</div>` };
}
