/** Annotating as a person does it: by mouse and keys in a page, at places in Å. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { showsSlice } from "./studioBrowser.js";

type Across = "z" | "y" | "x";
interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
const axesOf = { z: ["x", "y"], y: ["x", "z"], x: ["y", "z"] } as const;

/** The part of an address that looks at a run so that a place is in the middle. @param zoom pixels an Å */
export const lookAt = (run: string, { x, y, z }: Place, zoom: number): string =>
  `#/look/${run}?at=${x},${y},${z}&zoom=${zoom}`;

/** Returns the pixel of the page at which a place is seen in a plane, by the page's own address. */
async function pixelOf(page: Page, across: Across, at: Place): Promise<[number, number]> {
  const query = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  const [x, y, z] = query.get("at")!.split(",").map(Number) as [number, number, number];
  const centre = { x, y, z };
  const zoom = Number(query.get("zoom"));
  const box = (await page.locator(`canvas[data-plane="${across}"]`).boundingBox())!;
  const [right, down] = axesOf[across];
  return [
    box.x + box.width / 2 + (at[right] - centre[right]) * zoom,
    box.y + box.height / 2 + (at[down] - centre[down]) * zoom,
  ];
}

/** Returns red, green, blue and opacity of what is drawn over the greys of a plane at a place. */
export async function colourOver(page: Page, at: Place, across: Across = "z"): Promise<number[]> {
  const [x, y] = await pixelOf(page, across, at);
  return page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector('canvas[data-plane="${across}"]');
    const { left, top } = canvas.getBoundingClientRect();
    const pixels = canvas.getContext("2d").getImageData(${x} - left, ${y} - top, 1, 1);
    return [...pixels.data];
  })()`);
}

/** Clicks on a place in a plane. */
export async function clickAt(page: Page, at: Place, across: Across = "z"): Promise<void> {
  const [x, y] = await pixelOf(page, across, at);
  await page.mouse.click(x, y);
}

/** Draws with the mouse from place to place of a plane. */
export async function dragAlong(page: Page, places: readonly Place[], across: Across = "z"): Promise<void> {
  const pixels = await Promise.all(places.map((at) => pixelOf(page, across, at)));
  await page.mouse.move(...pixels[0]!);
  await page.mouse.down();
  for (const pixel of pixels.slice(1)) await page.mouse.move(...pixel, { steps: 4 });
  await page.mouse.up();
}

/** Brings a plane to a slice by its slider, as keys do. The middle of the views stays. */
export async function toSlice(page: Page, across: Across, index: number): Promise<void> {
  await page.getByRole("slider", { name: `${across} slice` }).fill(String(index));
  await showsSlice(page, across, index);
}

export const tool = (page: Page, name: string): Promise<void> => page.getByRole("radio", { name }).check();

/** Waits until the page says that all edits are safe. */
export const saved = (page: Page): Promise<void> =>
  expect.poll(() => page.getByRole("status", { name: "saving" }).textContent()).toBe("saved");

/** A studio in a process of its own, which can be killed. */
export interface StudioProcess {
  readonly address: string;
  readonly process: ChildProcess;
  /** Kills it as a crash does. */
  kill(): Promise<void>;
}

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

/** Starts a studio by the command line. */
export async function studioProcess(...args: string[]): Promise<StudioProcess> {
  const child = spawn(process.execPath, [bin, "studio", ...args, "--no-open", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  for await (const part of child.stdout) {
    printed += String(part);
    const address = /"address":\s*"([^"]+)"/.exec(printed)?.[1];
    if (address === undefined) continue;
    return {
      address,
      process: child,
      kill: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      },
    };
  }
  throw new Error(`the studio ended, having printed ${printed}`);
}
