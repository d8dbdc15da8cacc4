/** The HTML document of a report: style, script and parts in one file. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Html, html } from "../present/html.js";
import { builtModule } from "../system/threads/threads.js";
import { ownVersion } from "../system/version.js";
import type { Section } from "./sections/section.js";

/** A part of the document: the sections of one run, or the sections that all runs share. */
export interface Part {
  /** Unique id, with which the ids of its sections begin. */
  readonly id: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

/** Renders the whole document: nothing is fetched, and only the document's own style and script are allowed. */
export async function page(title: string, parts: readonly Part[]): Promise<string> {
  const [style, script] = await Promise.all(
    ["page.css", "page.js"].map((name) =>
      readFile(builtModule(import.meta.url, `../web/report/${name}`), "utf8"),
    ),
  );
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src '${integrity(style!)}'`,
    `script-src '${integrity(script!)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const isOne = parts.length === 1;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style!)}</style>
</head>
<body>
<header class="top"><h1>${title}</h1><p class="version">pickbench ${ownVersion()}</p><button type="button" class="theme" data-theme-toggle hidden>dark</button></header>
<main${!isOne && html` data-tabs="runs"`}>${parts.map((part) => partHtml(part, isOne))}</main>
<script>${new Html(script!)}</script>
</body>
</html>
`.text;
}

function partHtml({ id, title, sections }: Part, isOnly: boolean): Html {
  const anchor = (section: Section): string => `${id}-${section.id}`;
  const nav = html`<nav aria-label="sections of ${title}"><ul>${sections.map((each) => html`<li><a href="#${anchor(each)}">${each.title}</a></li>`)}</ul></nav>`;
  return html`<article data-tab="${title}">${!isOnly && html`<h2 class="part">${title}</h2>`}${sections.length > 1 && nav}
${sections.map((each) => html`<section class="section s-${each.id}" id="${anchor(each)}"><h2>${each.title}</h2>\n${each.body}\n</section>\n`)}</article>\n`;
}

const integrity = (content: string): string =>
  `sha256-${createHash("sha256").update(content).digest("base64")}`;
