/** The leaderboard as a self-contained HTML page. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { type Content, Html, html, lines } from "../present/html.js";
import { builtModule } from "../system/threads/threads.js";
import {
  groupTitle,
  type LeaderboardColumn,
  leaderboardColumns,
  orderNote,
  seedLines,
  splitLines,
} from "./columns.js";
import type { LeaderboardRow } from "./entries.js";
import type { Leaderboard, LeaderboardGroup } from "./leaderboard.js";
import { timePlot } from "./plot.js";
import { type TimeAxis, timeAxes } from "./timeAxes.js";

/** Paths of the page and of the submissions, for the page's links. */
interface PagePlaces {
  readonly file: string;
  readonly submissions: string;
}

/**
 * Writes the leaderboard as one self-contained HTML document: its style, script and pictures are inside, and its policy
 * admits nothing from outside. Links lead to the report.html in a submission's folder or in that of its run.
 *
 * @param onlyType the only type whose column is shown; all if absent
 */
export async function leaderboardPage(
  { groups, unranked }: Leaderboard,
  places: PagePlaces,
  onlyType?: string,
): Promise<string> {
  const [style, script] = await Promise.all([partOfPage("page.css"), partOfPage("page.js")]);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'; base-uri 'none'; form-action 'none'`;
  const sections = await Promise.all(groups.map((group) => groupSection(group, places, onlyType)));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leaderboard</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<h1>Leaderboard</h1>
<p>${groups.length === 0 ? "No finished submission yet." : orderNote}</p>
<label>Filter rows <input id="filter" type="search" autocomplete="off" spellcheck="false"></label>
<p id="shown" aria-live="polite"></p>
${lines(sections)}
${unrankedList(unranked)}
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}

const partOfPage = (name: string): Promise<string> =>
  readFile(builtModule(import.meta.url, `../web/leaderboard/${name}`), "utf8");

async function groupSection(
  group: LeaderboardGroup,
  places: PagePlaces,
  onlyType: string | undefined,
): Promise<Html> {
  const columns = leaderboardColumns(group.rows, onlyType);
  const title = groupTitle(group);
  const notes = [...splitLines(group), ...seedLines(group)];
  const figures = await Promise.all(timeAxes.map((axis) => timeFigure(group.rows, axis)));
  return html`<section>
<h2>${title.charAt(0).toUpperCase() + title.slice(1)}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr>${columns.map(head)}</tr></thead>
<tbody>
${lines(group.rows.map((row) => html`<tr>${columns.map((column) => cell(column, row, places))}</tr>`))}
</tbody>
</table></div>
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${group.rows.some(({ name }) => reportLink(name, places) === undefined) && html`<p>${reportNote}</p>`}
<div class="plots">${figures}</div>
</section>`;
}

const reportNote =
  "A name without a link has no report yet: pickbench report runs/NAME --out submissions/NAME/report.html writes one.";

async function timeFigure(rows: readonly LeaderboardRow[], axis: TimeAxis): Promise<Html | null> {
  const svg = await timePlot(rows, axis);
  return (
    svg &&
    html`<figure role="img" aria-label="score against ${axis.title}">${svg}<figcaption>Score against ${axis.title}: the number is the rank, the line the interval.</figcaption></figure>`
  );
}

const head = ({ key, title, isDescending }: LeaderboardColumn): Html =>
  html`<th scope="col" class="${key}" data-key="${key}" data-first="${isDescending ? "descending" : "ascending"}"><button type="button">${title}</button></th>`;

function cell(column: LeaderboardColumn, row: LeaderboardRow, places: PagePlaces): Html {
  const value = column.value(row);
  const text = column.text(row);
  const kind = typeof value === "number" && html` data-kind="number"`;
  const content = column.key === "name" ? nameLink(row.name, text, places) : text;
  return html`<td class="${column.key}"${value !== null && html` data-value="${value}"${kind}`}>${content}</td>`;
}

function nameLink(name: string, text: string, places: PagePlaces): Content {
  const link = reportLink(name, places);
  return link === undefined ? text : html`<a href="${link}">${text}</a>`;
}

/** Relative address of a submission's report: beside its record, or in its run's folder; undefined where there is none. */
function reportLink(name: string, { file, submissions }: PagePlaces): string | undefined {
  const report = [join(submissions, name), join(dirname(submissions), "runs", name)]
    .map((folder) => join(folder, "report.html"))
    .find((path) => existsSync(path));
  if (report === undefined) return undefined;
  return relative(dirname(file), report).split(sep).map(encodeURIComponent).join("/");
}

const unrankedList = (unranked: Leaderboard["unranked"]): Content =>
  unranked.length > 0 &&
  html`<section><h2>Not ranked</h2><ul>${unranked.map(({ name, why }) => html`<li>${name}: ${why}</li>`)}</ul></section>`;
