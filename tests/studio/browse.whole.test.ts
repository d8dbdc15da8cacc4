// The view of data in a real browser: 10,000 tomograms, found, sorted, chosen, written as subsets.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { buildSurvey } from "../../src/survey/build.js";
import { openSurvey, type Survey } from "../../src/survey/survey.js";
import { silentReporter } from "../../src/system/reporter.js";
import { pickbench } from "../support/commandLine.js";
import { writeLargeSurvey } from "../support/largeSurvey.js";
import {
  hasChromium,
  type OpenStudio,
  openStudio,
  serveForTest,
  startBrowser,
} from "../support/studioBrowser.js";
import { tinyDataset } from "../support/tinyRun.js";

const scratch = mkdtempSync(join(tmpdir(), "pickbench-browse-"));
const large = join(scratch, "large");
const small = join(scratch, "small");
const count = 10_000;
let survey: Survey;
let data: string;
let browser: Browser;

beforeAll(async () => {
  data = await tinyDataset(scratch);
  writeLargeSurvey(large, count, data);
  survey = await openSurvey(large);
  const settings = { version: 1, data, threshold: 0.5, dust: 1000, maps: [], sources: [] } as const;
  const options = { threads: 1, reporter: silentReporter };
  await buildSurvey(small, await openDataset(data), { ...settings, maps: [], sources: [] }, options);
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  survey.close();
  rmSync(scratch, { recursive: true });
});

type Options = Parameters<typeof openStudio>[2] & { readonly isAnnotating?: boolean };

async function opened(path: string, { isAnnotating = false, ...options }: Options = {}): Promise<OpenStudio> {
  const hash = "#/data";
  const studio = await openStudio(browser, { paths: [path], isAnnotating }, { hash, ...options });
  onTestFinished(() => studio.close());
  await studio.page.locator("tr.item, li.item").first().waitFor();
  return studio;
}

/** What a narrow page looks like. */
interface Looks {
  readonly wide: number;
  readonly unnamed: readonly string[];
  readonly ground: string;
}

const rowsOf = (page: Page): Promise<string[]> => page.locator("tr.item th a:first-child").allTextContents();
const found = (page: Page) => page.locator(".expression output");
const chosen = (page: Page) => page.locator(".subset-form output");

async function find(page: Page, expression: string): Promise<void> {
  await page.getByLabel("Expression").fill(expression);
  await page.getByRole("button", { name: "find" }).click();
}

