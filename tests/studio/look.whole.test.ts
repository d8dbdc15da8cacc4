// The viewer in a real browser: what it paints, how it is driven, what it asks for.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { openTomogram, resolveTomogram } from "../../src/data/tomograms/omeZarr.js";
import { hasChromium, type OpenStudio, openStudio, shownPlane, startBrowser } from "../support/studioBrowser.js";

const folder = join(mkdtempSync(join(tmpdir(), "studio-")), "data");
let browser: Browser;

beforeAll(async () => {
  await simulateDataset({ out: folder, runs: 2, size: [32, 96, 96], seed: 1 });
  browser = await startBrowser();
});
afterAll(() => browser?.close());

async function opened(options: Parameters<typeof openStudio>[2] = {}): Promise<OpenStudio> {
  const studio = await openStudio(browser, { paths: [folder] }, options);
  onTestFinished(() => studio.close());
  return studio;
}

/** Greys of the pixels of the z plane where voxels lie, read back from the canvas. */
const greysOf = (page: Page, places: readonly (readonly [x: number, y: number])[]): Promise<number[]> =>
  page.locator('.plane:has(canvas[data-plane="z"]) canvas.greys').evaluate((canvas, at) => {
    const context = (canvas as unknown as { getContext(kind: "2d"): CanvasRenderingContext2D }).getContext("2d");
    return at.map(([x, y]) => context.getImageData(x, y, 1, 1).data[0]!);
  }, places);

describe.skipIf(!hasChromium)("the viewer", () => {
  test("paints the voxels of the tomogram", async () => {
    const { page, faults, strangers } = await opened();
    expect(await shownPlane(page, "z")).toMatch(/^\d 16$|^\d 8$/);
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  });
});
