/** The leaderboard as a self-contained HTML page. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import {
  groupTitle,
  type LeaderboardColumn,
  leaderboardColumns,
  orderNote,
  seedLines,
  splitLines,
} from "./columns.js";
import type { Leaderboard, LeaderboardGroup, LeaderboardRow } from "./leaderboard.js";
import { timeAxes, timePlot } from "./plot.js";

/** Paths of the page and of the submissions, for the page's links. */
export interface PagePlaces {
  readonly file: string;
  readonly submissions: string;
}

/**
 * Writes the leaderboard as one self-contained HTML document: its style, script and pictures are inside, and its policy
 * admits nothing from outside. Links lead to each submission's report.html, or to its report.json.
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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leaderboard</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<h1>Leaderboard</h1>
<p>${escaped(groups.length === 0 ? "No finished submission yet." : orderNote)}</p>
<label>Filter rows <input id="filter" type="search" autocomplete="off" spellcheck="false"></label>
<p id="shown" aria-live="polite"></p>
${sections.join("\n")}
${unrankedList(unranked)}
<script>${script}</script>
</body>
</html>
`;
}

const partOfPage = (name: string): Promise<string> =>
  readFile(new URL(`../web/leaderboard/${name}`, import.meta.url), "utf8");

/** Escapes text for an element or for a quoted attribute. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

async function groupSection(
  group: LeaderboardGroup,
  places: PagePlaces,
  onlyType: string | undefined,
): Promise<string> {
  const columns = leaderboardColumns(group.rows, onlyType);
  const title = groupTitle(group);
  const notes = [...splitLines(group), ...seedLines(group)];
  const plots = await Promise.all(
    timeAxes.map(async (axis) => ({ axis, svg: await timePlot(group.rows, axis) })),
  );
  const figures = plots.flatMap(({ axis, svg }) =>
    svg === null
      ? []
      : [
          `<figure role="img" aria-label="${escaped(`score against ${axis.title}`)}">${svg}<figcaption>Score against ${escaped(axis.title)}: the number is the rank, the line the interval.</figcaption></figure>`,
        ],
  );
  return `<section>
<h2>${escaped(title.charAt(0).toUpperCase() + title.slice(1))}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="${escaped(title)}"><table>
<thead><tr>${columns.map(head).join("")}</tr></thead>
<tbody>
${group.rows.map((row) => `<tr>${columns.map((column) => cell(column, row, places)).join("")}</tr>`).join("\n")}
</tbody>
</table></div>
${notes.length > 0 ? `<ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>` : ""}
<div class="plots">${figures.join("")}</div>
</section>`;
}

const head = ({ key, title, isDescending }: LeaderboardColumn): string =>
  `<th scope="col" data-key="${escaped(key)}" data-first="${isDescending ? "descending" : "ascending"}"><button type="button">${escaped(title)}</button></th>`;

function cell(column: LeaderboardColumn, row: LeaderboardRow, places: PagePlaces): string {
  const value = column.value(row);
  const data =
    value === null
      ? ""
      : ` data-value="${escaped(String(value))}"${typeof value === "number" ? ' data-kind="number"' : ""}`;
  const text = escaped(column.text(row));
  const content =
    column.key === "name" ? `<a href="${escaped(reportLink(row.name, places))}">${text}</a>` : text;
  return `<td${data}>${content}</td>`;
}

function reportLink(name: string, { file, submissions }: PagePlaces): string {
  const folder = join(submissions, name);
  const report = ["report.html", "report.json"].find((each) => existsSync(join(folder, each))) ?? "";
  const parts = relative(dirname(file), join(folder, report)).split(sep);
  return parts.map(encodeURIComponent).join("/");
}

const unrankedList = (unranked: Leaderboard["unranked"]): string =>
  unranked.length === 0
    ? ""
    : `<section><h2>Not ranked</h2><ul>${unranked.map(({ name, why }) => `<li>${escaped(name)}: ${escaped(why)}</li>`).join("")}</ul></section>`;
