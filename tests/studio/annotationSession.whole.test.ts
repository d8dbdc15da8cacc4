// A session of annotation as a person has one: picks and a membrane, a training on them, its suggestions, and their correction.
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readMask } from "../../src/data/masks/read.js";
import { readRunPicks } from "../../src/data/picks.js";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { openTomogram } from "../../src/data/tomograms/omeZarr.js";
import type { ParticlePick } from "../../src/domain/particles.js";
import { scorePicks } from "../../src/score/score.js";
import { clickAt, dragAlong, lookAt, saved, tool, toSlice } from "../support/annotatingPage.js";
import { hasChromium, openStudio, shownPlane, startBrowser } from "../support/studioBrowser.js";

/** How long it trains: a moment, or what the variable says, as in `STUDIO_TRAINING=2m`. */
const budget = process.env.STUDIO_TRAINING ?? "2 steps";
const types = ["apo-ferritin", "ribosome"];
const shape = [48, 128, 128] as const;
const plane = shape[1] * shape[2];

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();

/** Adds picks by mouse, each in its slice. */
async function addPicks(page: Page, picks: readonly ParticlePick[]): Promise<void> {
  await tool(page, "Pick");
  for (const { type, x, y, z } of picks) {
    await page.getByRole("radio", { name: type }).check();
    await toSlice(page, "z", Math.floor(z / 10));
    await clickAt(page, { x, y, z });
  }
  await saved(page);
}

const sorted = (picks: readonly ParticlePick[]) =>
  picks.toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : a.x - b.x));

/** Whether a pick is a particle, as near as the mouse and a slice of 10 Å allow. */
const isNear = (pick: ParticlePick, one: ParticlePick): boolean =>
  pick.type === one.type && Math.hypot(pick.x - one.x, pick.y - one.y, pick.z - one.z) < 25;

/** Waits until the picks in the files, type by type, are those of the truth. */
async function becomesTruth(
  read: () => Promise<readonly ParticlePick[]>,
  truth: readonly ParticlePick[],
): Promise<void> {
  const typesOf = (picks: readonly ParticlePick[]) => picks.map(({ type }) => type).sort();
  const compared = async () => {
    const found = await read();
    return {
      types: typesOf(found),
      lacking: truth.filter((one) => !found.some((pick) => isNear(pick, one))),
    };
  };
  await expect.poll(compared).toEqual({ types: typesOf(truth), lacking: [] });
}