describe.skipIf(!hasChromium)("10,000 tomograms in a browser", () => {
  test("are there at once, and scroll with a few rows drawn", async () => {
    const begun = performance.now();
    const { page, faults, strangers } = await opened(large);
    console.log(`first rows of ${count} after ${(performance.now() - begun).toFixed(0)} ms`);
    await expect.poll(() => found(page).textContent()).toBe(`${count} tomograms`);
    expect(await page.getByRole("table", { name: "tomograms" }).getAttribute("aria-rowcount")).toBe("10001");
    const list = page.locator(".tomograms");
    for (const [place, run] of [
      [0.5, "TS_05000"],
      [1, "TS_09999"],
      [0, "TS_00000"],
    ] as const) {
      await list.evaluate((element, share) => {
        element.scrollTop = share * element.scrollHeight;
      }, place);
      await page.getByRole("link", { name: run, exact: true }).waitFor();
      const row = page.locator("tr.item", { hasText: run });
      await expect.poll(() => row.locator("td.number").first().textContent()).toBe("10");
      expect(await page.locator("tr.item").count()).toBeLessThan(60);
    }
    expect([faults, strangers]).toEqual([[], []]);
  });

  test("are drawn again for each of 100 turns of the wheel, without many more elements", async () => {
    const { page } = await opened(large);
    const frames = await page.evaluate<number[]>(`(async () => {
      const list = document.querySelector(".tomograms");
      const times = [];
      for (let turn = 0; turn < 100; turn++) {
        const begun = performance.now();
        list.scrollTop += 700;
        await new Promise((resolve) => requestAnimationFrame(resolve));
        await new Promise((resolve) => setTimeout(resolve));
        times.push(performance.now() - begun);
      }
      return times.sort((a, b) => a - b);
    })()`);
    console.log(
      `a turn of the wheel: median ${frames[50]!.toFixed(0)} ms, 9 of 10 in ${frames[90]!.toFixed(0)} ms`,
    );
    const [first] = await rowsOf(page);
    expect(Number(first!.slice(3))).toBeGreaterThan(1700);
    expect(await page.locator("tr.item").count()).toBeLessThan(60);
  });

  test("are found by the expressions of survey find, in its order", async () => {
    const { page, faults } = await opened(large);
    const where = "membrane.percent > 10 and noise < 0.5";
    await find(page, where);
    const { total, rows } = await survey.find(where, { sort: "noise desc", limit: 5 });
    await expect.poll(() => found(page).textContent()).toBe(`${total} of ${count} tomograms`);
    await page.getByRole("button", { name: "noise" }).click();
    await expect.poll(async () => (await rowsOf(page)).slice(0, 5)).toEqual(rows.map(([run]) => run));
    const head = page.getByRole("columnheader", { name: "noise" });
    expect(await head.getAttribute("aria-sort")).toBe("descending");
    await page.reload();
    await expect.poll(async () => (await rowsOf(page)).slice(0, 5)).toEqual(rows.map(([run]) => run));
    expect(await page.getByLabel("Expression").inputValue()).toBe(where);
    expect(faults).toEqual([]);
  });

  test("are found by a link to what is open already", async () => {
    const { page } = await opened(large, { hash: "#/data/survey-0?where=noise+%3C+0.5" });
    await expect.poll(() => page.getByLabel("Expression").inputValue()).toBe("noise < 0.5");
    await page.evaluate('location.hash = "#/data/survey-0?where=sample+%3E+1500"');
    const { total } = await survey.find("sample > 1500", { limit: 1 });
    await expect.poll(() => found(page).textContent()).toBe(`${total} of ${count} tomograms`);
    expect(await page.getByLabel("Expression").inputValue()).toBe("sample > 1500");
    await expect.poll(async () => page.url()).toContain("where=sample+%3E+1500");
  });

  test("stay where an expression is wrong, and what is wrong is said with its place", async () => {
    const { page } = await opened(large);
    const before = await rowsOf(page);
    await find(page, "membran.percent > 10");
    await expect
      .poll(() => page.locator("#expression-fault").textContent())
      .toMatch(/did you mean membrane\.percent\?.*\n {2}membran\.percent > 10\n {2}\^{15}/s);
    expect(await rowsOf(page)).toEqual(before);
    await find(page, "");
    await expect.poll(() => page.locator("#expression-fault").textContent()).toBe("");
  });

  test("are filtered by ranges, which write expressions", async () => {
    const { page } = await opened(large);
    await page.getByRole("combobox", { name: "Column" }).selectOption("sample");
    await page.getByLabel("from", { exact: true }).fill("1500");
    await page.getByLabel("to", { exact: true }).fill("1600");
    await page.getByLabel("to", { exact: true }).press("Tab");
    const where = "sample >= 1500 and sample <= 1600";
    await expect.poll(() => page.getByLabel("Expression").inputValue()).toBe(where);
    const { total } = await survey.find(where, { limit: 1 });
    await expect.poll(() => found(page).textContent()).toBe(`${total} of ${count} tomograms`);
  });

  test("are chosen by clicks and keys", async () => {
    const { page } = await opened(large);
    const row = (run: string) => page.locator("tr.item", { hasText: run }).locator("td.number").first();
    await row("TS_00002").click();
    await row("TS_00005").click({ modifiers: ["Shift"] });
    expect(await chosen(page).textContent()).toBe("4 chosen");
    await page.getByLabel("choose TS_00003").click();
    expect(await chosen(page).textContent()).toBe("3 chosen");
    await page.getByRole("link", { name: "TS_00003" }).focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await expect.poll(() => chosen(page).textContent()).toBe("3 chosen");
    await page.keyboard.press("End");
    await page.getByRole("link", { name: "TS_09999" }).waitFor();
    await expect.poll(() => page.evaluate<string>("document.activeElement.textContent")).toBe("TS_09999");
    await page.keyboard.press("Control+a");
    expect(await chosen(page).textContent()).toBe(`${count} chosen`);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "TS_09999" }).waitFor();
  });

  test("make the subset that the command makes", async () => {
    const { page } = await opened(large, { isAnnotating: true });
    const where = "void.percent > 19 and ribosome.count >= 50";
    await find(page, where);
    const { total } = await survey.find(where, { limit: 1 });
    await expect.poll(() => found(page).textContent()).toBe(`${total} of ${count} tomograms`);
    await page.getByLabel("Subset").fill("good");
    await page.getByRole("button", { name: "write" }).click();
    const file = join(large, "subsets", "good.txt");
    await page.getByText(`${file}: ${total} runs; commands take it as --runs @good`).waitFor();
    const made = readFileSync(file, "utf8");
    rmSync(file);
    const asked = ["survey", "subset", "good", "--where", where, "--survey", large, "--quiet"];
    expect((await pickbench(...asked)).code).toBe(0);
    expect(made).toBe(readFileSync(file, "utf8"));
    await page.getByRole("button", { name: "write" }).click();
    await page.getByText(/good\.txt.*exists/).waitFor();
    expect(readFileSync(file, "utf8")).toBe(made);
    await find(page, "");
    await page.getByText("Subsets (1)").click();
    await page.getByRole("button", { name: "choose @good" }).click();
    await expect.poll(() => chosen(page).textContent()).toBe(`${total} chosen`);
  });

  test("fit a narrow page and both themes, every control named", async () => {
    const grounds: string[] = [];
    for (const colorScheme of ["dark", "light"] as const) {
      const { page, faults } = await opened(large, { viewport: { width: 390, height: 844 }, colorScheme });
      const { wide, unnamed, ground } = await page.evaluate<Looks>(`(() => {
        const controls = [...document.querySelectorAll("button, input, select, summary, textarea, a")];
        const nameOf = (control) => [
          control.getAttribute("aria-label"),
          control.textContent,
          ...[...(control.labels ?? [])].map((label) => label.textContent),
        ].join("").trim();
        return {
          wide: document.documentElement.scrollWidth,
          unnamed: controls.filter((control) => nameOf(control) === "").map((each) => each.outerHTML),
          ground: getComputedStyle(document.body).backgroundColor,
        };
      })()`);
      expect(wide).toBeLessThanOrEqual(390);
      expect(unnamed).toEqual([]);
      expect(faults).toEqual([]);
      grounds.push(ground);
    }
    expect(grounds[0]).not.toBe(grounds[1]);
  });
});

