/** The page of a watched folder: one file, which shows itself anew and asks nothing of any other place. */
import { type Html, html, lines } from "../present/html.js";
import { duration, moment, none, plural } from "../present/text.js";
import type { WatchView } from "./settings.js";
import type { Standing, State } from "./standing.js";
import { countsOf } from "./summary.js";

/** What the page is of. */
export interface PageOf {
  readonly data: string;
  readonly workflow: string;
  /** When it is written. */
  readonly now: Date;
  /** Time in seconds after which it shows itself anew. */
  readonly refresh: number;
}

const words: Readonly<Record<State, string>> = {
  arriving: "incomplete",
  waiting: "waiting",
  running: "running",
  failed: "tried again",
  aside: "set aside",
  done: "done",
};

/** Most rows of a table; what is left out is counted. */
const mostRows = 200;

/** Returns the page as one HTML document, without a script; its policy admits nothing from outside. */
export function watchPage(view: WatchView, { data, workflow, now, refresh }: PageOf): string {
  const counts = countsOf(view.standings);
  const failed = sorted(view.standings.filter(({ state }) => state === "failed" || state === "aside"));
  const others = sorted(view.standings.filter(({ state }) => state !== "failed" && state !== "aside"));
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
${view.ended === undefined && html`<meta http-equiv="refresh" content="${refresh}">`}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`${counts.done} done, ${counts.aside + counts.failed} failed`}</title>
<link rel="icon" href="data:,">
<style>${styles}</style>
</head>
<body>
<h1>${data}</h1>
<p>Each complete tomogram goes through ${workflow}. Written at ${moment(now.toISOString())}${view.ended === undefined ? "" : `; the watcher has ended: ${view.ended}`}.</p>
${view.trouble !== undefined && html`<p class="trouble" role="alert">${view.trouble}</p>`}
<dl>${lines((Object.keys(words) as State[]).map((state) => html`<div><dt>${words[state]}</dt><dd>${counts[state]}</dd></div>`))}</dl>
${failed.length > 0 && section("Failed", failed, view)}
${section("All others, the latest first", others, view)}
</body>
</html>
`.text;
}

const sorted = (all: readonly Standing[]): Standing[] =>
  [...all].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));

function section(title: string, all: readonly Standing[], view: WatchView): Html {
  const rows = all.slice(0, mostRows).map(
    ({ run, state, at, attempt, seconds, reason, changed }) => html`<tr>
<th scope="row">${run}</th><td>${words[state]}</td><td>${moment(at)}</td><td>${attempt || none}</td>
<td>${state === "done" && seconds !== undefined ? duration(seconds) : none}</td>
<td>${view.missing.get(run) ?? (changed === undefined ? reason : "changed after it was done")}</td></tr>`,
  );
  return html`<h2>${title}</h2>
${all.length > mostRows && html`<p>${plural(all.length - mostRows, "more is", "more are")} not shown; pickbench watch --status --json lists all.</p>`}
<table>
<thead><tr><th scope="col">run</th><th scope="col">state</th><th scope="col">since</th><th scope="col">attempts</th><th scope="col">time</th><th scope="col">why</th></tr></thead>
<tbody>
${lines(rows)}
</tbody>
</table>`;
}

const styles = html`:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1, th[scope="row"], td:last-child { overflow-wrap: anywhere; }
th[scope="row"] { min-width: 8rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0; }
dd { margin: 0; font-size: 1.8rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid color-mix(in srgb, currentcolor 20%, transparent); vertical-align: top; }
td:nth-child(n + 3):nth-child(-n + 5) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.trouble { border-left: 4px solid #d33; padding: .5rem 1rem; }`;
