/** Section: confusion between types, and displacement. */
import { type Html, html } from "../../present/html.js";
import { fixed, none } from "../../present/text.js";
import { displacementChart } from "../charts/places.js";
import type { HeldOut } from "../heldOut.js";
import { note, plots, type Section, table } from "./section.js";

/** Makes the section that all types share: their confusion and displacement. */
export async function errorsSection({ diagnosis }: HeldOut): Promise<Section> {
  const { confusion, perType, missing } = diagnosis;
  const displaced = Object.entries(perType).map(([type, { displacement }]) => [
    type,
    ...(["dx", "dy", "dz"] as const).map((axis) => {
      const at = displacement.axes?.[axis];
      return at
        ? `${fixed(at.mean, 1)}${at.standardError === null ? "" : ` ± ${fixed(at.standardError, 1)}`}`
        : none;
    }),
    fixed(displacement.meanDistance, 1),
    String(displacement.matches),
  ]);
  const body = html`<div class="columns">
${matrix("What became of the particles: a row sums to the type's particles", "particle", confusion.types, confusion.particles, "missed")}
${matrix("What the picks are: a row sums to the type's picks", "pick", confusion.types, confusion.picks, "nothing there")}
</div>
<div class="columns">
${table("Displacement of matched picks: mean ± standard error of pick − particle, Å", ["type", "dx", "dy", "dz", "distance", "matches"], displaced)}
${plots([await displacementChart(perType)])}
</div>
${missing.map((sentence) => note(`${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`))}`;
  return { id: "errors", title: "Confusion and displacement", body };
}

/** Draws a matrix of counts, shaded by their share of the row. */
function matrix(
  caption: string,
  rowName: string,
  types: readonly string[],
  counts: readonly (readonly number[])[],
  last: string,
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="table"><table class="matrix"><caption>${caption}</caption>
<thead><tr><th scope="col">${rowName}</th>${[...types, last].map((type) => html`<th scope="col" class="n">${type}</th>`)}</tr></thead>
<tbody>${types.map((type, row) => {
    const total = counts[row]!.reduce((sum, count) => sum + count, 0);
    return html`<tr><th scope="row">${type}</th>${counts[row]!.map((count, column) => {
      const shade = total === 0 ? 0 : Math.ceil((8 * count) / total);
      return html`<td class="n h${shade}${column === row ? " own" : ""}">${count === 0 ? html`<span class="zero">0</span>` : count}</td>`;
    })}</tr>\n`;
  })}</tbody></table></div>`;
}