describe.skipIf(!hasChromium)("a session of annotation", () => {
  test("30 picks and a membrane in 5 slices are saved, trained on, and the network's suggestions corrected and saved", async () => {
    const folder = await mkdtemp(join(tmpdir(), "annotation-session-"));
    const data = join(folder, "data");
    const counts = new Map([
      ...["beta-amylase", "beta-galactosidase", "thyroglobulin", "virus-like-particle"].map(
        (type) => [type, 0] as const,
      ),
      ["apo-ferritin", 22],
      ["ribosome", 8],
    ]);
    await simulateDataset({
      out: data,
      runs: 2,
      shape,
      spacing: 10,
      seed: 3,
      part: "train",
      flat: true,
      counts,
    });
    const dataset = await openDataset(data);
    const truthOf = async (run: string) =>
      sorted((await readRunPicks(dataset, run)).filter(({ type }) => types.includes(type)));
    const ownOf = async (run: string) =>
      sorted(await readRunPicks(dataset, run, { userId: "mia", sessionId: "studio" }));
    const [truth, other] = [await truthOf("TS_S1"), await truthOf("TS_S2")];
    expect(truth.length).toBe(30);

    const asked = { paths: [data], isAnnotating: true, out: join(folder, "studio") };
    const middle = { x: 640, y: 640, z: 245 };
    const studio = await openStudio(browser, asked, { hash: lookAt("TS_S1", middle, 0.26) });
    onTestFinished(() => studio.close());
    const { page } = studio;
    await shownPlane(page, "z");
    await tab(page, "Annotate");
    await addPicks(page, truth);
    await becomesTruth(() => ownOf("TS_S1"), truth);

    await page.getByRole("textbox", { name: "new mask" }).fill("membrane");
    await page.keyboard.press("Enter");
    await page.getByRole("spinbutton", { name: "brush radius" }).fill("2.5");
    await tool(page, "Brush");
    const slices = [12, 18, 24, 30, 36];
    for (const z of slices) {
      await toSlice(page, "z", z);
      const way = [0, 1, 2, 3, 4, 5, 6].map((step) => ({
        x: 640 + 400 * Math.cos(step / 2),
        y: 640 + 400 * Math.sin(step / 2),
        z: 10 * z + 5,
      }));
      await dragAlong(page, way);
    }
    await saved(page);

    await tab(page, "Assist");
    await page.getByRole("textbox", { name: "length of the training" }).fill(budget);
    await page.getByRole("combobox", { name: "network" }).selectOption("cell");
    await page.getByRole("button", { name: "train, begun with cell" }).click();
    const training = page.getByRole("region", { name: "train-1" });
    await expect.poll(() => training.getAttribute("data-state")).not.toBe("running");
    expect(await training.textContent()).toContain("trained for");
    const boxes = join(data, "overlay", ".pickbench-studio", "mia_studio", "membrane.boxes.json");
    const tomogram = await openTomogram(dataset.runs[0]!.tomograms[0]!);
    const feature = { name: "membrane", user: "mia", session: "studio", annotated: { boxes } };
    const { voxels } = (await readMask(await openDataset(data), "TS_S1", feature, tomogram))!;
    for (let z = 0; z < shape[0]; z++) {
      const slice = voxels.subarray(z * plane, (z + 1) * plane);
      expect(slice.includes(1)).toBe(slices.includes(z));
      expect(slice.includes(2)).toBe(!slices.includes(z));
    }
    const record = JSON.parse(
      await readFile(join(folder, "studio", "train-1", "run", "record.json"), "utf8"),
    );
    expect(record.experiment.resolved.data.picks).toEqual({ user: "mia", session: "studio" });

    await page.getByRole("combobox", { name: "Run" }).selectOption("TS_S2");
    await page.waitForURL(/#\/look\/TS_S2\?volume=/);
    await shownPlane(page, "z");
    await expect.poll(() => page.getByRole("combobox", { name: "network" }).inputValue()).toBe("train-1");
    await page.getByRole("button", { name: "suggest picks" }).click();
    const suggested = page.getByRole("region", { name: "picks of train-1 in TS_S2" });
    await expect.poll(() => suggested.getAttribute("data-state")).not.toBe("running");
    expect(await suggested.textContent()).toMatch(/\d+ suggested/);
    expect(await ownOf("TS_S2")).toEqual([]);
    const shown = page.getByRole("status", { name: "suggestions" });
    await expect.poll(() => shown.textContent()).toMatch(/[1-9]\d* open/);

    const acceptAll = page.getByRole("button", { name: /accept all/ });
    const offered = async (): Promise<number> => Number(/\d+/.exec((await acceptAll.textContent())!)![0]);
    let least = 0.3;
    do {
      await page.getByRole("spinbutton", { name: "score of at least" }).fill(least.toFixed(2));
      least += 0.02;
    } while ((await offered()) > 1.3 * truth.length);
    const offers = await offered();
    await acceptAll.click();
    const rest = page.getByRole("button", { name: "reject the rest" });
    if (await rest.isEnabled()) await rest.click();
    await expect.poll(() => shown.textContent()).toBe("0 open");
    await tab(page, "Annotate");
    await saved(page);
    await expect.poll(async () => (await ownOf("TS_S2")).length).toBe(offers);
    const accepted = await ownOf("TS_S2");
    const scored = dataset.particles.map((one) => ({ ...one, weight: types.includes(one.name) ? 1 : 0 }));
    const before = scorePicks(new Map([["TS_S2", other]]), new Map([["TS_S2", accepted]]), scored);

    const matched = new Map(other.map((one) => [one, accepted.find((pick) => isNear(pick, one))]));
    const right = new Set(matched.values());
    await tool(page, "Pick");
    const wrong = accepted.filter((pick) => !right.has(pick));
    for (const pick of wrong) {
      await page.keyboard.press("Escape");
      await toSlice(page, "z", Math.min(47, Math.max(0, Math.floor(pick.z / 10))));
      await clickAt(page, pick);
      await page.keyboard.press("Delete");
    }
    const missed = other.filter((one) => matched.get(one) === undefined);
    await addPicks(page, missed);
    await becomesTruth(() => ownOf("TS_S2"), other);
    const corrected = await ownOf("TS_S2");
    const after = scorePicks(new Map([["TS_S2", other]]), new Map([["TS_S2", corrected]]), scored);
    expect(after.score).toBe(1);
    expect(studio.faults).toEqual([]);
    expect(studio.strangers).toEqual([]);
    await page.screenshot({ path: join(tmpdir(), "annotation-session.png") });
    console.log(
      `trained ${budget}: ${accepted.length} suggestions accepted, F4 ${before.score.toFixed(3)}; ${wrong.length} deleted, ${missed.length} added, F4 ${after.score.toFixed(3)}`,
    );
  });
});
