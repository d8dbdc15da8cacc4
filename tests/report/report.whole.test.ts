import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readPicksFile, writePicks } from "../../src/data/picks.js";
import { readReport } from "../../src/leaderboard/leaderboard.js";
import { makeReport } from "../../src/report/report.js";
import { runExperiment } from "../../src/train/run/runExperiment.js";
import { runFolder } from "../../src/train/run/runFolder.js";
import { pickbench } from "../support/commandLine.js";
import { newPage, patience } from "../support/studioBrowser.js";
import { tinyDataset, tinyExperiment } from "../support/tinyRun.js";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

/** Text that would act if it ever became markup. */
const hostile = `<img src=x onerror=alert(1)>`;

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-"));
  data = await tinyDataset(folder);
  const question = `</script><script>alert(1)</script>${hostile}`;
  const experiment = await tinyExperiment(at("tiny.yaml"), { budget: "6 steps", question });
  const options = { experiment, data, seed: 0, resume: false, threads: 1 };
  await runExperiment(runFolder(at("run")), options, at("submissions"));
  await cp(at("run"), at(hostile), { recursive: true });
  await cp(at("run"), at("old"), { recursive: true });
  for (const late of ["picks", "sweep.json"]) await rm(at("old", late), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("report", () => {
  it("says what an older run's folder lacks, and shows the rest", async () => {
    const { html, runs } = await makeReport({ runs: [at("old")], data });
    expect(runs[0]!.missing).toEqual([
      expect.stringMatching(/^No sweep\.json/),
      expect.stringMatching(/^No picks\//),
    ]);
    for (const sentence of runs[0]!.missing) expect(html).toContain(sentence);
    expect(html).not.toContain("Reliability");
    expect(html).toContain("Distance of matches");
    expect(html).toContain('data-slice="0"');
  });

  it("gives the same bytes again, and none that a network would be asked for", async () => {
    const [first, second] = [
      await makeReport({ runs: [at("run")], data }),
      await makeReport({ runs: [at("run")], data }),
    ];
    expect(first.html).toBe(second.html);
    expect(first.html).not.toMatch(/(?:src|href|action)="(?!data:image\/png|#)/);
    expect(first.html).not.toMatch(/\sstyle="|url\(|@import|\son\w+="/);
  });

  it("refuses data that give another score, and says where there are none", async () => {
    const other = at("other");
    await cp(data, other, { recursive: true });
    const dataset = await openDataset(other);
    const run = "TS_S4";
    const path = join(dataset.overlayRoot, "ExperimentRuns", run, "Picks", "apo-ferritin.json");
    const picks = await readPicksFile(path, "apo-ferritin");
    await rm(path);
    await writePicks(dataset.overlayRoot, run, "apo-ferritin", picks.slice(1), {
      userId: "a",
      sessionId: "b",
    });
    await expect(makeReport({ runs: [at("run")], data: other })).rejects.toMatchObject({
      tag: "BadDataset",
      message: expect.stringMatching(
        /other counts .* than its report\.json .*; name the data that it was run on/,
      ),
    });
    await cp(at("run"), at("lost"), { recursive: true });
    const record = JSON.parse(await readFile(at("lost", "record.json"), "utf8"));
    await writeFile(at("lost", "record.json"), JSON.stringify({ ...record, dataset: at("gone") }));
    await expect(makeReport({ runs: [at("lost")], data: undefined })).rejects.toMatchObject({
      tag: "BadUsage",
      message: expect.stringMatching(/gone is not there; name it with --data$/),
    });
    await expect(makeReport({ runs: [at("data")], data })).rejects.toMatchObject({
      message: expect.stringMatching(/holds no record\.json/),
    });
  });

  it("shows the folds of a folder of folds, in their order", async () => {
    for (const fold of ["fold-10", "fold-2"]) await cp(at("run"), at("folds", fold), { recursive: true });
    await writeFile(at("folds", "folds.json"), "{}");
    const { runs, pairs } = await makeReport({ runs: [at("folds")], data });
    expect(runs.map(({ label }) => label)).toEqual(["fold-2", "fold-10"]);
    expect(pairs).toMatchObject([{ a: "fold-10", b: "fold-2", comparison: { verdict: "same" } }]);
    for (const file of ["folds.json", "report.json"])
      await cp(join("submissions", "unet3d-baseline-folds", file), at("folds", file));
    const { html } = await makeReport({ runs: [at("folds")], data });
    expect(html).toMatch(/folds: out of fold[\s\S]*<strong>0\.8715<\/strong>/);
    expect(html).toMatch(/fold-3[\s\S]*?TS_P4[\s\S]*?0\.8441/);
    await writeFile(at("folds", "folds.json"), "{}");
    await expect(makeReport({ runs: [at("folds")], data })).rejects.toThrow(/is no report of folds/);
  });

  it("shows a run that is not finished as far as it came", async () => {
    await cp(at("run"), at("begun"), { recursive: true });
    for (const late of ["picks", "sweep.json", "report.json", "submission.csv", "best.safetensors"])
      await rm(at("begun", late), { recursive: true });
    const log = await readFile(at("begun", "log.jsonl"), "utf8");
    await writeFile(at("begun", "log.jsonl"), log.slice(0, -20));
    const { html } = await makeReport({ runs: [at("begun")], data: undefined });
    expect(html).toContain("training loss by step");
    expect(html).not.toContain('data-slice="0"');
  });
});

describe.skipIf(browserPath === undefined)("the page in a browser (skipped without Chromium)", () => {
  let browser: Browser;
  let page: Page;
  const said: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    const out = at("both.html");
    const { code, stdout, stderr } = await pickbench(
      "report",
      at("run"),
      at(hostile),
      ...["--data", data, "--out", out, "--json"],
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ out, bytes: (await stat(out)).size });
    expect((await stat(out)).size).toBeLessThan(5e6);
    browser = await chromium.launch({
      ...{ executablePath: browserPath!, args: ["--no-sandbox"], timeout: patience },
    });
    page = await newPage(browser, { viewport: { width: 1600, height: 1000 }, colorScheme: "light" });
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("dialog", (dialog) => {
      said.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(out).href);
  });

  afterAll(() => browser?.close());

  it("asks for nothing, says nothing, and runs no text as markup", async () => {
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([page.url()]);
    expect(said).toEqual([]);
    expect(await page.title()).toContain(hostile);
    expect(await page.getByRole("tab", { name: hostile }).count()).toBe(1);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
  });

  it("puts runs side by side and calls none better", async () => {
    const panel = page.getByRole("tabpanel").first();
    const text = await panel.innerText();
    expect(text).toContain("nothing tells them apart");
    expect(text).not.toMatch(/is better/);
    const { holdout } = await readReport(at("run", "report.json"));
    expect(text).toContain(holdout!.score.toFixed(4));
  });

  it("goes from tab to tab with mouse and keys", async () => {
    const own = page.getByRole("tab", { name: "run", exact: true });
    await own.click();
    expect(await own.getAttribute("aria-selected")).toBe("true");
    const article = page.locator("article:visible");
    expect(await article.count()).toBe(1);
    const types = article.getByRole("tablist", { name: "types" }).getByRole("tab");
    const panels = article.locator("[data-tabs=types] > section");
    expect(await types.count()).toBeGreaterThan(1);
    await types.first().focus();
    await page.keyboard.press("End");
    expect(await types.last().getAttribute("aria-selected")).toBe("true");
    expect(await panels.last().isVisible()).toBe(true);
    expect(await panels.first().isVisible()).toBe(false);
    await page.keyboard.press("ArrowRight");
    expect(await panels.first().isVisible()).toBe(true);
  });

  it("moves through the slices, and shows marks of one type", async () => {
    const viewer = page.locator("[data-viewer]:visible");
    const slider = viewer.getByRole("slider");
    const shown = async () => viewer.locator("[data-slice]:not([hidden])").getAttribute("data-slice");
    const before = Number(await shown());
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    expect(Number(await shown())).toBe(before + 1);
    await page.keyboard.press("Home");
    expect(await shown()).toBe("0");
    const z = await viewer.locator("[data-slice]:not([hidden])").getAttribute("data-z");
    expect(await viewer.locator("output").innerText()).toBe(`${z} Å`);
    await viewer.getByRole("combobox").selectOption("ribosome");
    const types = await viewer
      .locator("[data-type]:not([hidden])")
      .evaluateAll((marks) => marks.map((mark) => mark.getAttribute("data-type")));
    expect(new Set(types)).toEqual(new Set(["ribosome"]));
  });

  it("sorts the table of types by a column", async () => {
    const table = page.locator("article:visible table[data-sort]").first();
    const counts = async () => (await table.locator("tbody tr td:nth-child(4)").allInnerTexts()).map(Number);
    await table.getByRole("button", { name: "TP" }).click();
    const falling = await counts();
    expect(falling).toEqual(falling.toSorted((a, b) => b - a));
    await table.getByRole("button", { name: "TP" }).click();
    expect(await counts()).toEqual(falling.toSorted((a, b) => a - b));
  });

  it("is light and dark, by the system and by the button, charts with it", async () => {
    const colours = () =>
      page.evaluate<[string, string]>(
        `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector("svg.chart text")).fill]`,
      );
    const light = await colours();
    await page.getByRole("button", { name: /dark colours/ }).click();
    const dark = await colours();
    expect(dark[0]).not.toBe(light[0]);
    expect(dark[1]).not.toBe(light[1]);
    await page.getByRole("button", { name: /light colours/ }).click();
    expect(await colours()).toEqual(light);
  });

  it.each([360, 1600])("fits a window of %d pixels without scrolling sideways", async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const tab of await page.getByRole("tablist", { name: "runs" }).getByRole("tab").all()) {
      await tab.click();
      const [needed, given] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      );
      expect(needed).toBeLessThanOrEqual(given);
    }
    expect((await page.screenshot()).length).toBeGreaterThan(5000);
    expect(said).toEqual([]);
  });
});
