// Annotating in a real browser, by mouse and keys, read back from copick's files.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readMask } from "../../src/data/masks/read.js";
import { readPicks } from "../../src/data/picks.js";
import { openTomogram } from "../../src/data/tomograms/omeZarr.js";
import {
  clickAt,
  colourOver,
  dragAlong,
  lookAt,
  saved,
  studioProcess,
  tool,
  toSlice,
} from "../support/annotatingPage.js";
import { annotationScene, sceneShape } from "../support/annotationScene.js";
import { hasChromium, newPage, openStudio, shownPlane, startBrowser } from "../support/studioBrowser.js";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const middle = { x: 250, y: 200, z: 105 };
const hash = lookAt("TS_1", middle, 0.9);
const scene = async (): Promise<string> => annotationScene(await mkdtemp(join(tmpdir(), "annotate-")));
const author = { userId: "mia", sessionId: "studio" };

async function opened(folder: string) {
  const studio = await openStudio(browser, { paths: [folder], isAnnotating: true }, { hash });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await studio.close();
    isOpen = false;
  };
  onTestFinished(close);
  await ready(studio.page);
  return { ...studio, close };
}

async function ready(page: Page): Promise<void> {
  await shownPlane(page, "z");
  const tab = page.getByRole("tab", { name: "Annotate" });
  if ((await tab.count()) > 0) await tab.click();
  await page.getByRole("status", { name: "saving" }).waitFor();
}

const picksOf = async (folder: string, type: string) =>
  (await readPicks(await openDataset(folder), "TS_1", type, author)).map(({ x, y, z }) =>
    [x, y, z].map(Math.round),
  );

/** The mask as `run` reads it. */
async function maskOf(folder: string) {
  const data = await openDataset(folder);
  const boxes = join(folder, "overlay", ".pickbench-studio", "mia_studio", "membrane.boxes.json");
  const feature = { name: "membrane", user: "mia", session: "studio", annotated: { boxes } };
  const tomogram = await openTomogram(data.runs[0]!.tomograms[0]!);
  return (await readMask(data, "TS_1", feature, tomogram))!.voxels;
}

