/** The common form of a report's sections: tables, facts, notes and plots. */
import { type Content, type Html, html } from "../../present/html.js";

/** A section of a run's page. `id` is unique within the run. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** Makes a table with a caption; the first column names the rows, all others are numbers where `isNumeric`. */
export function table(
  caption: Content,
  header: readonly Content[],
  rows: readonly (readonly Content[])[],
  { isNumeric = true, sortable = false } = {},
): Html {
  const ofNumbers = isNumeric ? html` class="n"` : null;
  const cells = (row: readonly Content[]): Html[] =>
    row.map((value, i) =>
      i === 0 ? html`<th scope="row">${value}</th>` : html`<td${ofNumbers}>${value}</td>`,
    );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="table"><table${sortable && html` data-sort`}><caption>${caption}</caption>
<thead><tr>${header.map((title, i) => html`<th scope="col"${i > 0 && ofNumbers}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table></div>`;
}

/** Makes a list of names and values. */
export const facts = (entries: readonly (readonly [string, Content])[]): Html =>
  html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

export const note = (text: Content): Html => html`<p class="note">${text}</p>`;

export const plots = (figures: readonly (Html | null)[]): Html =>
  html`<div class="plots">${figures.filter((each) => each !== null)}</div>`;
