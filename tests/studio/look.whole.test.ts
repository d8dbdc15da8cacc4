// The viewer in a real browser: what it paints, how it is driven, what it asks for.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { openTomogram, resolveTomogram } from "../../src/data/tomograms/omeZarr.js";
import {
  hasChromium,
  type OpenStudio,
  openStudio,
  shownPlane,
  showsSlice,
  startBrowser,
} from "../support/studioBrowser.js";
import { simulatedForFile } from "../support/studioData.js";

const [depth, size] = [40, 96];
const { folder } = simulatedForFile([depth, size, size], 2);
let browser: Browser;

beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
});

async function opened(options: Parameters<typeof openStudio>[2] = {}): Promise<OpenStudio> {
  const studio = await openStudio(browser, { paths: [folder] }, options);
  onTestFinished(() => studio.close());
  return studio;
}

/** Pixels of the z plane's picture: its size, and the red of some places. */
const readPixels = (page: Page, at: readonly (readonly number[])[]) =>
  page.evaluate<{ width: number; height: number; reds: number[] }>(`(() => {
    const canvas = document.querySelector('.plane:has(canvas[data-plane="z"]) canvas.greys');
    const context = canvas.getContext("2d");
    const reds = ${JSON.stringify(at)}.map(([x, y]) =>
      context.getImageData(Math.round(canvas.width / 2 + x), Math.round(canvas.height / 2 + y), 1, 1).data[0]);
    return { width: canvas.width, height: canvas.height, reds };
  })()`);

