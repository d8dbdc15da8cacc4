import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Inspection } from "../../../src/data/inspect/inspection.js";
import type { TomogramSpectrum } from "../../../src/data/inspect/spectra.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { processorTime } from "../../support/processorTime.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const shape: Shape3 = [24, 60, 60];
const voxel = angstrom(10);
const picks = [60, 180].flatMap((z) =>
  [150, 300, 450].flatMap((y) => [150, 300, 450].map((x) => ({ x, y, z }))),
);

/** Noise with a ball of ±4 standard deviations at each pick. */
function voxels(sign: number, seed: number): Float32Array {
  const random = randomFor(seed, "inspect voxels");
  const data = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal());
  for (let at = 0; at < data.length; at++) {
    const x = (at % 60) * 10 + 5;
    const y = (Math.floor(at / 60) % 60) * 10 + 5;
    const z = Math.floor(at / 3600) * 10 + 5;
    if (picks.some((pick) => Math.hypot(pick.x - x, pick.y - y, pick.z - z) < 50)) data[at]! += 4 * sign;
  }
  return data;
}

async function dataset(runs: Readonly<Record<string, Float32Array>>, hasPicks = true): Promise<string> {
  const folder = temporaryFolder();
  for (const [run, data] of Object.entries(runs)) {
    const path = join(folder, `static/ExperimentRuns/${run}/VoxelSpacing10.000/denoised.zarr`);
    const options = {
      shape,
      spacing: [voxel, voxel, voxel] as const,
      chunkShape: [24, 32, 32] as const,
      levels: 1,
    };
    const writer = await createOmeZarr(path, options);
    await writer.writeSlab(0, data);
    await writer.close();
    const points = picks.map((location) => ({ location }));
    if (hasPicks)
      writeTree(folder, {
        [`overlay/ExperimentRuns/${run}/Picks/apo-ferritin.json`]: JSON.stringify({ points }),
      });
  }
  return folder;
}

const inspected = async (folder: string, ...flags: string[]): Promise<Inspection> =>
  JSON.parse(
    (await pickbench("inspect", "--data", folder, "--json", "--quiet", ...flags)).stdout,
  ) as Inspection;

test("says of each run whether particles are dark or bright, and which runs differ", async () => {
  const folder = await dataset({ TS_1: voxels(-1, 1), TS_2: voxels(1, 2), TS_3: voxels(-1, 3) });
  const { runs, notes } = await inspected(folder);
  expect(runs.map(({ particles }) => particles)).toEqual(["dark", "bright", "dark"]);
  expect(notes).toEqual([expect.stringMatching(/bright in TS_2 and dark in TS_1, TS_3/)]);
  const { stdout } = await pickbench("inspect", "--data", folder, "--quiet");
  expect(stdout).toContain("  particles: bright");
  expect(stdout).toMatch(/^note: particles are bright in TS_2/m);
  expect(runs[0]!.tomograms[0]!.blank).toBe(0);
  expect(stdout).not.toContain("blank");
});

test("without picks, the skewness of the voxels tells, or nothing does", async () => {
  const noise = voxels(0, 4);
  const { runs } = await inspected(await dataset({ TS_1: voxels(-1, 1), TS_2: noise }, false));
  expect(runs.map(({ particles }) => particles)).toEqual(["dark", "unknown"]);
});

test("names the share of blank voxels, and picks in them; values and contrast are those of the data", async () => {
  const whole = voxels(-1, 1);
  const half = whole.map((value, at) => (Math.floor(at / 60) % 60 < 24 ? 1000 : value));
  const folder = await dataset({ TS_1: half, TS_2: whole });
  const { runs } = await inspected(folder);
  const [blank, full] = runs.map(({ tomograms }) => tomograms[0]!);
  expect(blank!.blank).toBeCloseTo(0.4, 6);
  expect(full!.blank).toBe(0);
  expect(blank!.values!.largest).toBeLessThan(10);
  expect(runs[0]!.particles).toBe("dark");
  expect(runs[0]!.notes).toContain("6 picks lie in blank voxels, which hold no data");
  const { stdout } = await pickbench("inspect", "--data", folder, "--quiet");
  expect(stdout).toContain("; 40.0 % of the voxels are blank (they hold no data)");
});

