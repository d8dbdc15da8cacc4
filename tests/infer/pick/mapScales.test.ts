import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc, mrcModeOf } from "../../../src/formats/mrc/writer.js";
import type { VoxelType } from "../../../src/formats/voxelTypes.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { readScaled, withScales } from "../../../src/infer/pick/mapScales.js";
import { pickParticles } from "../../../src/infer/pick/picking.js";
import { planPicking } from "../../../src/infer/pick/store.js";
import { createProbabilities } from "../../../src/infer/predict/probabilityFiles.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape = [24, 24, 24] as const;

/** A ball of `inside` in a volume of `outside`, as the format and type of the name's file. */
async function write(name: string, voxelType: VoxelType, inside: number, outside = 0): Promise<string> {
  const path = join(temporaryFolder(), name);
  const { data } = volumeFrom(shape, (z, y, x) =>
    Math.hypot(z - 12, y - 12, x - 12) <= 7 ? inside : outside,
  );
  await mkdir(dirname(path), { recursive: true });
  const spacing = spacingOf(10);
  const writer = path.endsWith(".mrc")
    ? await createMrc(path, { shape, spacing, mode: mrcModeOf[voxelType] })
    : await createOmeZarr(path, { shape, spacing, voxelType, chunkShape: [24, 24, 24] });
  await writer.writeSlab(0, data);
  await writer.close();
  return path;
}

/** The greatest value of each map as it is picked, and what was told. */
async function scaled(paths: readonly string[], asked?: number) {
  const reporter = hearingReporter();
  const tasks = await withScales(await planPicking(paths, ["ribosome"]), asked, reporter);
  const greatest: number[] = [];
  for (const { store, channel, scale } of tasks)
    greatest.push(Math.max(...(await readScaled(store, channel, scale)).data));
  return { greatest, notes: reporter.notes };
}

describe("integers of a map become probabilities by voxel type and range", () => {
  test.each([
    ["TS__ribosome.mrc", "int8", 127, 127],
    ["TS__ribosome.mrc", "int8", 100, 127],
    ["TS__ribosome.mrc", "int8", 1, 1],
    ["TS__ribosome.mrc", "int16", 32767, 32767],
    ["TS__ribosome.mrc", "int16", 255, 255],
    ["TS__ribosome.mrc", "int16", 1, 1],
    ["TS__ribosome.mrc", "uint8", 255, 255],
    ["TS__ribosome.mrc", "uint16", 65535, 65535],
    ["TS.zarr", "uint8", 255, 255],
    ["TS.zarr", "uint8", 1, 1],
    ["TS.zarr", "int8", 127, 127],
    ["TS.zarr", "uint16", 40000, 65535],
  ] as const)("%s of %s up to %d: %d is 1", async (name, voxelType, greatest, divisor) => {
    const told = await scaled([await write(name, voxelType, greatest)]);
    expect(told.greatest[0]).toBeCloseTo(greatest / divisor, 6);
    expect(told.notes.length).toBe(1);
    expect(told.notes[0]).toContain(divisor === 1 ? "taken as a mask" : `taken as ${divisor}·p`);
  });

  test.each([
    ["int16", 1000],
    ["int16", 100],
    ["uint16", 1000],
    ["uint8", 6],
    ["int8", 5],
    ["int8", -3],
  ] as const)("%s with %d is refused with the flag that sets it, which does", async (voxelType, value) => {
    const path = await write(voxelType === "uint8" ? "TS.zarr" : "TS__ribosome.mrc", voxelType, value);
    await expect(scaled([path])).rejects.toMatchObject({
      name: "BadUsage",
      message: expect.stringContaining("--scale"),
    });
    const { greatest } = await scaled([path], voxelType === "int8" ? 255 : 2 * value);
    expect(greatest[0]).toBeCloseTo(voxelType === "int8" ? ((value + 256) % 256) / 255 : 0.5, 6);
  });

  test("maps of one particle are judged together: 0 and 1 beside 127 is no mask for sure", async () => {
    const full = await write("TS_1__ribosome.mrc", "int8", 127);
    const faint = await write("TS_2__ribosome.mrc", "int8", 1);
    const empty = await write("TS_3__ribosome.mrc", "int8", 0);
    await expect(scaled([full, faint])).rejects.toThrow(
      /TS_2.* holds 0 and 1 alone while .*TS_1.* reaches 127/,
    );
    expect((await scaled([full, faint], 127)).greatest[1]).toBeCloseTo(1 / 127, 6);
    expect((await scaled([full, empty])).greatest).toEqual([1, 0]);
  });

  test("floats are left as they are, and those beyond a probability are named", async () => {
    const path = await write("TS__ribosome.mrc", "float32", 255);
    const { stderr, code } = await pickbench("pick", path, "--out", temporaryFolder());
    expect(code).toBe(0);
    expect(stderr).toContain("values reach 255, more than a probability");
    const again = await pickbench("pick", path, "--out", temporaryFolder(), "--scale", "255");
    expect(again.stderr).not.toContain("more than a probability");
  });

  test("pick finds the particle in 127·p, and says the scale", async () => {
    const path = await write("TS__ribosome.mrc", "int8", 127);
    const { stderr, stdout } = await pickbench("pick", path, "--out", temporaryFolder());
    expect(stderr).toContain("int8 from 0 to 127, taken as 127·p");
    expect(stdout).toMatch(/1 at least 150 Å apart/);
  });
});