describe.skipIf(!hasChromium)("annotating", () => {
  test("picks are added, moved, retyped, deleted, undone and done again, by mouse and by keys alone", async () => {
    const folder = await scene();
    const { page, faults, strangers, close } = await opened(folder);
    await tool(page, "Pick");
    await page.keyboard.press("1");
    await clickAt(page, { x: 100, y: 100, z: 105 });
    await clickAt(page, { x: 400, y: 100, z: 105 });
    await clickAt(page, { x: 400, y: 300, z: 105 });
    await page.keyboard.press("4");
    await page.keyboard.press("1");
    await dragAlong(page, [
      { x: 410, y: 110, z: 105 },
      { x: 340, y: 150, z: 105 },
    ]);
    await clickAt(page, { x: 400, y: 300, z: 105 });
    await page.keyboard.press("4");
    await page.keyboard.press("4");
    await saved(page);
    await expect
      .poll(() => picksOf(folder, "apo-ferritin"))
      .toEqual([
        [100, 100, 105],
        [330, 140, 105],
      ]);
    await expect.poll(() => picksOf(folder, "ribosome")).toEqual([[400, 300, 105]]);

    await page.keyboard.press("Delete");
    await expect.poll(() => picksOf(folder, "ribosome")).toEqual([]);
    for (let step = 0; step < 3; step++) await page.keyboard.press("Control+z");
    await expect
      .poll(() => picksOf(folder, "apo-ferritin"))
      .toEqual([
        [100, 100, 105],
        [400, 100, 105],
        [400, 300, 105],
      ]);
    await page.keyboard.press("Control+y");
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => picksOf(folder, "ribosome")).toEqual([[400, 300, 105]]);
    await expect
      .poll(() => picksOf(folder, "apo-ferritin"))
      .toEqual([
        [100, 100, 105],
        [330, 140, 105],
      ]);

    await page.keyboard.press("v");
    await page.keyboard.press("4");
    await page.getByRole("slider", { name: "z slice" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("a");
    await page.getByRole("spinbutton", { name: "x", exact: true }).fill("260");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => picksOf(folder, "ribosome"))
      .toEqual([
        [400, 300, 105],
        [260, 200, 115],
      ]);
    await saved(page);
    await close();
    expect(await picksOf(folder, "ribosome")).toEqual([
      [400, 300, 105],
      [260, 200, 115],
    ]);
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  });

  test("masks are painted, rubbed out, filled and interpolated, seen at once, and known where it was said", async () => {
    const folder = await scene();
    const { page, faults, close } = await opened(folder);
    await page.getByRole("textbox", { name: "new mask" }).fill("membrane");
    await page.keyboard.press("Enter");
    await page.getByRole("spinbutton", { name: "brush radius" }).fill("2");
    await tool(page, "Brush");
    const ring = [
      [150, 100],
      [350, 100],
      [350, 300],
      [150, 300],
      [150, 100],
    ].map(([x, y]) => ({ x: x!, y: y!, z: 105 }));
    await dragAlong(page, ring);
    await tool(page, "Fill");
    await clickAt(page, { x: 250, y: 200, z: 105 });
    const inside = { x: 300, y: 150, z: 105 };
    await expect.poll(async () => (await colourOver(page, inside))[3]).toBeGreaterThan(50);
    const [red, green] = await colourOver(page, inside);
    expect(red! - green!).toBeGreaterThan(50);
    expect((await colourOver(page, { ...inside, x: 450 }))[3]).toBe(0);
    await tool(page, "Rub out");
    await dragAlong(page, [
      { x: 250, y: 150, z: 105 },
      { x: 250, y: 250, z: 105 },
    ]);
    await saved(page);
    await toSlice(page, "z", 14);
    await tool(page, "Brush");
    await dragAlong(page, ring);
    await tool(page, "Fill");
    await clickAt(page, { x: 250, y: 200, z: 145 });
    await page.getByRole("spinbutton", { name: "slices that a box is deep" }).fill("3");
    await tool(page, "Box");
    await toSlice(page, "z", 2);
    await dragAlong(page, [
      { x: 105, y: 95, z: 25 },
      { x: 55, y: 45, z: 25 },
    ]);
    await toSlice(page, "z", 12);
    await page.getByRole("button", { name: "interpolate z 10 to 14" }).click();
    await saved(page);
    await close();

    const voxels = await maskOf(folder);
    const [, height, width] = sceneShape;
    const at = (z: number, y: number, x: number): number => voxels[(z * height + y) * width + x]!;
    const slice = (z: number) => voxels.subarray(z * height * width, (z + 1) * height * width);
    const yes = (z: number): number => slice(z).filter((voxel) => voxel === 1).length;
    expect(at(10, 20, 20)).toBe(1);
    expect(at(10, 20, 25)).toBe(0);
    expect(at(10, 5, 5)).toBe(0);
    expect(at(10, 10, 15)).toBe(1);
    expect(at(14, 20, 25)).toBe(1);
    for (const z of [11, 12, 13]) {
      expect(slice(z)).not.toContain(2);
      expect(yes(z)).toBeGreaterThanOrEqual(yes(10));
      expect(yes(z)).toBeLessThanOrEqual(yes(14));
    }
    expect(at(9, 20, 20)).toBe(2);
    const boxed = [1, 2, 3].map((z) => slice(z).filter((voxel) => voxel === 0).length);
    expect(boxed).toEqual([36, 36, 36]);
    expect(at(2, 4, 5)).toBe(0);
    expect(at(2, 9, 10)).toBe(0);
    expect(at(2, 10, 10)).toBe(2);
    expect(faults).toEqual([]);
  });

  test("a server that is killed in the middle and started again, and a page that is loaded again, lose and double nothing", async () => {
    const folder = await scene();
    const args = [folder, "--annotate", "--user", "mia", "--session", "studio"];
    let server = await studioProcess(...args);
    onTestFinished(() => server.kill());
    const page = await newPage(browser, { viewport: { width: 1280, height: 800 } });
    onTestFinished(() => page.context().close());
    await page.goto(`${server.address}${hash}`);
    await ready(page);
    await tool(page, "Pick");
    await page.keyboard.press("1");
    const places = [
      [60, 60],
      [200, 60],
      [340, 60],
      [60, 200],
      [200, 200],
      [340, 200],
      [60, 340],
      [200, 340],
      [340, 340],
    ];
    const add = async (from: number, to: number): Promise<void> => {
      for (const [x, y] of places.slice(from, to)) await clickAt(page, { x: x!, y: y!, z: 105 });
    };
    await add(0, 3);
    const killing = server.kill();
    await add(3, 5);
    await killing;
    await add(5, 6);
    await expect
      .poll(() => page.getByRole("status", { name: "saving" }).textContent())
      .toContain("kept in this browser");
    server = await studioProcess(...args);
    await saved(page);
    await add(6, 7);
    await saved(page);
    await server.kill();
    await add(7, 9);
    server = await studioProcess(...args);
    await page.reload();
    await ready(page);
    await saved(page);
    await expect.poll(() => picksOf(folder, "apo-ferritin")).toEqual(places.map(([x, y]) => [x, y, 105]));
    const shown = page.getByRole("radio", { name: "apo-ferritin" });
    await expect.poll(() => page.locator("label", { has: shown }).locator("output").textContent()).toBe("9");
  });

  test("without --annotate nothing can be written, and the page offers nothing to write with", async () => {
    const folder = await scene();
    const studio = await openStudio(browser, { paths: [folder] }, { hash });
    onTestFinished(() => studio.close());
    await shownPlane(studio.page, "z");
    expect(await studio.page.getByRole("status", { name: "saving" }).count()).toBe(0);
    const edits = {
      edits: [{ client: "a", number: 1, changes: [{ do: "add", id: "a", type: "ribosome", at: [1, 2, 3] }] }],
    };
    const answer = await fetch(`${studio.address}api/runs/TS_1/annotations/edits`, {
      method: "POST",
      body: JSON.stringify(edits),
    });
    expect(answer.status).toBe(404);
  });
});