describe.skipIf(!hasChromium)("a data set and its survey in a browser", () => {
  test("have thumbnails in a gallery, and a page for each tomogram", async () => {
    const { page, faults } = await opened(small, { hash: "#/data?as=gallery" });
    await page.getByRole("listitem").first().waitFor();
    const widths = () =>
      page.evaluate<number[]>(
        '[...document.querySelectorAll("li.item img")].map((each) => each.naturalWidth)',
      );
    await expect.poll(widths).toEqual([64, 64, 64, 64]);
    await page.getByRole("link", { name: "TS_S2", exact: true }).click();
    await page.getByRole("heading", { name: "TS_S2" }).waitFor();
    const shown = (await pickbench("survey", "show", "TS_S2", "--survey", small)).stdout.split("\n");
    for (const line of shown.slice(0, 4)) await page.getByText(line.trim(), { exact: true }).waitFor();
    await page.getByRole("link", { name: "look at TS_S2" }).click();
    await page.locator('canvas[data-plane="z"]').waitFor();
    expect(faults).toEqual([]);
  });

  test("are two tables of one page", async () => {
    const { page, faults } = await opened(small);
    await page.getByLabel("Show").selectOption({ index: 1 });
    await expect.poll(() => page.getByRole("columnheader", { name: "noise" }).count()).toBe(0);
    expect(await page.getByLabel("Show").locator("option:checked").textContent()).toMatch(/^data set/);
    await find(page, "ribosome.count > 2");
    await page.getByText("No tomogram fulfils that.").waitFor();
    await find(page, "ribosome.count = 2");
    await expect.poll(() => rowsOf(page)).toEqual(["TS_S1", "TS_S2", "TS_S3", "TS_S4"]);
    expect(faults).toEqual([]);
  });
});

describe("a studio that only reads", () => {
  test("writes no subset, and says how it would", async () => {
    const { address, close } = await serveForTest({ paths: [small] });
    onTestFinished(close);
    const body = JSON.stringify({ name: "a", runs: ["TS_S1"] });
    const answer = await fetch(`${address}api/catalogues/survey-0/subsets`, { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/--annotate/);
  });

  test("answers what is no catalogue, no number and no picture with a sentence or nothing", async () => {
    const { address, close } = await serveForTest({ paths: [small] });
    onTestFinished(close);
    const ask = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`${address}api/catalogues/${path}`);
      return [answer.status, await answer.text()];
    };
    expect((await ask("survey-9"))[1]).toMatch(/no catalogue survey-9/);
    expect((await ask("survey-0/rows?offset=-1&limit=1"))[1]).toMatch(/whole number/);
    expect((await ask("survey-0/rows?limit=5&column=%22%3B%20drop"))[1]).toMatch(/no such column/);
    expect((await ask("survey-0/subsets/survey.json"))[1]).toMatch(/no subset/);
    expect((await ask("survey-0/runs/TS_S9"))[0]).toBe(400);
    expect((await ask("survey-0/runs/TS_S1/pictures/..%2F..%2Fsurvey.json"))[0]).toBe(404);
    expect((await ask("survey-0/runs/TS_S1/pictures/survey.json"))[0]).toBe(204);
  });
});
