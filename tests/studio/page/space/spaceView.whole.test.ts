// The 3-D view, overlays and dropped files in the studio's page, in a real browser.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { simulateDataset } from "../../../../src/data/simulate/simulateDataset.js";
import { meshFormats } from "../../../../src/formats/meshes/catalogue.js";
import { firstCamera, frameOf, project } from "../../../../src/web/studio/space/camera.js";
import type { Vector } from "../../../../src/web/studio/space/vectors.js";
import {
  drawn,
  hasChromium,
  type OpenStudio,
  openStudio,
  shownPlane,
  startBrowser,
} from "../../../support/studioBrowser.js";

const scratch = mkdtempSync(join(tmpdir(), "pickbench-space-"));
const folder = join(scratch, "data");
const meshFile = join(scratch, "TS_S1__plate.glb");
const lengths: Vector = [960, 960, 400];
const run = "TS_S1";
let browser: Browser;

beforeAll(async () => {
  await simulateDataset({
    ...{ out: folder, runs: 1, shape: [40, 96, 96], spacing: 10, seed: 1, part: "train", flat: true },
    counts: new Map([["ribosome", 2]]),
    cell: { features: ["membrane"] },
  });
  await meshFormats.glb.write(meshFile, {
    positions: new Float32Array([300, 300, 100, 660, 300, 100, 660, 660, 100, 300, 660, 100]),
    normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]),
    faces: new Int32Array([0, 1, 2, 0, 2, 3]),
    parts: [{ name: "plate", firstVertex: 0, vertices: 4, firstFace: 0, faces: 2 }],
    colour: [255, 0, 0],
    notes: { unit: "A", origin: "corner" },
  });
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

async function opened(
  paths: readonly string[] = [],
  options: Parameters<typeof openStudio>[2] = {},
): Promise<OpenStudio> {
  const studio = await openStudio(browser, { paths: [folder, ...paths] }, options);
  onTestFinished(() => studio.close());
  const { page } = studio;
  await page.locator(".space canvas[data-fine]").waitFor();
  await redrawn(page, () => page.getByRole("tab", { name: "Layers" }).click());
  return studio;
}

/** Does something and waits until the 3-D view shows, finely, all that came of it. */
async function redrawn(page: Page, act: () => Promise<unknown>): Promise<void> {
  await act();
  await page.locator(".space canvas[data-fine]").waitFor();
}

/** Size of the 3-D picture, red, green and blue at places in it, and a sum over all of it. */
const readSpace = (page: Page, at: readonly (readonly number[])[] = []) =>
  page.evaluate<{ width: number; height: number; colours: number[][]; sum: number }>(`(() => {
    const canvas = document.querySelector(".space canvas");
    const gl = canvas.getContext("webgl2");
    const { width, height } = canvas;
    const all = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, all);
    let sum = 0;
    for (let i = 0; i < all.length; i++) sum = (Math.imul(sum, 31) + all[i]) >>> 0;
    const colours = ${JSON.stringify(at)}.map(([x, y]) =>
      [...all.subarray(4 * ((height - 1 - Math.round(y)) * width + Math.round(x))).subarray(0, 3)]);
    return { width, height, colours, sum };
  })()`);

/** Where a point is in the 3-D view as it is at first. */
async function pixelOf(page: Page, point: Vector): Promise<[number, number]> {
  const { x, y } = project(point, frameOf(firstCamera(lengths)), await readSpace(page))!;
  return [x, y];
}

