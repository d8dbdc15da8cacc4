/** Section: slices of held-out tomograms with their picks. */
import { type Html, html } from "../../present/html.js";
import { fixed } from "../../present/text.js";
import type { HeldOut } from "../heldOut.js";
import { describeMark, legend, type Mark, type MarkKind, markShape, scaleBar } from "../pictures/marks.js";
import type { Pictures } from "../pictures/pictures.js";
import type { SliceSeries } from "../pictures/slices.js";
import { note, type Section } from "./section.js";
import { runsText } from "./summary.js";

const kinds: readonly MarkKind[] = ["true", "false", "missed"];

/** Makes the section of slices with their picks, with a slider over z. */
export function slicesSection(
  { judged }: HeldOut,
  { slices, notShown }: Pictures,
  marks: readonly Mark[],
): Section | null {
  if (slices.size === 0) return null;
  const types = judged.map(({ particle }) => particle.name);
  const viewers = [...slices].map(
    ([run, series]) =>
      html`<section data-tab="${run}"><h3>${run}</h3>${viewer(
        run,
        series,
        marks.filter(({ experiment, kind }) => experiment === run && kind !== "found"),
        types,
      )}</section>`,
  );
  const body = html`<div data-tabs="tomograms">${viewers}</div>
${notShown.length > 0 && note(`Not shown, for want of room: ${runsText(notShown)}.`)}`;
  return { id: "slices", title: "Picks in the tomogram", body };
}

function viewer(run: string, series: SliceSeries, marks: readonly Mark[], types: readonly string[]): Html {
  const { width, height, slices } = series;
  const middle = Math.floor(slices.length / 2);
  const groups = slices.map(
    ({ z, address }, at) =>
      html`<g data-slice="${at}" data-z="${fixed(z, 0)}"${at !== middle && html` hidden`}><image href="${address}" width="${width}" height="${height}"/>${marks.map((mark) => markOn(mark, z, series, types))}</g>\n`,
  );
  return html`<figure class="viewer" data-viewer>
<svg class="slice marks" role="img" aria-label="slice of ${run} with its picks" viewBox="0 0 ${width} ${height}">${groups}${scaleBar(series.pixel.x, { width, height, letters: width / 28 })}</svg>
<figcaption>
<label class="slider"><span>z</span><input type="range" min="0" max="${slices.length - 1}" value="${middle}" step="1" aria-label="slice of ${run} by z"><output>${fixed(slices[middle]!.z, 0)} Å</output></label>
<label>type <select aria-label="type of particle shown"><option value="">all types</option>${types.map((type) => html`<option>${type}</option>`)}</select></label>
${legend(kinds)}
<p class="types">Numbers beside the marks: ${types.map((type, at) => `${at + 1} ${type}`).join(", ")}. The plane is xy: x to the right, y downwards.</p>
</figcaption></figure>`;
}

/** Draws a mark on the slice nearest to it, and on others within half its radius. */
function markOn(
  mark: Mark,
  z: number,
  { pixel, step, width }: SliceSeries,
  types: readonly string[],
): Html | null {
  if (Math.abs(mark.z - z) > Math.max(mark.radius, step) / 2) return null;
  const [x, y, radius] = [mark.x / pixel.x, mark.y / pixel.y, mark.radius / pixel.x];
  const right = Math.min(Math.max(0, x + 0.7 * radius + 1), width * 0.98).toFixed(1);
  const up = Math.max(y - 0.7 * radius - 1, width / 40).toFixed(1);
  const number = html`<text x="${right}" y="${up}" font-size="${(width / 40).toFixed(1)}">${types.indexOf(mark.type) + 1}</text>`;
  return html`<g class="m-${mark.kind}" data-type="${mark.type}">${markShape(mark.kind, x, y, radius)}${number}<title>${describeMark(mark)}</title></g>`;
}