describe.skipIf(!hasChromium)("the viewer", () => {
  test("paints the voxels of the tomogram where they lie", async () => {
    const zoom = 0.4;
    const middle = [(size * 10) / 2, (size * 10) / 2, (depth * 10) / 2];
    const hash = `#/look/TS_S2?at=${middle.join(",")}&zoom=${zoom}`;
    const { page, faults, strangers, address } = await opened({ hash });
    expect(await shownPlane(page, "z")).toBe(`0 ${depth / 2}`);
    const { runs } = (await (await fetch(`${address}api/session`)).json()) as {
      runs: { name: string; volumes: { id: string }[] }[];
    };
    const id = runs[1]!.volumes[0]!.id;
    const info = (await (await fetch(`${address}api/volumes/${id}`)).json()) as {
      contrast: [number, number];
    };
    const [black, white] = info.contrast;

    const dataset = await openDataset(folder);
    const reader = await openTomogram(await resolveTomogram(dataset.runs[1]!.tomograms[0]!));
    const { data } = await reader.readAll();
    const offsets = [-12, -7, -3, 0, 2, 5, 11];
    const places = offsets.flatMap((y) => offsets.map((x) => [x, y] as const));
    const wanted = places.map(([x, y]) => {
      const value = data[((depth / 2) * size + size / 2 + y) * size + size / 2 + x]!;
      return Math.min(255, Math.max(0, (255 * (value - black)) / (white - black)));
    });
    const { reds } = await readPixels(
      page,
      places.map(([x, y]) => [(x + 0.5) * 10 * zoom, (y + 0.5) * 10 * zoom]),
    );
    for (const [at, red] of reds.entries()) expect(Math.abs(red - wanted[at]!)).toBeLessThan(1.5);
    expect(new Set(reds).size).toBeGreaterThan(20);
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  });

  test("is scrolled, panned and zoomed by keys and wheel alone", async () => {
    const { page } = await opened();
    const plane = page.locator('canvas[data-plane="z"]');
    await showsSlice(page, "z", depth / 2);
    await plane.focus();
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    await showsSlice(page, "z", depth / 2 + 2);
    await page.keyboard.press("Shift+PageUp");
    await showsSlice(page, "z", depth / 2 - 8);
    await plane.hover();
    await page.mouse.wheel(0, 100);
    await showsSlice(page, "z", depth / 2 - 7);
    const zoomOf = () => Number(new URLSearchParams(page.url().split("?")[1]).get("zoom"));
    await expect.poll(zoomOf).toBeGreaterThan(0);
    const before = zoomOf();
    await page.keyboard.press("+");
    await expect.poll(zoomOf).toBeCloseTo(before * 1.25, 3);
  });

  test("a click brings the other planes to the point", async () => {
    const zoom = 0.4;
    const { page } = await opened({ hash: `#/look/TS_S1?at=480,480,200&zoom=${zoom}` });
    const plane = page.locator('canvas[data-plane="z"]');
    await showsSlice(page, "z", 20);
    const box = (await plane.boundingBox())!;
    await plane.click({ position: { x: box.width / 2 + 41 * zoom * 10 * 0.25, y: box.height / 2 - 33 } });
    await showsSlice(page, "x", 48 + 10);
    await showsSlice(page, "y", 48 - 9);
  });

  test("the address keeps the view", async () => {
    const { page } = await opened({ hash: "#/look/TS_S2?at=105,205,55&zoom=0.2" });
    await showsSlice(page, "z", 5);
    await showsSlice(page, "x", 10);
    await showsSlice(page, "y", 20);
    await expect.poll(() => page.url()).toContain("at=105.0%2C205.0%2C55.0&zoom=0.2");
  });

  test("a slice on its way is told, one that cannot be read takes the old greys away", async () => {
    const { page } = await opened({ hash: "#/look/TS_S1?at=480,480,55&zoom=0.4" });
    await showsSlice(page, "z", 5);
    const picture = page.locator('.plane:has(canvas[data-plane="z"]) .picture');
    const failure = picture.locator(".failure");
    const redAtMiddle = async () => (await readPixels(page, [[3, 3]])).reds[0];
    const slice = "**/slice/0/z/30";
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route(slice, async (route) => {
      await held;
      await route.fulfill({ status: 500, body: "{}" });
    });
    await page.getByLabel("z slice").fill("30");
    await expect.poll(() => picture.getAttribute("aria-busy")).toBe("true");
    expect(await redAtMiddle()).toBeGreaterThan(0);
    letGo();
    await failure.waitFor();
    expect([await redAtMiddle(), await picture.getAttribute("aria-busy")]).toEqual([0, "false"]);
    await page.unroute(slice);
    await page.getByLabel("z slice").fill("33");
    await showsSlice(page, "z", 33);
    expect([await failure.count(), await picture.getAttribute("aria-busy")]).toEqual([0, "false"]);
  });

  test("a link to the same run goes where it says, and the tab comes back to it", async () => {
    const { page } = await opened({ hash: "#/look/TS_S2?at=105,205,55&zoom=0.2" });
    await showsSlice(page, "z", 5);
    await page.evaluate('location.hash = "#/look/TS_S2?at=305,205,155&zoom=0.2"');
    await showsSlice(page, "z", 15);
    await showsSlice(page, "x", 30);
    await page.getByRole("link", { name: "Data" }).click();
    await page.locator("canvas.greys").first().waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Look", exact: true }).click();
    await showsSlice(page, "z", 15);
    expect(await page.getByLabel("Run").inputValue()).toBe("TS_S2");
    await expect.poll(() => page.url()).toContain("#/look/TS_S2?");
  });

  test("the arrow keys go from panel to panel", async () => {
    const { page } = await opened();
    await page.getByRole("tab", { name: "Verdicts" }).focus();
    await page.keyboard.press("ArrowRight");
    const layers = page.getByRole("tab", { name: "Layers" });
    expect(await layers.getAttribute("aria-selected")).toBe("true");
    expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("Layers");
    await page.getByRole("tabpanel", { name: "Layers" }).waitFor();
  });

  test("every control has a name, and a narrow screen shows all of it", async () => {
    const { page } = await opened({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
    await shownPlane(page, "z");
    const nameless = await page.evaluate<string[]>(`
      [...document.querySelectorAll("button, select, input, a, canvas[tabindex]")]
        .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.closest("label")?.textContent.trim()))
        .map((each) => each.outerHTML)`);
    expect(nameless).toEqual([]);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(390);
    const touch = await page.evaluate<string[]>(
      '[...document.querySelectorAll("canvas.over")].map((each) => getComputedStyle(each).touchAction)',
    );
    expect(new Set(touch)).toEqual(new Set(["pan-y"]));
  });

  test("what is not there is refused in a sentence", async () => {
    const { page, address } = await opened();
    await shownPlane(page, "z");
    const answer = await fetch(`${address}api/volumes/t0-0/slice/0/z/4000`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { tag: "BadUsage" } });
    for (const path of ["api/volumes/none", "api/volumes/t0-0/slice/9/z/0", "api/volumes/t0-0/slice/0/q/0"])
      expect((await fetch(address + path)).status).toBe(400);
  });
});