test("NaN is broken, unless --nan blank says that it marks voxels without data", async () => {
  const holes = voxels(-1, 1).map((value, at) => (at % 60 < 15 ? Number.NaN : value));
  const folder = await dataset({ TS_1: holes });
  expect((await inspected(folder)).problems[0]!.message).toMatch(/is NaN .*--nan blank/);
  const { runs, problems } = await inspected(folder, "--nan", "blank");
  expect(problems).toEqual([]);
  expect(runs[0]!.tomograms[0]!.blank).toBeCloseTo(0.25, 6);
  expect(runs[0]!.tomograms[0]!.values!.mean).toBeLessThan(0);
  expect(runs[0]!.particles).toBe("dark");
});

test("1 Å a voxel is questioned, and takes bounded work", async () => {
  const folder = temporaryFolder();
  const one = angstrom(1);
  const writer = await createMrc(join(folder, "TS_1.mrc"), {
    shape,
    spacing: [one, one, one],
  });
  await writer.writeSlab(0, voxels(-1, 1));
  await writer.close();
  writeTree(folder, {
    "overlay/ExperimentRuns/TS_1/Picks/ribosome.json": JSON.stringify({
      points: [10, 20].map((x) => ({ location: { x, y: 20, z: 10 } })),
    }),
  });
  const { result, seconds } = await processorTime(() => inspected(folder));
  const { runs } = result;
  expect(seconds).toBeLessThan(20);
  expect(runs[0]!.picks[0]!.count).toBe(2);
  expect(runs[0]!.notes.join("\n")).toMatch(
    /TS_1\.mrc: says 1 Å a voxel, as programs write that do not know/,
  );
});

test("says where every voxel is NaN, and takes no number from chunks of NaN", async () => {
  const half = voxels(-1, 1).fill(Number.NaN, 0, 12 * 60 * 60);
  const constant = voxels(-1, 1).map((_, at) => (at % 60 < 32 ? Number.NaN : 5));
  const all = { TS_1: voxels(-1, 1).fill(Number.NaN), TS_2: half, TS_3: constant };
  const folder = await dataset(all, false);
  const [empty, other, flat] = (await inspected(folder, "--nan", "blank")).runs;
  expect(empty!.notes).toContainEqual(expect.stringMatching(/denoised.zarr: every voxel is NaN/));
  expect(empty!.tomograms[0]).toMatchObject({ blank: 1 });
  expect(empty!.tomograms[0]!.values).toBeUndefined();
  expect([other!.notes, other!.tomograms[0]!.blank]).toEqual([[], 0.5]);
  expect(flat!.tomograms[0]!.values).toMatchObject({ least: 5, largest: 5, mean: 5 });
  const { stdout } = await pickbench("inspect", "--data", folder, "--quiet", "--nan", "blank");
  expect(stdout).toMatch(/chunks 24×32×32; 100.0 % of the voxels are blank/);
});

test("--spectrum adds spectra, grey values and contrast, and --plot draws them", async () => {
  const folder = await dataset({ TS_1: voxels(-1, 6) });
  const plot = join(temporaryFolder(), "spectra.svg");
  const flags = ["inspect", "--data", folder, "--quick", "--quiet", "--spectrum"];
  const { spectra } = JSON.parse((await pickbench(...flags, "--json", "--plot", plot)).stdout) as {
    spectra: readonly TomogramSpectrum[];
  };
  const [one] = spectra;
  expect([one!.run, one!.tomogram, one!.power.length]).toEqual(["TS_1", "denoised", 32]);
  expect(one!.particles).toEqual([expect.objectContaining({ type: "apo-ferritin", picks: picks.length })]);
  expect(one!.particles[0]!.contrast).toBeLessThan(-3);
  expect(one!.values.skewness).toBeLessThan(-0.2);
  expect(readFileSync(plot, "utf8")).toContain("frequency in 1/Å");
  expect((await pickbench(...flags)).stdout).toMatch(/^contrast +apo-ferritin\nTS_1 denoised +-\d/m);
  const again = await pickbench(...flags, "--plot", plot);
  expect(again.stderr).toContain("--overwrite");
  const alone = await pickbench("inspect", "--data", folder, "--plot", plot);
  expect(alone.stderr).toContain("give --spectrum, too");
});
