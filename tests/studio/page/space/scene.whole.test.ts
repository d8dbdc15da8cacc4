// The 3-D view in Chromium's software renderer: what is painted is read back, pixel by pixel.
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  angstromsPerPixel,
  type Camera,
  cameraOf,
  frameOf,
  project,
  turned,
} from "../../../../src/web/studio/space/camera.js";
import type { SpaceMark } from "../../../../src/web/studio/space/marks.js";
import type { Vector } from "../../../../src/web/studio/space/vectors.js";
import { greatestAlong, noiseAt } from "../../../support/plainRays.js";
import { hasChromium, newPage, startBrowser } from "../../../support/studioBrowser.js";

const size = { width: 360, height: 300 };

/** Of the volume: voxels along z, y, x, Å along z, y, x, and a ball of 255 in a box of 40. */
const shape: Vector = [40, 60, 80];
const spacing: Vector = [20, 10, 10];
const ball = { x: 500, y: 250, z: 500, radius: 120 };
const lengths: Vector = [800, 600, 800];

/** Runs in the page: a scene, and what is asked of it. */
const pageScript = `
import { SpaceScene } from "./spaceScene.js";
import { packMarks } from "./marks.js";
import { boxEdges } from "./scaleAxes.js";
const canvas = document.createElement("canvas");
document.body.append(canvas);
const problems = [];
const scene = new SpaceScene(canvas, { onProblem: (sentence) => problems.push(sentence ?? "back") });
scene.resize(${JSON.stringify(size)});
function block(shape, spacing, ball) {
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, at++) {
        const away = Math.hypot((x + .5) * spacing[2] - ball.x, (y + .5) * spacing[1] - ball.y, (z + .5) * spacing[0] - ball.z);
        const edge = Math.min(1, Math.max(0, (ball.radius - away) / 20 + .5));
        data[at] = Math.round(40 + 215 * edge);
      }
  return { data, shape, spacing };
}
Object.assign(globalThis, {
  scene, problems, packMarks, boxEdges, block, canvas,
  async pixels() {
    await scene.settled();
    const gl = canvas.getContext("webgl2");
    const all = new Uint8Array(canvas.width * canvas.height * 4);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, all);
    let text = "";
    for (let at = 0; at < all.length; at += 8192) text += String.fromCharCode(...all.subarray(at, at + 8192));
    return btoa(text);
  },
});`;

/** Red, green and blue of a picture's pixels, counted from its upper left corner. */
type Picture = (x: number, y: number) => readonly [number, number, number];

