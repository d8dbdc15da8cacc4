import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchMemory } from "../../src/bench/card/smiMemory.js";
import { checkDevices, findCards } from "../../src/engines/cards.js";
import { standInSmi, twoCards } from "../support/engines/smi.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-smi-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const smi = async (...given: Parameters<typeof standInSmi> extends [string, ...infer Rest] ? Rest : never) =>
  vi.stubEnv("PATH", await standInSmi(folder, ...given));

test("cards are listed with name, driver and memory; those that CUDA is shown alone, in its order", async () => {
  await smi(twoCards);
  const [first, second] = (await findCards()).cards;
  expect(first).toEqual({
    ...{ index: 0, name: "NVIDIA T4", driver: "535.183.01", memoryMiB: 15360, usedMiB: 3 },
  });
  expect(second!.index).toBe(1);
  vi.stubEnv("CUDA_VISIBLE_DEVICES", "1,0");
  expect((await findCards()).cards.map(({ index }) => index)).toEqual([1, 0]);
  vi.stubEnv("CUDA_VISIBLE_DEVICES", "7");
  expect(await findCards()).toEqual({
    cards: [],
    fault: 'CUDA_VISIBLE_DEVICES is "7", which names none of this machine\'s 2 cards',
  });
});

test("without the program there are none; where the driver fails, it is said in the program's words", async () => {
  vi.stubEnv("PATH", folder);
  expect(await findCards()).toEqual({ cards: [], fault: null });
  const words =
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.";
  vi.unstubAllEnvs();
  await smi(words, { code: 9 });
  expect(await findCards()).toEqual({ cards: [], fault: words.slice(0, -1) });
});

test("devices that do not exist are refused with those that do", async () => {
  await smi(twoCards);
  const cards = await findCards();
  expect(() => checkDevices([0, 1], cards)).not.toThrow();
  expect(() => checkDevices([0, 2], cards)).toThrow("there is no card 2; nvidia-smi lists 0, 1");
  expect(() => checkDevices([0], { cards: [], fault: null })).toThrow(
    "no card is found (there is no nvidia-smi)",
  );
});

test("memory is told as the greatest rise since the watch was reset", async () => {
  await smi(twoCards, { memory: [100, 900, 400, 500, 450] });
  const watch = watchMemory(0);
  try {
    await vi.waitFor(() => expect(watch.rise()).toBe(800), { timeout: 30_000, interval: 20 });
    await vi.waitFor(
      () => {
        watch.reset();
        expect(watch.rise()).toBe(0);
      },
      { timeout: 1000 },
    );
  } finally {
    watch.stop();
  }
});