const csv = (rows: string): string => `id,experiment,particle_type,x,y,z\n${rows}\n`;
const file = (name: string, text: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const choose = (page: Page, files: Parameters<ReturnType<Page["getByLabel"]>["setInputFiles"]>[0]) =>
  page.getByLabel("files of positions or meshes").setInputFiles(files);

describe.skipIf(!hasChromium)("the view in 3-D", () => {
  test("shows the tomogram, turns, moves and zooms by mouse and keys, and comes back", async () => {
    const { page, faults, strangers } = await opened();
    const over = page.locator(".space canvas.over");
    const first = (await readSpace(page)).sum;
    const [middle] = (await readSpace(page, [await pixelOf(page, [480, 480, 200])])).colours;
    expect(middle![0]).toBeGreaterThan(20);
    const box = (await over.boundingBox())!;
    await redrawn(page, async () => {
      await page.mouse.move(box.x + 100, box.y + 100);
      await page.mouse.down();
      await page.mouse.move(box.x + 160, box.y + 130, { steps: 3 });
      await page.mouse.up();
    });
    const seen = [first, (await readSpace(page)).sum];
    await over.focus();
    for (const key of ["ArrowLeft", "Shift+ArrowUp", "+", "-", "Shift+ArrowDown", "ArrowRight"]) {
      await redrawn(page, () => page.keyboard.press(key));
      seen.push((await readSpace(page)).sum);
    }
    await redrawn(page, () => page.mouse.wheel(0, 200));
    seen.push((await readSpace(page)).sum);
    for (const [at, sum] of seen.entries()) expect(sum).not.toBe(seen[at + 1]);
    await redrawn(page, () => page.keyboard.press("0"));
    expect((await readSpace(page)).sum).toBe(first);
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  });

  test("two fingers zoom, one turns", async () => {
    const { page } = await opened([], { hasTouch: true, viewport: { width: 390, height: 844 } });
    await page.locator(".space canvas.over").scrollIntoViewIfNeeded();
    const box = (await page.locator(".space canvas.over").boundingBox())!;
    const touches = await page.context().newCDPSession(page);
    const at = (x: number, y: number, id: number) => ({ x: box.x + x, y: box.y + y, id });
    const touch = (type: string, touchPoints: object[]) =>
      touches.send("Input.dispatchTouchEvent", { type, touchPoints } as never);
    const first = (await readSpace(page)).sum;
    await redrawn(page, async () => {
      await touch("touchStart", [at(100, 100, 0)]);
      await touch("touchMove", [at(140, 100, 0)]);
      await touch("touchEnd", []);
    });
    const turned = (await readSpace(page)).sum;
    await redrawn(page, async () => {
      await touch("touchStart", [at(100, 100, 0), at(140, 140, 1)]);
      await touch("touchMove", [at(80, 80, 0), at(160, 160, 1)]);
      await touch("touchEnd", []);
    });
    expect(new Set([first, turned, (await readSpace(page)).sum]).size).toBe(3);
  });

  test("surfaces follow the threshold, and no tomogram leaves the box alone", async () => {
    const { page } = await opened();
    const how = page.getByLabel("how the tomogram is drawn in 3-D");
    await redrawn(page, () => how.selectOption("dark surface"));
    const surface = (await readSpace(page)).sum;
    await redrawn(page, () => page.getByLabel("value of the surface").fill("0.1"));
    expect((await readSpace(page)).sum).not.toBe(surface);
    await redrawn(page, () => how.selectOption("none"));
    const [x, y] = await pixelOf(page, [300, 700, 200]);
    expect((await readSpace(page, [[x, y]])).colours[0]).toEqual([0, 0, 0]);
  });

  test("a dropped file's picks are spheres where they are, and a click on one brings the planes there", async () => {
    const { page, faults } = await opened();
    await choose(page, file("mine.csv", csv(`0,${run},ribosome,300,400,100\n1,${run},ribosome,700,600,300`)));
    await page.getByText("mine.csv: 2 positions").waitFor();
    const [x, y] = await pixelOf(page, [300, 400, 100]);
    await page.getByLabel("how the tomogram is drawn in 3-D").selectOption("none");
    const isGreen = async () => {
      const [red, green, blue] = (await readSpace(page, [[x, y]])).colours[0]! as [number, number, number];
      return green > 60 && green > 1.2 * Math.max(red, blue);
    };
    await expect.poll(isGreen).toBe(true);
    await page.locator(".space canvas.over").click({ position: { x, y } });
    await expect.poll(() => page.url()).toContain("at=300.0%2C400.0%2C100.0");
    await page.getByText(/^ribosome of mine\.csv/).waitFor();
    await page.getByLabel("remove mine.csv").click();
    await expect.poll(async () => (await readSpace(page, [[x + 4, y + 4]])).colours[0]).toEqual([0, 0, 0]);
    expect(faults).toEqual([]);
  });

  test("what cannot be read is said in a sentence, and stops no other file", async () => {
    const { page } = await opened();
    await choose(page, [
      file("other.csv", csv("0,TS_9,ribosome,1,2,3")),
      file("hostile.csv", `<img src=x onerror="document.title='x'">`),
      file("good.csv", csv(`0,${run},ribosome,1,2,3`)),
      file("bad.glb", "glTF"),
    ]);
    await page.getByText("good.csv: 1 position").waitFor();
    const failures = page.locator(".layers .failure");
    await expect.poll(() => failures.count()).toBe(3);
    const said = await failures.allInnerTexts();
    expect(said[0]).toBe("other.csv has positions of TS_9, and none of TS_S1, which is looked at");
    expect(said[1]).toMatch(/^hostile\.csv: is of no known format of positions/);
    expect(said[2]).toBe("bad.glb: The file does not begin as a .glb file does.");
    expect(said.join()).not.toContain("--");
    expect(await page.title()).not.toBe("x");
  });

  test("files are taken by drag and drop", async () => {
    const { page } = await opened();
    const text = csv(`0,${run},ribosome,300,400,100`);
    await page.evaluate(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([${JSON.stringify(text)}], "dragged.csv"));
      const views = document.querySelector(".views");
      for (const type of ["dragover", "drop"])
        views.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    })()`);
    await page.getByText("dragged.csv: 1 position").waitFor();
  });

  test("a mesh that was opened is drawn where it lies; another run's is not listed", async () => {
    const other = join(scratch, "TS_9__plate.glb");
    writeFileSync(other, readFileSync(meshFile));
    const { page } = await opened([meshFile, other]);
    await page.getByText("TS_S1__plate.glb, 2 triangles").waitFor();
    expect(await page.getByText("TS_9__plate.glb").count()).toBe(0);
    await page.getByLabel("how the tomogram is drawn in 3-D").selectOption("none");
    const inside = await pixelOf(page, [400, 400, 100]);
    const outside = await pixelOf(page, [700, 400, 100]);
    const colours = async () => (await readSpace(page, [inside, outside])).colours;
    const drawn = async () => {
      const [on, off] = await colours();
      return { isRed: on![0]! > 150, others: on!.slice(1), off };
    };
    await expect.poll(drawn).toEqual({ isRed: true, others: [0, 0], off: [0, 0, 0] });
    await page.getByRole("checkbox", { name: "TS_S1__plate.glb" }).uncheck();
    await expect.poll(async () => (await colours())[0]).toEqual([0, 0, 0]);
  });

  test("a mask lies over the planes in its colour and opacity, exactly where it is one, and in 3-D", async () => {
    const zoom = 0.4;
    const { page, address } = await opened([], { hash: `#/look/${run}?at=480,480,205&zoom=${zoom}` });
    const session = (await (await fetch(`${address}api/session`)).json()) as {
      runs: { volumes: { id: string; kind: string }[] }[];
    };
    const { id } = session.runs[0]!.volumes.find(({ kind }) => kind === "mask")!;
    const words = new Uint16Array(
      await (await fetch(`${address}api/volumes/${id}/slice/0/z/20`)).arrayBuffer(),
    );
    await shownPlane(page, "z");
    const places = Array.from(
      { length: 400 },
      (_, i) => [20 + 3 * (i % 20), 20 + 3 * Math.floor(i / 20)] as const,
    );
    const truth = places.map(([x, y]) => words[y * 96 + x]! > 0);
    expect(new Set(truth).size).toBe(2);
    const hues = () =>
      page.evaluate<number[]>(`(() => {
        const canvas = document.querySelector('.plane:has(canvas[data-plane="z"]) canvas.greys');
        const context = canvas.getContext("2d");
        return ${JSON.stringify(places)}.map(([x, y]) => {
          const [red, , blue] = context.getImageData(
            Math.floor(canvas.width / 2 + ((x + 0.5) * 10 - 480) * ${zoom}),
            Math.floor(canvas.height / 2 + ((y + 0.5) * 10 - 480) * ${zoom}), 1, 1).data;
          return blue - red;
        });
      })()`);
    const before = (await readSpace(page)).sum;
    await page.getByRole("checkbox", { name: "membrane" }).check();
    await page.getByLabel("opacity of membrane").fill("1");
    await expect.poll(async () => Math.max(...(await hues()))).toBe(233 - 86);
    await page.locator(".space canvas[data-fine]").waitFor();
    expect((await readSpace(page)).sum).not.toBe(before);
    expect((await hues()).map((hue) => hue > 100)).toEqual(truth);
    await page.getByLabel("opacity of membrane").fill("0.5");
    await expect.poll(async () => Math.max(...(await hues()))).toBeLessThan(80);
    await page.getByLabel("opacity of membrane").fill("0");
    await expect.poll(async () => Math.max(...(await hues()))).toBe(0);
  });

  test("a picture of all four views is saved as a PNG", async () => {
    const { page } = await opened();
    for (const across of ["z", "y", "x"] as const) await shownPlane(page, across);
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "save picture" }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe(`${run}.png`);
    const { width, height, data, channels } = decode(readFileSync(await download.path()));
    const views = (await page.locator(".views").boundingBox())!;
    expect([width, height]).toEqual([Math.round(views.width), Math.round(views.height + 26)]);
    for (const [right, down] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.7],
      [0.75, 0.7],
    ] as const) {
      const greys = Array.from({ length: 400 }, (_, i) => {
        const [x, y] = [right * width + (i % 20) - 10, down * height + i / 20 - 10].map(Math.floor) as [
          number,
          number,
        ];
        return data[(y * width + x) * channels]!;
      });
      expect(new Set(greys).size).toBeGreaterThan(5);
    }
  });

  test("a thousand changes of slice leave the page's memory as it was", async () => {
    const { page } = await opened();
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const held = async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((each) => each.name === name)!.value;
      return { heap: of("JSHeapUsedSize"), nodes: of("Nodes") };
    };
    const change = async (times: number) => {
      await page.evaluate(`(async () => {
        const plane = document.querySelector('canvas[data-plane="z"]');
        for (let at = 0; at < ${times}; at++) {
          plane.dispatchEvent(new KeyboardEvent("keydown", { key: at % 60 < 30 ? "PageDown" : "PageUp" }));
          await new Promise(requestAnimationFrame);
        }
      })()`);
      await drawn(page);
      await expect.poll(() => page.locator(".picture[aria-busy='true']").count()).toBe(0);
    };
    await redrawn(page, () => change(60));
    const before = await held();
    await redrawn(page, () => change(1000));
    const after = await held();
    expect(after.heap - before.heap).toBeLessThan(2 * 2 ** 20);
    expect(after.nodes - before.nodes).toBeLessThan(50);
  });
});