describe("volumes of labels", () => {
  const name = "ExperimentRuns/R1/Segmentations/10.000_octopi_1_predict-multilabel.zarr";
  const config = (label: number) => {
    const path = join(temporaryFolder(), "copick.json");
    const object = { name: "my-protein", is_particle: true, radius: 100, label };
    writeFileSync(path, JSON.stringify({ pickable_objects: [object], overlay_root: "/nowhere" }));
    return path;
  };

  test("are refused by name without a configuration", async () => {
    const path = await write(name, "uint8", 4);
    for (const flags of [[], ["--type", "my-protein"]]) {
      const { stderr, code } = await pickbench("pick", path, "--out", temporaryFolder(), ...flags);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/a volume of labels, .* --config/)]);
    }
  });

  test("are picked by the labels of a configuration, from the store or its project", async () => {
    const path = await write(name, "uint8", 4);
    for (const at of [path, path.slice(0, path.indexOf("/ExperimentRuns"))]) {
      const { stdout, code } = await pickbench("pick", at, "--config", config(4), "--out", temporaryFolder());
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^R1 my-protein: 1419 voxels above 0.5, .* 1 at least 100 Å/),
      ]);
    }
  });

  test("of other labels are refused or named", async () => {
    const path = await write(name, "uint8", 4);
    const none = await pickbench("pick", path, "--config", config(5), "--out", temporaryFolder());
    expect(none.stderr).toMatch(/holds the labels 4, of which the configuration has none/);
    const some = await pickbench(
      "pick",
      await write(name, "uint8", 4, 7),
      "--config",
      config(4),
      "--out",
      temporaryFolder(),
    );
    expect(some.stderr).toMatch(/labels 7 are of no particle in the configuration/);
  });

  test("need no name where a configuration is given", async () => {
    const path = await write("TS.zarr", "uint8", 4);
    const { stdout } = await pickbench("pick", path, "--config", config(4), "--out", temporaryFolder());
    expect(stdout).toMatch(/^TS my-protein: 1419 voxels/);
  });
});

/** Twelve balls whose probability is a little above or below a half. */
test("rounding to bytes loses no pick of 12 near the threshold, truncation loses 3, float32 changes nothing", async () => {
  const random = randomFor(0, "near the threshold");
  const probabilities = Array.from({ length: 12 }, (_, i) =>
    i < 3 ? 0.5001 + 0.0005 * i : 0.52 + 0.1 * random.uniform(),
  );
  const map = volumeFrom([16, 16, 192], (z, y, x) => {
    const ball = Math.floor(x / 16);
    return Math.hypot(z - 8, y - 8, (x % 16) - 8) <= 5 ? probabilities[ball]! : 0.1;
  });
  const settings = { method: "watershed", threshold: 0.5, minVolume: 1, minSpacing: angstrom(60) } as const;
  const countOf = (data: Float32Array) => pickParticles({ ...map, data }, settings).picks.length;
  expect(countOf(map.data)).toBe(12);
  expect(countOf(map.data.map((p) => Math.trunc(255 * p) / 255))).toBe(9);
  for (const voxels of ["bytes", "float32"] as const) {
    const target = { folder: temporaryFolder(), run: "R", types: ["ribosome"], particles: [], voxels };
    const size = { shape: map.shape, spacing: map.spacing, voxelSpacing: 10, session: "1", zarr: 2 } as const;
    const files = await createProbabilities("mrc", { ...target, ...size });
    await files.writeSlab(0, new Map([["ribosome", map.data]]));
    await files.close();
    const [task] = await withScales(await planPicking(files.paths, []), undefined, silentReporter);
    const { data } = await readScaled(task!.store, 0, task!.scale);
    expect(countOf(data)).toBe(12);
    if (voxels === "float32") expect(data).toEqual(map.data);
  }
});
