import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRun, findTomogram, openDataset } from "../../../src/data/dataset.js";
import { contrastNotes } from "../../../src/data/inspect/contrastNotes.js";
import { measureTruthContrast, type TruthContrast } from "../../../src/data/inspect/truthContrast.js";
import type { Dataset } from "../../../src/data/model.js";
import { readTruth } from "../../../src/data/picks.js";
import { simulateDataset } from "../../../src/data/simulate/simulateDataset.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Volume } from "../../../src/domain/volume.js";

let folder: string;
let dataset: Dataset;
let volume: Volume;
let picks: readonly ParticlePick[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "contrast-"));
  const counts = new Map([
    ["apo-ferritin", 20],
    ["beta-galactosidase", 10],
    ["ribosome", 8],
  ]);
  await simulateDataset({
    ...{ out: folder, runs: 1, shape: [64, 160, 160], spacing: 10, seed: 3, part: "train", flat: true },
    counts,
  });
  dataset = await openDataset(folder);
  const reader = await openTomogram(findTomogram(findRun(dataset, "TS_S1"), "denoised"), 1);
  volume = await reader.readAll();
  picks = (await readTruth(dataset)).get("TS_S1")!;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const measured = (change: (pick: ParticlePick) => { x: number; y: number; z: number }): TruthContrast =>
  measureTruthContrast(
    volume,
    picks.map((pick) => {
      const { x, y, z } = change(pick);
      return { type: pick.type, x: angstrom(x), y: angstrom(y), z: angstrom(z) };
    }),
    dataset.particles,
  )!;
const notes = (contrast: TruthContrast): string => contrastNotes(contrast, 10).join("\n");
const [depth, height, width] = [640, 1600, 1600];

describe("picks against densities", () => {
  it("finds nothing amiss where they meet: contrast far above random places, no common offset", () => {
    const contrast = measured((pick) => pick);
    expect(Math.abs(contrast.z)).toBeGreaterThan(12);
    expect(notes(contrast)).toBe("");
  });

  it.each([
    ["mirrored in x, y, z", (p: ParticlePick) => ({ x: width - p.x, y: height - p.y, z: depth - p.z })],
    ["mirrored in z", (p: ParticlePick) => ({ x: p.x, y: p.y, z: depth - p.z })],
    ["in the order z, y, x", (p: ParticlePick) => ({ x: p.z, y: p.y, z: p.x })],
    ["in the order y, x, z", (p: ParticlePick) => ({ x: p.y, y: p.x, z: p.z })],
    ["in voxels, not in Å", (p: ParticlePick) => ({ x: p.x / 20, y: p.y / 20, z: p.z / 20 })],
    ["in nm, not in Å", (p: ParticlePick) => ({ x: p.x / 10, y: p.y / 10, z: p.z / 10 })],
    [
      "measured from the volume's centre, not its corner",
      (p: ParticlePick) => ({ x: p.x - width / 2, y: p.y - height / 2, z: p.z - depth / 2 }),
    ],
  ])("says that they would meet if they were %s", (words, change) => {
    expect(notes(measured(change))).toMatch(new RegExp(`would if the picks were ${words} \\(`));
  });

  it("measures a shifted origin", () => {
    const contrast = measured((pick) => ({ x: pick.x + 20, y: pick.y, z: pick.z - 15 }));
    const [, x, y, z] = /x,y,z = (\S+) ± \S+, (\S+) ± \S+, (\S+) ±/.exec(notes(contrast))!.map(Number);
    expect(Math.abs(x! + 20)).toBeLessThan(4);
    expect(Math.abs(y!)).toBeLessThan(4);
    expect(Math.abs(z! - 15)).toBeLessThan(5);
  });

  it("says so where picks lie on nothing, and is silent about a handful", () => {
    const elsewhere = (pick: ParticlePick, index: number) => ({
      ...{ x: (pick.x * 7.3 + 211 * index) % width, y: (pick.y * 3.1 + 97 * index) % height },
      z: (pick.z * 5.7 + 31 * index) % depth,
    });
    const lost = picks.map((pick, index) => ({ ...pick, ...elsewhere(pick, index) }) as ParticlePick);
    expect(notes(measureTruthContrast(volume, lost, dataset.particles)!)).toMatch(
      /the \d+ picks lie where the tomogram shows nothing/,
    );
    expect(notes(measureTruthContrast(volume, lost.slice(0, 6), dataset.particles)!)).toBe("");
  });
});