describe.skipIf(!hasChromium)("the 3-D view, painted", () => {
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    const folder = new URL("../../../../src/web/studio/space", import.meta.url).pathname;
    const { outputFiles } = await build({
      stdin: { contents: pageScript, resolveDir: folder, loader: "ts" },
      ...{ bundle: true, write: false, format: "iife", target: "es2022" },
    });
    browser = await startBrowser();
    page = await newPage(browser);
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    await page.setContent("<!doctype html><body></body>");
    await page.addScriptTag({ content: outputFiles[0]!.text });
  });
  afterAll(async () => {
    await browser?.close();
    expect(faults).toEqual([]);
  });

  async function picture(): Promise<Picture> {
    const all = Buffer.from((await page.evaluate("pixels()")) as string, "base64");
    return (x, y) => {
      const at = 4 * ((size.height - 1 - Math.round(y)) * size.width + Math.round(x));
      return [all[at]!, all[at + 1]!, all[at + 2]!];
    };
  }

  const look = (camera: Camera) => page.evaluate(`scene.camera = ${JSON.stringify(camera)}`);
  const show = (content: string) =>
    page.evaluate(`scene.show({ lengths: ${JSON.stringify(lengths)}, ${content} })`);
  const volume = (mode: string, more = "") =>
    `volumes: new Map([["a", { block: globalThis.data ??= block(${JSON.stringify([...shape])}, ${JSON.stringify([...spacing])}, ${JSON.stringify(ball)}),
      look: { mode: "${mode}", window: [0, 1], threshold: 0.6, colour: [255, 255, 255], opacity: 1, ${more} } }]])`;
  const marks = (list: readonly SpaceMark[]) => `marks: packMarks(${JSON.stringify(list)})`;

  /** Finds a disc: the middle and half the width of what is bright along a row and a column through a pixel. */
  function disc(shown: Picture, x: number, y: number, isBright: (colour: readonly number[]) => boolean) {
    const along = (count: number, at: (i: number) => readonly number[]) => {
      const bright = Array.from({ length: count }, (_, i) => i).filter((i) => isBright(at(i)));
      return { middle: (bright[0]! + bright.at(-1)!) / 2 + 0.5, half: bright.length / 2 };
    };
    const row = along(size.width, (i) => shown(i, Math.floor(y)));
    const column = along(size.height, (i) => shown(Math.floor(x), i));
    return { x: row.middle, y: column.middle, halfWidth: row.half, halfHeight: column.half };
  }

  const straight = cameraOf(lengths);
  const aslant = turned(turned(straight, 70, 0, size), 0, 40, size);

  test.each([
    ["straight", "maximum", straight],
    ["aslant", "maximum", aslant],
    ["straight", "surface", straight],
    ["aslant", "surface", aslant],
  ] as const)("seen %s, the ball's disc is where the camera says: %s", async (_, mode, camera) => {
    await look(camera);
    await show(`${volume(mode)}, ${marks([])}, lines: []`);
    const shown = await picture();
    const wanted = project([ball.x, ball.y, ball.z], frameOf(camera), size)!;
    const radius = ball.radius / angstromsPerPixel(wanted.depth, size);
    const got = disc(shown, wanted.x, wanted.y, ([red]) => red! > (mode === "maximum" ? 150 : 0));
    for (const [value, expected] of [
      [got.x, wanted.x],
      [got.y, wanted.y],
      [got.halfWidth, radius],
      [got.halfHeight, radius],
    ] as const)
      expect(Math.abs(value - expected)).toBeLessThan(2);
    expect(shown(wanted.x, wanted.y)[0]).toBeGreaterThan(240);
    expect(shown(2, 2)).toEqual([0, 0, 0]);
    // Beside the ball, but within the box.
    const beside = project([150, 450, 400], frameOf(camera), size)!;
    expect(shown(beside.x, beside.y)[0]).toBe(mode === "maximum" ? 40 : 0);
  });

  test("a dark ball shows in the projection of the least values, and the window sets black and white", async () => {
    await look(straight);
    await show(
      `volumes: new Map([["a", { block: globalThis.dark ??= { ...data, data: data.data.map((value) => 255 - value) },
        look: { mode: "minimum", window: [0, 0.843137], threshold: 0, colour: [0, 0, 0], opacity: 1 } }]]), ${marks([])}`,
    );
    const shown = await picture();
    const middle = project([ball.x, ball.y, ball.z], frameOf(straight), size)!;
    const beside = project([150, 450, 400], frameOf(straight), size)!;
    expect(shown(middle.x, middle.y)[0]).toBeLessThan(3);
    expect(shown(beside.x, beside.y)[0]).toBeGreaterThan(252);
  });

  test("skipping blocks changes nothing: the projection is the greatest value along each ray", async () => {
    const camera = turned(turned(straight, 55, 0, size), 0, -35, size);
    const noise = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => noiseAt(i));
    await look(camera);
    await page.evaluate(
      `globalThis.noise = { data: Uint8Array.from(atob("${Buffer.from(noise).toString("base64")}"), (c) => c.charCodeAt(0)),
        shape: ${JSON.stringify(shape)}, spacing: ${JSON.stringify(spacing)} }`,
    );
    await show(`volumes: new Map([["a", { block: noise,
      look: { mode: "maximum", window: [0, 1], threshold: 0, colour: [0, 0, 0], opacity: 1 } }]]), ${marks([])}`);
    const shown = await picture();
    const differences = Array.from({ length: 300 }, (_, i) => {
      const [x, y] = [100 + ((i * 37) % 160), 90 + ((i * 53) % 120)] as const;
      return Math.abs(
        shown(x, y)[0] - greatestAlong({ data: noise, shape, spacing }, camera, size, x + 0.5, y + 0.5),
      );
    }).sort((a, b) => a - b);
    // The graphics card weighs neighbours by fractions of 8 bits.
    expect(differences.at(-1)).toBeLessThanOrEqual(4);
    expect(differences[150]).toBeLessThanOrEqual(1);
  });

  test("a sphere hides those behind it, and is as large as the camera says", async () => {
    await look(aslant);
    const { forward } = frameOf(aslant);
    const on = (depth: number, colour: string, radius: number): SpaceMark => ({
      x: aslant.target[0] + forward[0] * depth,
      y: aslant.target[1] + forward[1] * depth,
      z: aslant.target[2] + forward[2] * depth,
      ...{ colour, radius },
    });
    const list = [on(-150, "#ff0000", 60), on(150, "#00ff00", 120), on(0, "#0000ff", 60)];
    for (const order of [list, list.toReversed()]) {
      await show(`volumes: new Map(), ${marks(order)}`);
      const shown = await picture();
      const [red, green, blue] = shown(size.width / 2, size.height / 2);
      expect(red).toBeGreaterThan(240);
      expect([green, blue]).toEqual([0, 0]);
      const front = disc(shown, size.width / 2, size.height / 2, ([r]) => r! > 0);
      const back = disc(shown, size.width / 2, size.height / 2, ([r, g]) => r! + g! > 0);
      const halfOf = (depth: number, radius: number) =>
        radius / angstromsPerPixel(aslant.distance + depth, size);
      expect(Math.abs(front.halfWidth - halfOf(-150, 60))).toBeLessThan(1.5);
      expect(Math.abs(back.halfHeight - halfOf(150, 120))).toBeLessThan(1.5);
      expect(Math.abs(front.x - size.width / 2)).toBeLessThanOrEqual(1);
      expect(await page.evaluate("scene.markAt({ x: 180, y: 150 })")).toBe(
        order.findIndex(({ colour }) => colour === "#ff0000"),
      );
    }
  });

  test("a surface hides a sphere behind it, not one before it; a projection hides none", async () => {
    await look(straight);
    const at = (z: number): SpaceMark => ({ x: ball.x, y: ball.y, z, radius: 30, colour: "#ff0000" });
    const middle = project([ball.x, ball.y, ball.z], frameOf(straight), size)!;
    const redAt = async (mode: string, z: number) => {
      await show(`${volume(mode)}, ${marks([at(z)])}`);
      const [red, green] = (await picture())(middle.x, middle.y);
      return red > 100 && green === 0;
    };
    expect(await redAt("surface", 700)).toBe(false);
    expect(await redAt("surface", 200)).toBe(true);
    expect(await redAt("maximum", 700)).toBe(true);
  });

  test("labels have a colour each, of the first that a ray meets", async () => {
    await look(straight);
    await page.evaluate(`
      globalThis.labels = { data: new Uint8Array(20 * 20 * 20), shape: [20, 20, 20], spacing: [40, 30, 40] };
      for (let z = 0, at = 0; z < 20; z++) for (let y = 0; y < 20; y++) for (let x = 0; x < 20; x++, at++)
        if (y > 6 && y < 13 && z > 6 && z < 13) labels.data[at] = x > 4 && x < 8 ? 1 : x > 12 && x < 16 ? 12 : 0;
        else if (y > 6 && y < 13 && z > 14 && x > 12 && x < 16) labels.data[at] = 1;`);
    await show(`volumes: new Map([["a", { block: labels, look: { mode: "surface", window: [0, 1], threshold: 0.5 / 255,
      colour: [255, 255, 255], opacity: 1, palette: [[255, 0, 0], [0, 0, 255], [0, 255, 0]] } }]]),
      ${marks([])}, lines: [], meshes: new Map()`);
    const shown = await picture();
    const at = (x: number) => {
      const seen = project([x, 300, 280], frameOf(straight), size)!;
      return shown(seen.x, seen.y).map((part) => part > 100);
    };
    expect(at(260)).toEqual([true, false, false]);
    // Label 12 has the third of three colours, green.
    expect(at(580)).toEqual([false, true, false]);
    expect(at(420)).toEqual([false, false, false]);
  });

  test("arrows, lines and meshes are where the camera says", async () => {
    await look(aslant);
    await show(`volumes: new Map(),
      ${marks([{ x: 400, y: 300, z: 400, radius: 80, colour: "#00ff00", direction: [1, 0, 0] }])},
      lines: [{ ends: [[0, 0, 0], [800, 0, 0]], colour: [255, 0, 0] }],
      meshes: new Map([["m", { mesh: { positions: new Float32Array([0, 500, 0, 100, 500, 0, 0, 600, 0]), normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]), indices: new Uint32Array([0, 1, 2]), origin: "corner" }, look: { colour: [0, 0, 255], opacity: 1, shift: [50, 0, 0] } }]])`);
    const shown = await picture();
    const at = (x: number, y: number, z: number) => {
      const seen = project([x, y, z], frameOf(aslant), size)!;
      return [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => shown(seen.x + dx, seen.y + dy)));
    };
    expect(at(400 + 180, 300, 400).some(([, green]) => green > 100)).toBe(true);
    expect(at(400 - 180, 300, 400).every(([, green]) => green === 0)).toBe(true);
    expect(at(200, 0, 0).some(([red]) => red > 200)).toBe(true);
    expect(at(80, 530, 0).every(([, , blue]) => blue > 60)).toBe(true);
    expect(at(20, 530, 0).every(([, , blue]) => blue === 0)).toBe(true);
  });

  test("a volume that is too large or too short is refused in a sentence", async () => {
    await page.evaluate("problems.length = 0");
    const wrong = (sides: string, length: string) =>
      `volumes: new Map([["a", { block: { data: new Uint8Array(${length}), shape: ${sides}, spacing: [1, 1, 1] }, look: { mode: "maximum", window: [0, 1] } }]])`;
    await show(wrong("[1, 1, 5000]", "5000"));
    await show(wrong("[2, 2, 2]", "7"));
    const problems = (await page.evaluate("problems")) as string[];
    expect(problems[0]).toMatch(
      /^The volume has 1 × 1 × 5000 voxels; this graphics card takes 2048 along a side at most\.$/,
    );
    expect(problems[1]).toBe("A volume of 2 × 2 × 2 voxels came with 7 values.");
  });

  test("a lost context is told, and what was seen comes back with it", async () => {
    await look(straight);
    await show(`${volume("maximum")}, ${marks([])}, lines: [], meshes: new Map()`);
    const before = (await picture())(size.width / 2, size.height / 2);
    await page.evaluate(`problems.length = 0;
      globalThis.loss = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
      loss.loseContext()`);
    await expect.poll(() => page.evaluate("problems.length")).toBe(1);
    await page.evaluate("loss.restoreContext()");
    await expect.poll(() => page.evaluate("problems.length")).toBe(2);
    expect(await page.evaluate("problems")).toEqual([
      "The graphics card has dropped the 3-D view; it is drawn again as soon as the card is back.",
      "back",
    ]);
    expect((await picture())(size.width / 2, size.height / 2)).toEqual(before);
  });
});
