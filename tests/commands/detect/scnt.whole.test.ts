import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { pythonHas, runPythonFile } from "../../support/python.js";

let folder: string;
const shape = [6, 40, 48] as const;
const [, height, width] = shape;
const size = height * width;

/** Tomograms of noise on a slope; the feature is a square of slices 2 and 3, and slice 0 is unknown. */
const voxelsOf = (run: string): Float32Array => {
  const random = randomFor(4, run);
  return Float32Array.from({ length: 6 * size }, (_, at) => random.normal() + 0.05 * (at % width));
};
const labels = Float32Array.from({ length: 6 * size }, (_, at) => {
  const [z, y, x] = [Math.floor(at / size), Math.floor(at / width) % height, at % width];
  if (z === 0) return 2;
  return (z === 2 || z === 3) && y < 10 && x < 12 ? 1 : 0;
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-scnt-"));
  const each = angstrom(12.5);
  for (const run of ["TS_1", "TS_2"])
    for (const [place, values, mode] of [
      ["data", voxelsOf(run), 2],
      ["masks", labels, 0],
    ] as const) {
      const writer = await createMrc(join(folder, place, `${run}.mrc`), {
        shape,
        spacing: [each, each, each],
        mode,
      });
      await writer.writeSlab(0, values);
      await writer.close();
    }
});
afterAll(() => rm(folder, { recursive: true }));

interface Read {
  readonly metadata: Record<string, unknown>;
  readonly boxes: readonly {
    id: string;
    source: Record<string, number | string>;
    shape: number[];
    voxel: number;
    sum: number;
    labels: [number, number, number];
  }[];
}

const script = new URL("../../fixtures/ais/scnt.py", import.meta.url).pathname;

describe.skipIf(!pythonHas("mrcfile", "numpy"))("training sets of Ais", () => {
  test("go out as Ais reads them, and come in as data to train on", async () => {
    const file = join(folder, "set.scnt");
    const ended = await pickbench(
      ...["export", join(folder, "data"), file, "--feature", "membrane", "--box", "16", "--depth", "3"],
      ...["--masks", join(folder, "masks", "{run}.mrc"), "--json"],
    );
    expect(ended).toMatchObject({ code: 0 });
    // The feature lies in one of the 3 × 3 boxes of two slices of each run.
    expect(JSON.parse(ended.stdout)).toMatchObject({ positives: 4, negatives: 4, spacing: 12.5 });

    const again = join(folder, "again.scnt");
    const { metadata, boxes } = runPythonFile(script, file, again) as Read;
    expect(metadata).toMatchObject({
      format_version: 1,
      apix: 12.5,
      box_size: 16,
      box_depth: 3,
      features: ["membrane"],
    });
    expect(boxes).toHaveLength(8);
    expect(boxes.filter(({ labels: [, yes] }) => yes === 120)).toHaveLength(4);
    for (const { source, shape: sizes, voxel, sum } of boxes) {
      expect(sizes).toEqual([3, 16, 16]);
      expect(voxel).toBeCloseTo(12.5, 4);
      const [z, y, x] = ["Z", "Y", "X"].map((axis) => Number(source[`aisBoxCoordinate${axis}`])) as [
        number,
        number,
        number,
      ];
      const voxels = voxelsOf(String(source.aisTomogramName));
      let wanted = 0;
      for (const plane of [z - 1, z, z + 1])
        for (let row = y - 8; row < y + 8; row++)
          for (let column = x - 8; column < x + 8; column++)
            wanted += voxels[Math.min(5, Math.max(0, plane)) * size + row * width + column]!;
      expect(sum).toBeCloseTo(wanted, 3);
    }

    const out = join(folder, "imported");
    expect(await pickbench("import", again, "--out", out)).toMatchObject({ code: 0 });
    expect(await readdir(join(out, "volumes"))).toEqual(["TS_1", "TS_2"]);
    const main = await readMrc(join(out, "volumes", "TS_1", "main.mrc"));
    const iso = await readMrc(join(out, "volumes", "TS_1", "iso.mrc"));
    const mask = await readMrc(join(out, "masks", "TS_1.mrc"));
    const ofFirst = boxes.filter(({ source }) => source.aisTomogramName === "TS_1").sort(byPlace);
    expect(ofFirst.length).toBeGreaterThan(2);
    expect(main.shape).toEqual([3 * ofFirst.length, 16, 16]);
    expect(mask.shape).toEqual(main.shape);
    expect(iso.data).toEqual(main.data.map((value) => 2 * value));
    for (const [at, box] of ofFirst.entries()) {
      const own = main.data.subarray(at * 768, (at + 1) * 768);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(box.sum, 2);
      const known = mask.data.subarray(at * 768 + 256, at * 768 + 512);
      expect([0, 1, 2].map((value) => known.filter((each) => each === value).length)).toEqual(box.labels);
      expect(mask.data.subarray(at * 768, at * 768 + 256).every((value) => value === 2)).toBe(true);
    }
    expect(parse(await readFile(join(out, "experiment.yaml"), "utf8"))).toMatchObject({
      network: { architecture: "unet", slices: 3 },
      features: [{ name: "membrane", masks: "masks/{run}.mrc", ignore: 2 }],
      data: { tomogram: "main", trainOn: ["main", "iso"] },
    });

    const trained = await pickbench(
      ...[
        "train",
        join(out, "experiment.yaml"),
        "--data",
        join(out, "volumes"),
        "--out",
        join(folder, "run"),
      ],
      ...["--budget", "2 steps", "--threads", "1", "--quiet"],
    );
    expect(trained).toMatchObject({ code: 0 });

    const scnm = join(folder, "own.scnm");
    const exported = await pickbench("export", join(folder, "run", "best.safetensors"), scnm, "--json");
    expect(exported).toMatchObject({ code: 0 });
    const { models } = JSON.parse(exported.stdout) as {
      models: { title: string; difference: number; slices: number }[];
    };
    expect(models).toMatchObject([{ title: "membrane", slices: 3, architecture: "unet" }]);
    expect(models[0]!.difference).toBeLessThan(1e-5);
    const back = await pickbench("import", scnm, "--out", join(folder, "back"), "--json");
    expect(back).toMatchObject({ code: 0 });
    expect(JSON.parse(back.stdout)).toMatchObject({
      models: [{ name: "membrane", slices: 3, spacing: 12.5, box: 32 }],
    });
  });
});

function byPlace(a: Read["boxes"][number], b: Read["boxes"][number]): number {
  const place = ({ source }: typeof a) =>
    ["Z", "Y", "X"].map((axis) => Number(source[`aisBoxCoordinate${axis}`]));
  const [first, second] = [place(a), place(b)];
  const axis = first.findIndex((value, at) => value !== second[at]);
  return axis < 0 ? 0 : first[axis]! - second[axis]!;
}
