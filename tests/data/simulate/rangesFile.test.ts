import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawImaging } from "../../../src/data/simulate/microscope/ranges.js";
import type { DrawnRange } from "../../../src/data/simulate/range.js";
import { defaultRanges, readRanges, withFixed } from "../../../src/data/simulate/rangesFile.js";
import { randomFor } from "../../../src/domain/random.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-ranges-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function reading(text: string) {
  const path = join(folder, "ranges.yaml");
  await writeFile(path, text);
  return readRanges(path);
}

describe("readRanges", () => {
  it("takes numbers and pairs, and leaves all else at its default", async () => {
    const ranges = await reading(
      "optics: {defocus: 30000}\ndenoiser: {kinds: [median]}\ncrowding: [0, 0.1]\n",
    );
    expect(ranges).toEqual({
      ...defaultRanges,
      optics: { ...defaultRanges.optics, defocus: 30000 },
      denoiser: { ...defaultRanges.denoiser, kinds: ["median"] },
      crowding: [0, 0.1],
    });
    expect(await reading("# nothing\n")).toEqual(defaultRanges);
  });

  it("lets flags go before the file", async () => {
    const ranges = await reading("noise: {amount: 3}\ncrowding: 0.1\n");
    expect(withFixed(ranges, {})).toEqual(ranges);
    expect(withFixed(ranges, { noise: 0 }).noise).toEqual({ ...ranges.noise, amount: 0 });
    expect(withFixed(ranges, { crowding: 0 }).crowding).toBe(0);
  });

  it("names all mistakes at once", async () => {
    const text =
      "optics: {defocuss: 3, bFactor: [3, 1]}\ntilts: {highest: 5, order: [up]}\ncrowding: much\nnoise: {amount: [1, 2, 3]}\n";
    await expect(reading(text)).rejects.toThrow(
      /ranges\.yaml: 6 mistakes; docs\/simulation\.md explains every key\n {2}unknown key optics\.defocuss; did you mean optics\.defocus\?\n {2}optics\.bFactor: got a list of 2, wanted a number from 0 to 20000, or two of them as \[least, greatest\]/,
    );
    await expect(reading(text)).rejects.toThrow(/tilts\.highest: got 5, wanted a number from 10 to 80/);
    await expect(reading(text)).rejects.toThrow(/tilts\.order\.0: got "up", wanted one of/);
    await expect(reading(text)).rejects.toThrow(/noise\.amount: got a list of 3, wanted a number/);
    await expect(reading(text)).rejects.toThrow(/crowding: got "much", wanted a number from 0 to 0\.25/);
  });

  it.each([
    ["[1, 2]", /wanted/],
    ["optics: {", /line 2 is not valid YAML|line 1 is not valid YAML/],
  ])("refuses what is no ranges: %s", async (text, message) => {
    await expect(reading(text)).rejects.toThrow(message);
  });

  it("says which file is not there", async () => {
    await expect(readRanges(join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml: it cannot be read/);
  });
});

describe("drawImaging", () => {
  const draws = Array.from({ length: 300 }, (_, run) =>
    drawImaging(defaultRanges, 1200, randomFor(8, "draw test", run)),
  );
  const { optics, tilts, noise } = defaultRanges;

  it.each<[string, DrawnRange, (drawn: (typeof draws)[number]) => number]>([
    ["defocus", optics.defocus, (drawn) => drawn.optics.defocus],
    ["bFactor", optics.bFactor, (drawn) => drawn.optics.bFactor],
    ["amplitudeContrast", optics.amplitudeContrast, (drawn) => drawn.optics.amplitudeContrast],
    ["lowest", tilts.lowest, ({ lowest }) => lowest],
    ["highest", tilts.highest, ({ highest }) => highest],
    ["step", tilts.step, ({ step }) => step],
    ["dose", tilts.dose, ({ dose }) => dose],
    ["misalignment", tilts.misalignment, ({ misalignment }) => misalignment],
    ["noise", noise.amount, (drawn) => drawn.noise.amount],
  ])("fills the range of %s evenly", (_, range, drawnOf) => {
    const [least, greatest] = range as readonly [number, number];
    const shares = draws.map((drawn) => (drawnOf(drawn) - least) / (greatest - least)).sort((a, b) => a - b);
    expect(shares[0]).toBeGreaterThanOrEqual(0);
    expect(shares[0]).toBeLessThan(0.05);
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
    expect(shares.at(-1)).toBeGreaterThan(0.95);
    expect(Math.abs(shares[150]! - 0.5)).toBeLessThan(0.12);
  });

  it("keeps the tilts between the ends, a step apart, and draws every denoiser and order", () => {
    for (const { lowest, highest, step, tilts: each } of draws) {
      expect(each[0]!.angle).toBeGreaterThanOrEqual(lowest);
      expect(each[0]!.angle - step).toBeLessThan(lowest);
      expect(each.at(-1)!.angle).toBeLessThanOrEqual(highest);
      expect(each[1]!.angle - each[0]!.angle).toBeCloseTo(step, 9);
    }
    expect(new Set(draws.map(({ denoiser }) => denoiser.kind))).toEqual(
      new Set(defaultRanges.denoiser.kinds),
    );
    expect(new Set(draws.map(({ order }) => order)).size).toBe(3);
    const flipped = draws.filter(({ optics: { phaseFlipped } }) => phaseFlipped).length;
    expect(Math.abs(flipped / 300 - defaultRanges.optics.phaseFlip)).toBeLessThan(0.06);
  });

  it("draws the rest as before where one range is fixed, and the same for the same seed", () => {
    const fixed = { ...defaultRanges, optics: { ...optics, defocus: 30000 } };
    const [free, held] = [defaultRanges, fixed].map((ranges) =>
      drawImaging(ranges, 1200, randomFor(8, "draw test", 3)),
    );
    expect(free).toEqual(draws[3]);
    expect(held).toEqual({ ...free, optics: { ...free!.optics, defocus: 30000 } });
  });
});
