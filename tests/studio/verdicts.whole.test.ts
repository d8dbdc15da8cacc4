// Verdicts in a real browser: the counts that the page shows beside those of the command, and stepping through what is wrong.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readPickedTruth } from "../../src/data/picks.js";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import type { ScoreReport } from "../../src/score/score.js";
import { pickbench } from "../support/commandLine.js";
import { type ScoredPick, scoredCsv, scoredPicks } from "../support/scoredPicks.js";
import {
  drawn,
  hasChromium,
  type OpenStudio,
  openStudio,
  shownPlane,
  startBrowser,
} from "../support/studioBrowser.js";

const scratch = mkdtempSync(join(tmpdir(), "pickbench-verdicts-"));
const folder = join(scratch, "data");
const files = { a: join(scratch, "a.csv"), b: join(scratch, "b.csv") };
const run = "TS_S1";
let truth: Map<string, ParticlePick[]>;
let picks: Record<"a" | "b", Map<string, ScoredPick[]>>;
let browser: Browser;

beforeAll(async () => {
  await simulateDataset({
    ...{ out: folder, runs: 2, shape: [48, 128, 128], spacing: 10, seed: 4, part: "train", flat: true },
    counts: new Map([
      ["apo-ferritin", 8],
      ["ribosome", 4],
      ["thyroglobulin", 4],
    ]),
  });
  truth = await readPickedTruth(await openDataset(folder));
  picks = { a: scoredPicks(truth, challengeParticles, 1), b: scoredPicks(truth, challengeParticles, 2) };
  for (const side of ["a", "b"] as const) writeFileSync(files[side], scoredCsv(picks[side]));
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

async function opened(options: Parameters<typeof openStudio>[2] = {}): Promise<OpenStudio> {
  const asked = { paths: [folder], picks: [files.a, files.b] };
  const studio = await openStudio(browser, asked, { hash: `#/look/${run}`, ...options });
  onTestFinished(() => studio.close());
  await studio.page.locator('.counts[data-side="a"] tfoot .score[data-score]').waitFor();
  return studio;
}

/** What the page counts, and at which thresholds. */
interface Counted {
  readonly thresholds: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, readonly [tp: number, fp: number, fn: number, fbeta: number]>>;
  readonly score: number;
}

const countedBy = (page: Page, side: "a" | "b"): Promise<Counted> =>
  page.evaluate<Counted>(`(() => {
    const counts = document.querySelector('.counts[data-side="${side}"]');
    const [thresholds, rows] = [{}, {}];
    for (const body of counts.querySelectorAll("tbody")) {
      const { type } = body.dataset;
      const exact = body.querySelector('input[type="number"]');
      if (exact) thresholds[type] = Number(exact.value);
      const cell = (name) => body.querySelector('[data-count="' + name + '"]');
      if (cell("tp"))
        rows[type] = [...["tp", "fp", "fn"].map((name) => Number(cell(name).textContent)), Number(cell("f4").dataset.value)];
    }
    return { thresholds, rows, score: Number(counts.querySelector(".score").dataset.score) };
  })()`);

/** What the command counts at the same thresholds. */
async function scored(
  side: "a" | "b",
  thresholds: Counted["thresholds"],
  { isStrict, isOfAll }: { readonly isStrict: boolean; readonly isOfAll: boolean },
): Promise<Omit<Counted, "thresholds">> {
  const kept = [...picks[side]].map(
    ([name, list]) =>
      [
        name,
        list.filter(({ type, score }) => score >= (thresholds[type] ?? Number.NEGATIVE_INFINITY)),
      ] as const,
  );
  const csv = join(scratch, "kept.csv");
  writeFileSync(csv, scoredCsv(new Map(kept)));
  const runs = isOfAll ? [] : ["--runs", run];
  const { stdout } = await pickbench("score", csv, "--truth", folder, ...runs, "--json", "--quiet");
  const report = JSON.parse(stdout) as ScoreReport;
  const rows = Object.entries(report.perType).map(([type, of]) => {
    const { tp, fp, fn, fbeta } = isStrict ? of.strict : of;
    return [type, [tp, fp, fn, fbeta]] as const;
  });
  return { rows: Object.fromEntries(rows), score: isStrict ? report.strictScore : report.score };
}

/** Waits until there is something in the list to step through: it follows the choices after a rest. */
const listed = (page: Page) =>
  expect.poll(() => page.locator('output[data-count="list"]').textContent()).not.toBe("0");

const distance = (a: ParticlePick, b: ParticlePick): number => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);
const reachOf = (type: string): number => challengeParticles.find(({ name }) => name === type)!.radius / 2;

describe.skipIf(!hasChromium)("verdicts on picks", () => {
  test("the counts and the score are those of the command at twenty settings of the sliders, by both definitions", async () => {
    const { page, faults, strangers } = await opened();
    const slider = (label: string) =>
      page.locator(`.counts[data-side="a"] input[type="range"][aria-label="${label}"]`);
    await expect
      .poll(() => page.locator('.counts[data-side="a"] .scope').textContent())
      .toContain("all 2 runs");
    const isChecked = (label: string) => page.getByLabel(label).first().isChecked();
    const seen = new Set<number>();
    const settings: (readonly [label: string, value: number])[] = [
      ...Array.from({ length: 12 }, (_, at) => ["threshold of all types", 83 * at] as const),
      ...["ribosome", "apo-ferritin", "thyroglobulin", "virus-like-particle"].flatMap((type, at) => [
        [`threshold of ${type}`, 640 - 90 * at] as const,
        [`threshold of ${type}`, 170 + 90 * at] as const,
      ]),
    ];
    expect(settings).toHaveLength(20);
    for (const [label, value] of settings) {
      await slider(label).fill(String(value));
      for (const isStrict of [false, true]) {
        const isOfAll = value % 2 === 0;
        await page.getByLabel("match").selectOption(isStrict ? "one-to-one" : "challenge");
        await page
          .getByLabel(isOfAll ? "all 2 runs" : "this run")
          .first()
          .check();
        const { thresholds, ...counted } = await countedBy(page, "a");
        expect(counted).toEqual(await scored("a", thresholds, { isStrict, isOfAll }));
        seen.add(counted.score);
      }
    }
    expect(seen.size).toBeGreaterThan(8);
    const exact = page.getByLabel("threshold of ribosome, exact").first();
    await exact.fill("0.5");
    await exact.press("Enter");
    const { thresholds, ...counted } = await countedBy(page, "a");
    expect(thresholds.ribosome).toBe(0.5);
    expect(counted).toEqual(
      await scored("a", thresholds, { isStrict: true, isOfAll: await isChecked("all 2 runs") }),
    );
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  });

  test("a slider is moved, and the lists are stepped through, by keys alone", async () => {
    const { page } = await opened();
    await shownPlane(page, "z");
    const slider = page.locator('.counts[data-side="a"] input[aria-label="threshold of all types"]');
    await slider.focus();
    for (let times = 0; times < 3; times++) await page.keyboard.press("PageUp");
    const { thresholds, ...counted } = await countedBy(page, "a");
    expect(Object.values(thresholds).every((value) => value > 0.2)).toBe(true);
    expect(counted).toEqual(await scored("a", thresholds, { isStrict: false, isOfAll: false }));

    const missed = Object.values(counted.rows).reduce((sum, [, , fn]) => sum + fn, 0);
    const output = page.locator('output[data-count="list"]');
    await expect.poll(() => output.textContent()).toBe(String(missed));
    await page.keyboard.press("n");
    await expect.poll(() => output.textContent()).toBe(`1 of ${missed}`);
    for (const across of ["z", "y", "x"])
      await page.locator(`canvas[data-cutout="${across}"][data-shown]`).waitFor();
    const first = await page.locator(".chosen").getAttribute("data-item");
    const particle = truth.get(run)![Number(first!.slice(1))]!;
    const place = [particle.x, particle.y, particle.z].map((value) => value.toFixed(1)).join(",");
    await expect.poll(() => new URLSearchParams(page.url().split("?")[1]).get("at")).toBe(place);
    await page.keyboard.press("n");
    await page.keyboard.press("p");
    await page.keyboard.press("p");
    await expect.poll(() => output.textContent()).toBe(`${missed} of ${missed}`);
    expect(await page.locator(".chosen").textContent()).toContain("nearest pick");
  });

  test("every kind is marked by a shape of its own, and hidden on demand", async () => {
    const { page } = await opened();
    await shownPlane(page, "z");
    const number = async (kind: string) =>
      Number(await page.locator(`output[data-kind="${kind}"]`).textContent());
    const { rows } = await countedBy(page, "a");
    const sum = (at: number) => Object.values(rows).reduce((total, row) => total + row[at]!, 0);
    expect(await number("missed")).toBe(sum(2));
    expect((await number("true")) + (await number("double")) + (await number("false"))).toBe(
      picks.a.get(run)!.length,
    );
    const inked = () =>
      page.evaluate<number>(`(() => {
        const canvas = document.querySelector('canvas[data-plane="z"]');
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let inked = 0;
        for (let at = 3; at < data.length; at += 4) if (data[at] > 0) inked++;
        return inked;
      })()`);
    await drawn(page);
    const all = await inked();
    for (const label of ["true", "found again", "false", "missed"])
      await page.locator(".kinds label", { hasText: label }).first().locator("input").uncheck();
    await expect.poll(inked).toBeLessThan(all / 2);
  });

  test("hovering a mark says its verdict, score and displacement, and a click chooses it", async () => {
    const { page } = await opened();
    await shownPlane(page, "z");
    await page.locator(".items select").selectOption("found again");
    await listed(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("n");
    await page.locator(".chosen").waitFor();
    await page.keyboard.press("p");
    const plane = page.locator('canvas[data-plane="z"]');
    const { width, height } = (await plane.boundingBox())!;
    const position = { x: width / 2 + 1, y: height / 2 + 1 };
    await plane.hover({ position });
    await expect
      .poll(() => page.locator(".status").textContent())
      .toMatch(/: (true|found again).*score 0\.\d+/);
    await plane.click({ position });
    await expect.poll(() => page.locator(".chosen").getAttribute("data-item")).toMatch(/^a\d+$/);
  });

  test("two sets side by side: what both found, and what one alone", async () => {
    const { page, faults } = await opened();
    await page.getByLabel("picks B").selectOption({ label: "b.csv" });
    const table = page.locator("table.difference");
    await table.waitFor();
    for (const { name: type } of challengeParticles) {
      const particles = truth.get(run)!.filter((each) => each.type === type);
      const found = (side: "a" | "b", particle: ParticlePick) =>
        picks[side].get(run)!.some((pick) => pick.type === type && distance(pick, particle) <= reachOf(type));
      const isWrong = (pick: ParticlePick) =>
        pick.type === type && particles.every((particle) => distance(pick, particle) > reachOf(type));
      const wrong = { a: picks.a.get(run)!.filter(isWrong), b: picks.b.get(run)!.filter(isWrong) };
      const alone = (own: ParticlePick[], other: ParticlePick[]) =>
        own.filter((pick) => other.every((each) => distance(pick, each) > reachOf(type))).length;
      const which = (a: boolean, b: boolean) =>
        particles.filter((each) => found("a", each) === a && found("b", each) === b).length;
      const expected = [
        ...[which(true, true), which(true, false), which(false, true), which(false, false)],
        ...[wrong.a.length - alone(wrong.a, wrong.b), alone(wrong.a, wrong.b), alone(wrong.b, wrong.a)],
      ];
      const cells = await table.locator(`tr[data-type="${type}"] td`).allTextContents();
      expect([type, cells.map(Number)]).toEqual([type, expected]);
    }
    const other = await countedBy(page, "b");
    const { thresholds, ...counted } = other;
    expect(counted).toEqual(await scored("b", thresholds, { isStrict: false, isOfAll: false }));
    await page.locator(".items select").selectOption("onlyB");
    await page.getByRole("button", { name: "next" }).click();
    await expect.poll(() => page.locator(".chosen").textContent()).toContain("Amissed");
    expect(faults).toEqual([]);
  });

  test("a narrow screen shows all of it, and every control has a name", async () => {
    const { page } = await opened({ viewport: { width: 390, height: 844 } });
    await page.getByLabel("picks B").selectOption({ label: "b.csv" });
    await page.locator("table.difference").waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(390);
    const nameless = await page.evaluate<string[]>(`
      [...document.querySelectorAll("button, select, input, a, canvas[tabindex]")]
        .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.closest("label")?.textContent.trim()))
        .map((each) => each.outerHTML)`);
    expect(nameless).toEqual([]);
  });
});
