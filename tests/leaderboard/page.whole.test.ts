import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Leaderboard } from "../../src/leaderboard/leaderboard.js";
import { leaderboardPage } from "../../src/leaderboard/page.js";
import { html as tag } from "../../src/present/html.js";
import { rowOf } from "../support/leaderboardRows.js";
import { newPage, patience } from "../support/studioBrowser.js";

const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>'&amp;`;
const leaderboard: Leaderboard = {
  groups: [
    {
      dataHash: "a918f1",
      dataName: "phantoms",
      holdout: [hostile],
      seeds: [{ experiment: hostile, seeds: [0, 1], score: { mean: 0.8, standardError: 0.1 }, perType: {} }],
      rows: [
        rowOf(1, "first", { parameters: 500, tomogramSeconds: 3 }),
        rowOf(2, hostile, {
          network: hostile,
          engine: hostile,
          cpu: hostile,
          commit: hostile,
          perType: { [hostile]: 1 },
          parameters: 10_000,
        }),
        rowOf(3, "third", { parameters: 2000, tomogramSeconds: null, notScored: ["ribosome"] }),
      ],
    },
  ],
  unranked: [{ name: hostile, why: hostile }],
};

let folder: string;
let html: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-page-"));
  for (const [name, file] of [
    ["first", "report.html"],
    ["../runs/third", "report.html"],
  ] as const) {
    mkdirSync(join(folder, "submissions", name), { recursive: true });
    writeFileSync(join(folder, "submissions", name, file), "");
  }
  mkdirSync(join(folder, "site"));
  const file = join(folder, "site", "leaderboard.html");
  html = await leaderboardPage(leaderboard, { file, submissions: join(folder, "submissions") });
  writeFileSync(file, html);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("text of records cannot become markup", () => {
  expect(html).toContain(`<li>${tag`${hostile}: ${hostile}`.text}</li>`);
  expect(html).not.toContain("<img");
  expect(html.match(/<script/g)).toHaveLength(1);
});

test("the data's name is in the heading, and a type without a weight has no 0.0000", () => {
  expect(html).toContain("<h2>Data phantoms, a918f1, held out:");
  const row = /<tr><td[^>]*>3<.*?<\/tr>/s.exec(html)![0];
  expect(row).toContain(">not scored<");
  expect(row).not.toContain(">0.3000<");
});

test("needs nothing from outside, and its policy allows nothing", () => {
  expect(html).toContain("default-src 'none'");
  expect(html.replace(/xmlns(:xlink)?="[^"]*"/g, "")).not.toMatch(/https?:/);
  expect(html.length).toBeLessThan(200_000);
});

test("links to the report that is there, relative to itself", () => {
  expect(html).toContain('href="../submissions/first/report.html"');
  expect(html).toContain('href="../runs/third/report.html"');
  expect(html).not.toContain("report.json");
  expect(html).toContain("A name without a link has no report yet");
});

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

describe.skipIf(chromium === undefined)("in a browser (skipped where Chromium is absent)", () => {
  const open = async (hash: string) => {
    const flags = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--enable-logging=stderr",
      "--dump-dom",
    ];
    const profile = `--user-data-dir=${mkdtempSync(join(folder, "profile-"))}`;
    const page = `file://${join(folder, "site", "leaderboard.html")}${hash}`;
    const { stdout, stderr } = await promisify(execFile)(chromium!, [...flags, profile, page]);
    const rows = [...stdout.matchAll(/<tr( hidden="")?><td[^>]*>(\d)</g)];
    return {
      console: stderr.split("\n").filter((line) => line.includes(":CONSOLE")),
      shown: rows.filter(([, hidden]) => hidden === undefined).map(([, , rank]) => rank),
      sorted: /<th [^>]*aria-sort="(\w+)"/.exec(stdout)?.[1],
    };
  };

  test.each<[string, string[], string | undefined]>([
    ["", ["1", "2", "3"], undefined],
    ["#sort=parameters", ["1", "3", "2"], "ascending"],
    ["#sort=-score", ["1", "2", "3"], "descending"],
    ["#sort=-tomogram", ["1", "2", "3"], "descending"],
    ["#sort=tomogram&filter=onnx-cpu+I", ["1", "3"], "ascending"],
  ])("%j shows rows %j, without a word on the console", async (hash, shown, sorted) => {
    expect(await open(hash)).toEqual({ console: [], shown, sorted });
  });

  test.each([1280, 800])(
    "at %i pixels the page fits, and ranks and names stay while the table is scrolled",
    async (width) => {
      const browser = await playwright.launch({
        ...{ executablePath: chromium!, args: ["--no-sandbox"], timeout: patience },
      });
      try {
        const page = await newPage(browser, { viewport: { width, height: 700 } });
        await page.goto(`file://${join(folder, "site", "leaderboard.html")}`);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
          width,
        );
        const places = () =>
          page.evaluate<number[]>(
            '["td.rank", "td.name", "td.score"].map((cell) => document.querySelector(cell).getBoundingClientRect().left)',
          );
        const before = await places();
        await page.evaluate('document.querySelector(".scroll").scrollBy(300, 0)');
        const after = await places();
        expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
        expect(after[2]).toBeLessThan(before[2]! - 100);
      } finally {
        await browser.close();
      }
    },
  );
});
