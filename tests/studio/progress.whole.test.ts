// Trainings, leaderboards and queues in a real browser, while they go on.
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createPlan } from "../../src/queue/plan.js";
import { writeBegun, writeEndNow } from "../../src/queue/states.js";
import { withLock } from "../../src/system/lock.js";
import { finishedRun, row } from "../support/finishedRun.js";
import {
  hasChromium,
  type OpenStudio,
  openStudio,
  serveForTest,
  startBrowser,
} from "../support/studioBrowser.js";

const scratch = mkdtempSync(join(tmpdir(), "pickbench-progress-"));
const runs = join(scratch, "runs");
const submissions = join(scratch, "submissions");
const growing = join(runs, "growing");
const hostile = "<img src=x onerror=alert(1)>";
let browser: Browser;

const step = (number: number): string =>
  `${JSON.stringify({ network: "all", step: number, loss: 1 / (number + 1), rate: 0.001, ms: 5, waitedMs: 1 })}\n`;
const steps = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => step(from + at)).join("");

beforeAll(async () => {
  const truth = new Map([["TS_1", row("ribosome", 100, 2000)]]);
  const picks = new Map([["TS_1", row("ribosome", 100)]]);
  await finishedRun(runs, "growing", { truth, picks, finished: false });
  writeFileSync(join(growing, "log.jsonl"), steps(0, 50));
  await finishedRun(runs, "done", { truth, picks });
  writeFileSync(join(runs, "done", "log.jsonl"), steps(0, 20));
  writeFileSync(join(runs, "done", "report.html"), "<p>the report</p><script>document.title='run'</script>");
  for (const fold of [0, 1]) {
    await finishedRun(join(runs, "folds"), `fold-${fold}`, { truth, picks });
    writeFileSync(join(runs, "folds", `fold-${fold}`, "log.jsonl"), steps(0, 10));
  }
  await finishedRun(runs, hostile, { truth, picks, finished: false });
  writeFileSync(join(runs, hostile, "record.json"), `{"recordVersion": "${hostile}"`);
  writeFileSync(join(runs, hostile, "log.jsonl"), `${hostile}\n${step(0).replace("all", hostile)}`);
  cpSync("submissions", submissions, { recursive: true });
  await createPlan(join(runs, "out.csv.queue"), {
    ...{ command: "submit", call: ["submit"], queue: "local", jobs: 1, isOpen: false },
    profile: { sbatch: [] },
    stages: [{ name: "predict", after: [] }],
    tasks: ["TS_1", "TS_2"].map((name) => ({ name, stage: 0, argv: ["submit"], outputs: [] })),
  });
  const plan = join(runs, "out.csv.queue");
  const begun = { attempt: 1, startedAt: "2026-11-30T10:00:00Z", pid: 1, started: 1, machine: "x" };
  await writeBegun(plan, 1, { ...begun, host: "node", job: null, slurmId: null });
  const { startedAt } = begun;
  const end = { attempt: 1, startedAt, finishedAt: "2026-11-30T10:01:00Z", code: 1, message: hostile };
  writeEndNow(plan, 1, end);
  mkdirSync(join(plan, "logs"), { recursive: true });
  writeFileSync(join(plan, "logs", "1.log"), `said ${hostile}\n`);
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

async function opened(hash: string, options: Parameters<typeof openStudio>[2] = {}): Promise<OpenStudio> {
  const studio = await openStudio(browser, { paths: [runs, submissions] }, { hash, ...options });
  onTestFinished(() => studio.close());
  return studio;
}

const training = (page: Page, name: string) => page.locator(`tr[data-training="runs/${name}"]`);

/** The path of a chart's first line, as it is drawn. */
const drawn = (page: Page, figure: string): Promise<string | null> =>
  page.getByRole("img", { name: figure, exact: true }).locator("path").first().getAttribute("d");

describe.skipIf(!hasChromium)("trainings in a browser", () => {
  test("have curves that grow while they are written", async () => {
    const { page, faults, strangers } = await opened("#/runs");
    await training(page, "growing").waitFor();
    for (const box of await page.getByRole("checkbox", { name: /^curves of/ }).all()) await box.uncheck();
    await page.getByLabel("curves of runs/growing").check();
    await page.getByText("runs/growing: 50 lines of its log").waitFor();
    const before = await drawn(page, "train/loss");
    await withLock(join(growing, "run.lock"), growing, async () => {
      appendFileSync(join(growing, "log.jsonl"), steps(50, 80) + step(80).slice(0, 9));
      await page.getByText("runs/growing: 80 lines of its log").waitFor();
      await expect.poll(() => training(page, "growing").locator(".standing").textContent()).toBe("running");
      await expect.poll(() => training(page, "growing").locator(".number").first().textContent()).toBe("80");
    });
    expect(await drawn(page, "train/loss")).not.toBe(before);
    appendFileSync(join(growing, "log.jsonl"), step(80).slice(9));
    await page.getByText("runs/growing: 81 lines of its log").waitFor();
    await expect.poll(() => training(page, "growing").locator(".standing").textContent()).toBe("begun");
    const chart = page.getByRole("img", { name: "train/loss", exact: true });
    const { width, height } = (await chart.boundingBox())!;
    await chart.hover({ position: { x: width - 14, y: height / 2 } });
    await page
      .locator(".chart-key", { hasText: /growing 0\.0123457 at 81$/ })
      .first()
      .waitFor();
    await page.locator(".chart-values summary").first().click();
    await page.getByRole("cell", { name: "81", exact: true }).first().waitFor();
    expect([faults, strangers]).toEqual([[], []]);
  });

  test("stand beside each other, all folds by one box", async () => {
    const { page } = await opened("#/runs");
    await training(page, "folds").waitFor();
    await page.getByLabel("curves of runs/folds", { exact: true }).check();
    const lines = page.getByRole("img", { name: "train/loss", exact: true }).locator("path title");
    await expect
      .poll(() => lines.allTextContents())
      .toEqual(expect.arrayContaining(["runs/folds/fold-0", "runs/folds/fold-1"]));
  });

  test("that are damaged or hostile are told as text", async () => {
    const { page, faults } = await opened("#/runs");
    const damaged = page.getByRole("row", { name: /curves of runs\/<img/ });
    await damaged.waitFor();
    expect(await damaged.locator(".standing").textContent()).toBe("damaged");
    expect(await damaged.locator(".failure").textContent()).toMatch(/record\.json is no record/);
    await damaged.getByRole("checkbox").check();
    await page.getByText(/1 line of the log cannot be read: line 1 is neither/).waitFor();
    expect(await page.locator("img[src='x']").count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test("tell how they came about, with trace and report", async () => {
    const { page, address, faults } = await opened("#/runs");
    await page.getByRole("link", { name: "runs/done" }).click();
    const made = page.getByRole("region", { name: "record of runs/done" });
    await expect.poll(() => made.locator("dt").allTextContents()).toContain("held out");
    await made.getByRole("button", { name: "trace to the raw files" }).click();
    await expect.poll(() => made.locator(".trace-text").textContent()).toMatch(/done/);
    const chain = "document.querySelector('img.trace-drawing')?.naturalWidth ?? 0";
    await expect.poll(() => page.evaluate<number>(chain)).toBeGreaterThan(50);
    const href = (await made.getByRole("link", { name: "report" }).getAttribute("href"))!;
    expect(href.startsWith(address)).toBe(true);
    const report = await page.context().newPage();
    const answer = await report.goto(href);
    expect(answer!.headers()["content-security-policy"]).toMatch(/^sandbox; default-src 'none'/);
    expect(await report.getByText("the report").count()).toBe(1);
    expect(await report.title()).toBe("");
    expect(faults).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("a leaderboard in a browser", () => {
  test("is filtered and sorted, and its chart follows", async () => {
    const { page, faults } = await opened("#/leaderboard");
    const group = page.locator("section.board").first();
    await group.waitFor();
    const rows = () => group.locator("tr[data-submission]").count();
    const points = () => group.locator("svg circle").count();
    expect(await rows()).toBeGreaterThan(5);
    expect(await points()).toBe(await rows());
    await page.getByLabel("Words").fill("unet");
    await expect
      .poll(() => group.locator("tr[data-submission] td:nth-child(2)").allTextContents())
      .toEqual(["compare-unet", "compare-dynunet", "compare-unet-2.5d"]);
    expect(await points()).toBe(3);
    await group.getByRole("button", { name: "parameters" }).click();
    const first = group.locator("tr[data-submission]").first();
    await expect.poll(() => first.getAttribute("data-submission")).toBe("compare-unet-2.5d");
    await page.getByLabel("Words").fill("");
    await page.getByLabel("Architecture").selectOption("unet");
    await expect.poll(points).toBe(1);
    await page.getByLabel("Chart against").selectOption({ label: "seconds per tomogram" });
    await group.getByRole("img", { name: "score against seconds per tomogram" }).waitFor();
    await page.reload();
    await group.getByRole("img", { name: "score against seconds per tomogram" }).waitFor();
    expect(await page.getByLabel("Architecture").inputValue()).toBe("unet");
    expect(await points()).toBe(1);
    expect(faults).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("a queue in a browser", () => {
  test("says where its tasks stand and what they said, as text", async () => {
    const { page, faults } = await opened("#/queue");
    await page
      .getByText("predict: 1 open, 1 failed")
      .or(page.getByText("predict: 1 failed, 1 open"))
      .waitFor();
    await page.getByRole("cell", { name: hostile }).waitFor();
    await page.getByRole("button", { name: "show" }).click();
    await page.getByText(`said ${hostile}`).waitFor();
    expect(await page.locator("img[src='x']").count()).toBe(0);
    expect(faults).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("views of what goes on", () => {
  test("fit a narrow page", async () => {
    for (const hash of ["#/runs", "#/leaderboard", "#/queue"]) {
      const { page, faults } = await opened(hash, {
        viewport: { width: 390, height: 844 },
        colorScheme: "light",
      });
      await page.locator(".fact-table tbody tr").first().waitFor();
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
      expect(faults).toEqual([]);
    }
  });
});

describe("what is asked of no training", () => {
  test("is answered with a sentence", async () => {
    const { address, close } = await serveForTest({ paths: [runs] });
    onTestFinished(close);
    const ask = async (path: string): Promise<string> => (await fetch(`${address}api/${path}`)).text();
    expect(await ask("trainings/0123/curves")).toMatch(/no training 0123/);
    expect(await ask("trainings/..%2Fsecret/record")).toBe("");
    const { trainings } = JSON.parse(await ask("trainings")) as { trainings: { id: string }[] };
    expect(await ask(`trainings/${trainings[0]!.id}/curves?since=x`)).toMatch(/whole number/);
    expect(await ask("plans/0/tasks/1/log")).toMatch(/no task 1/);
  });
});
