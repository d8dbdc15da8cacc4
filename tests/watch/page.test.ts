import { expect, test } from "vitest";
import { watchPage } from "../../src/watch/page.js";
import type { WatchView } from "../../src/watch/settings.js";
import type { Standing } from "../../src/watch/standing.js";

const at = "2026-01-01T10:00:00.000Z";
const standing = (run: string, changed: Partial<Standing> = {}): Standing => ({
  ...{ run, state: "done", at, seen: at, path: `/data/${run}`, stamp: "a", attempt: 1, failures: 0 },
  ...{ reason: undefined, retrySeconds: undefined, seconds: 90, changed: undefined },
  ...changed,
});
const view = (standings: readonly Standing[], changed: Partial<WatchView> = {}): WatchView => ({
  ...{ standings, missing: new Map(), trouble: undefined, ended: undefined },
  ...changed,
});
const of = { data: "/data", workflow: "mine.yaml", now: new Date(at), refresh: 10 };

test("names and reasons cannot become markup", () => {
  const evil = `<script>alert("1")</script>'"><img src=x>`;
  const page = watchPage(view([standing(evil, { state: "aside", reason: evil })], { trouble: evil }), {
    ...of,
    ...{ data: evil, workflow: evil },
  });
  expect(page).not.toMatch(/<script|<img/);
  expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThanOrEqual(5);
});

test("it asks nothing of any other place, and shows itself anew only while the watcher goes on", () => {
  const page = watchPage(view([standing("TS_1")]), of);
  expect(page).toContain("default-src &#39;none&#39;");
  expect(page).toContain('<meta http-equiv="refresh" content="10">');
  expect(page).not.toMatch(/https?:|<script|<link(?! rel="icon" href="data:,")/);
  expect(watchPage(view([], { ended: "stopped" }), of)).not.toContain('http-equiv="refresh"');
});

test("it counts all, and lists the latest 200 of each kind", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => standing(`TS_${i}`));
  const page = watchPage(view([...many, standing("bad", { state: "failed", reason: "no ice" })]), of);
  expect(page).toContain("<dt>done</dt><dd>10000</dd>");
  expect(page).toContain("9,800 more are not shown");
  expect(page.match(/<tr>/g)).toHaveLength(203);
  expect(page).toContain("no ice");
});
