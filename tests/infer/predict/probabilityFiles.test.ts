import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { openMrc } from "../../../src/formats/mrc/sections.js";
import { readScaled, withScales } from "../../../src/infer/pick/mapScales.js";
import { planPicking } from "../../../src/infer/pick/store.js";
import {
  createProbabilities,
  type ProbabilityFormat,
  probabilityPaths,
} from "../../../src/infer/predict/probabilityFiles.js";
import { findStores } from "../../../src/infer/predict/probabilityStores.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape: Shape3 = [5, 6, 7];
const spacing: Spacing3 = [angstrom(10.012), angstrom(10.012), angstrom(10.012)];
const types = ["apo-ferritin", "ribosome"];
const particles = ["apo-ferritin", "beta-amylase", "ribosome"].map((name, at) => ({ name, label: at + 1 }));
const maps = new Map(
  types.map((type, at) => {
    const random = randomFor(at, "probability files");
    return [type, Float32Array.from({ length: 210 }, () => random.integer(65536) / 65535)];
  }),
);

async function write(folder: string, format: ProbabilityFormat, run = "TS_1"): Promise<readonly string[]> {
  const target = {
    folder,
    run,
    types,
    particles,
    shape,
    spacing,
    voxelSpacing: 10,
    session: "1",
    zarr: 2,
  } as const;
  const files = await createProbabilities(format, target);
  for (const [start, end] of [
    [0, 3],
    [3, 5],
  ] as const)
    await files.writeSlab(
      start,
      new Map([...maps].map(([type, map]) => [type, map.subarray(42 * start, 42 * end)])),
    );
  await files.close();
  return files.paths;
}

describe("probabilities are found again, by run and type", () => {
  test.each([
    ["zarr", 0],
    ["copick", 0],
    ["mrc", 0.5 / 255],
  ] as const)("%s", async (format, most) => {
    const folder = temporaryFolder();
    await write(folder, format);
    await write(folder, format, "TS_2");
    const tasks = await planPicking(await findStores([folder]), []);
    expect(tasks.map(({ run, type }) => `${run} ${type}`)).toEqual([
      "TS_1 apo-ferritin",
      "TS_1 ribosome",
      "TS_2 apo-ferritin",
      "TS_2 ribosome",
    ]);
    expect((await planPicking(await findStores([folder]), ["ribosome"])).length).toBe(2);
    await expect(planPicking(await findStores([folder]), ["mystery"])).rejects.toMatchObject({
      name: "BadDataset",
    });
    for (const { store, type, channel, scale } of await withScales(tasks, undefined, silentReporter)) {
      const { data, spacing: read } = await readScaled(store, channel, scale);
      expect(read.map((length) => length.toFixed(3))).toEqual(["10.012", "10.012", "10.012"]);
      const off = data.map((value, i) => maps.get(type)![i]! - value);
      expect([Math.min(...off) >= -most - 1e-7, Math.max(...off) <= most + 1e-7]).toEqual([true, true]);
      expect([...data].map((value) => value > 0.5)).toEqual([...maps.get(type)!].map((p) => p > 0.5));
    }
  });
});

test("names and values are those of the programs they are for", async () => {
  const folder = temporaryFolder();
  expect(await write(folder, "mrc")).toEqual(types.map((type) => join(folder, `TS_1__${type}.mrc`)));
  const { header } = await openMrc(join(folder, "TS_1__ribosome.mrc"));
  expect(header.mode).toBe(6);
  const inside = join(folder, "ExperimentRuns/TS_1/Segmentations");
  expect(await write(folder, "copick")).toEqual([
    join(inside, "10.000_pickbench_1_apo-ferritin.zarr"),
    join(inside, "10.000_pickbench_1_ribosome.zarr"),
    join(inside, "10.000_pickbench_1_particles-multilabel.zarr"),
  ]);
  const labels = await openTomogram(
    await openOmeZarr(join(inside, "10.000_pickbench_1_particles-multilabel.zarr")),
  );
  expect(labels.level.dataType).toBe("uint8");
  const [first, second] = types.map((type) => maps.get(type)!);
  expect([...(await labels.readAll()).data]).toEqual(
    Array.from({ length: 210 }, (_, i) =>
      Math.max(first![i]!, second![i]!) <= 0.5 ? 0 : first![i]! >= second![i]! ? 1 : 3,
    ),
  );
});

test("a session that copick cannot have in a name is refused before anything is written", async () => {
  const folder = temporaryFolder();
  const target = {
    folder,
    run: "TS_1",
    types,
    particles,
    shape,
    spacing,
    voxelSpacing: 10,
    zarr: 2,
  } as const;
  await expect(createProbabilities("copick", { ...target, session: "a_b" })).rejects.toMatchObject({
    name: "BadUsage",
  });
  await expect(findStores([folder])).rejects.toThrow(/neither an OME-Zarr folder nor/);
});

describe("a name that leads out of the folder is refused before anything is written", () => {
  const evil = ["../../x", "..", "/etc/x", "a\\..\\b", "", ".hidden", "a\0b", "a\u001b[2J", "x".repeat(201)];
  const place = { run: "TS_1", types, voxelSpacing: 10, session: "1" };
  const volume = { particles, shape, spacing, zarr: 2 } as const;

  test.each(
    evil.flatMap((name) => [
      ["zarr", { run: name }] as const,
      ["mrc", { run: name }] as const,
      ["copick", { run: name }] as const,
      ["mrc", { types: ["ribosome", name] }] as const,
      ["copick", { types: ["ribosome", name] }] as const,
      ["copick", { session: name }] as const,
    ]),
  )("%s %j", async (format, given) => {
    const outer = temporaryFolder();
    const folder = join(outer, "a", "b");
    const target = { ...place, ...volume, folder, ...given };
    const refusal = /cannot be part of a file's name/;
    expect(() => probabilityPaths(format, target)).toThrow(refusal);
    await expect(createProbabilities(format, target)).rejects.toThrow(refusal);
    expect(readdirSync(outer, { recursive: true }).filter((name) => !/^a(\/b)?$/.test(String(name)))).toEqual(
      [],
    );
  });

  test("a type with a slash is written as a channel of Zarr, whose files do not bear its name", async () => {
    const folder = temporaryFolder();
    const target = { ...place, ...volume, folder, types: ["../../x"] };
    const files = await createProbabilities("zarr", target);
    await files.writeSlab(0, new Map([["../../x", new Float32Array(210)]]));
    await files.close();
    expect(files.paths).toEqual([join(folder, "TS_1.zarr")]);
    expect(readdirSync(folder)).toEqual(["TS_1.zarr"]);
  });
});
