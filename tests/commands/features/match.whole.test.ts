import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import type { Rotation } from "../../../src/domain/rotation.js";
import { symmetryOf } from "../../../src/domain/symmetry.js";
import { angstrom } from "../../../src/domain/units.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { rotationOf } from "../../../src/formats/positions/orientation.js";
import { rotationSet } from "../../../src/matching/rotations.js";
import { pickbench } from "../../support/commandLine.js";
import { blobs } from "../../support/matchingScene.js";

const shape = [36, 56, 60] as const;
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
const template = blobs(1, 15, 5);
const rotations = rotationSet(60, symmetryOf("C1"));
const planted = [
  { at: [12, 14, 15], rotation: 5 },
  { at: [20, 40, 20], rotation: 33 },
  { at: [15, 20, 45], rotation: 70 },
  { at: [24, 42, 44], rotation: 18 },
] as const;

let folder: string;
const place = (...names: string[]): string => join(folder, ...names);

async function write(path: string, of: readonly [number, number, number], data: Float32Array): Promise<void> {
  const writer = await createMrc(path, { shape: of, spacing });
  await writer.writeSlab(0, data);
  await writer.close();
}

/** Centre of mass of the template. */
function middle(): [number, number, number] {
  let sum = 0;
  const moment: [number, number, number] = [0, 0, 0];
  for (const [at, value] of template.data.entries()) {
    sum += value;
    for (const [axis, index] of [Math.floor(at / 225), Math.floor(at / 15) % 15, at % 15].entries())
      moment[axis]! += value * index;
  }
  return moment.map((each) => each / sum) as [number, number, number];
}

/** Takes a turned template from the grey values about a voxel: dense is dark. */
function plant(data: Float32Array, [cz, cy, cx]: readonly number[], r: Rotation): void {
  const centre = middle();
  for (let z = -9; z <= 9; z++)
    for (let y = -9; y <= 9; y++)
      for (let x = -9; x <= 9; x++) {
        const from = [
          r[2] * x + r[5] * y + r[8] * z,
          r[1] * x + r[4] * y + r[7] * z,
          r[0] * x + r[3] * y + r[6] * z,
        ];
        const nearest = from.map((value, axis) => Math.round(value + centre[axis]!)) as [
          number,
          number,
          number,
        ];
        if (nearest.some((index) => index < 0 || index > 14)) continue;
        const voxel = ((cz! + z) * shape[1] + cy! + y) * shape[2] + cx! + x;
        data[voxel]! -= template.data[(nearest[0] * 15 + nearest[1]) * 15 + nearest[2]]!;
      }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "match-"));
  const random = randomFor(4, "tomogram");
  const data = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => 5 + 0.4 * random.normal());
  for (const { at, rotation } of planted) plant(data, at, rotations[rotation]!);
  const { mkdirSync } = await import("node:fs");
  for (const name of ["data", "templates", "area"]) mkdirSync(place(name));
  await write(place("data", "TS_1.mrc"), shape, data);
  await write(place("templates", "blobs.mrc"), template.shape, template.data);
  await write(place("templates", "other.mrc"), [15, 15, 15], blobs(9, 15, 5).data);
  const area = new Float32Array(data.length);
  for (let z = 10; z < 15; z++)
    for (let y = 12; y < 17; y++)
      area.fill(1, (z * shape[1] + y) * shape[2] + 13, (z * shape[1] + y) * shape[2] + 18);
  await write(place("area", "TS_1__area.mrc"), shape, area);
  await write(place("area", "small__area.mrc"), [2, 2, 2], new Float32Array(8).fill(1));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const match = (what: string, out: string, ...flags: string[]) =>
  pickbench(
    ...["match", place("templates", what), "--data", place("data"), "--out", place(out)],
    ...[
      "--angles",
      "60",
      "--threads",
      "1",
      "--json",
      ...(flags.includes("--wedge") ? [] : ["--wedge", "none"]),
      ...flags,
    ],
  );

interface Points {
  points: { location: { x: number; y: number; z: number }; transformation_: number[][]; score: number }[];
}
const picksIn = (out: string, type: string): Points["points"] =>
  JSON.parse(
    readFileSync(place(out, "ExperimentRuns", "TS_1", "Picks", `pickbench_match_${type}.json`), "utf8"),
  ).points;

describe("match", () => {
  test("finds planted particles at their places, turned as they were planted", async () => {
    const { stdout, stderr, code } = await match("blobs.mrc", "one", "--threshold", "0.6");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).results[0]).toMatchObject({
      run: "TS_1",
      template: "blobs",
      picks: 4,
      rotations: 72,
    });
    const points = picksIn("one", "blobs");
    const star = readFileSync(place("one", "star", "TS_1__blobs.star"), "utf8")
      .trim()
      .split("\n")
      .slice(-4);
    for (const { at, rotation } of planted) {
      const wanted = at.map((index) => (index + 0.5) * 10);
      const found = points.findIndex(({ location: { x, y, z } }) =>
        [z, y, x].every((value, axis) => Math.abs(value - wanted[axis]!) < 10.1),
      );
      expect(found).toBeGreaterThanOrEqual(0);
      const { transformation_, score, location } = points[found]!;
      const matrix = transformation_.slice(0, 3).flatMap((row) => row.slice(0, 3));
      for (const [entry, value] of rotations[rotation]!.entries())
        expect(matrix[entry]).toBeCloseTo(value, 6);
      const cells = star[found]!.trim().split(/\s+/);
      expect(cells.slice(1, 4).map(Number)).toEqual(
        [location.x, location.y, location.z].map((each) => each / 10),
      );
      expect(Number(cells[7])).toBeCloseTo(score, 5);
      const angles = cells.slice(4, 7).map(Number) as [number, number, number];
      for (const [entry, value] of rotationOf(angles, "relion").entries())
        expect(value).toBeCloseTo(matrix[entry]!, 5);
    }
    const scores = await readMrc(place("one", "scores", "TS_1__blobs.mrc"));
    const angles = await readMrc(place("one", "angles", "TS_1__blobs.mrc"));
    const best = scores.data.indexOf(scores.data.reduce((most, value) => Math.max(most, value), 0));
    expect(planted.map(({ rotation }) => rotation)).toContain(angles.data[best]);
  });

  test("searches an area alone, and several templates compete", async () => {
    const within = ["--within", place("area", "TS_1__area.mrc")];
    const { stdout, code } = await match("", "two", ...within, "--threshold", "0.5");
    expect(code).toBe(0);
    const [own, other] = JSON.parse(stdout).results;
    expect([own.picks, other.picks, own.voxels]).toEqual([1, 0, 125]);
    expect(picksIn("two", "other")).toEqual([]);
    const scores = await readMrc(place("two", "scores", "TS_1__blobs.mrc"));
    expect(scores.data.filter((value) => value !== 0).length).toBe(125);
  });

  test("refuses what is there, and what makes no sense, in one sentence", async () => {
    const outcome = async (...args: Parameters<typeof match>) => (await match(...args)).stderr;
    expect(await outcome("blobs.mrc", "one")).toMatch(/match\.json exists already; give --overwrite/);
    expect(await outcome("blobs.mrc", "new", "--wedge", "60,-60")).toMatch(
      /--wedge is "60,-60", wanted the lowest/,
    );
    expect(await outcome("blobs.mrc", "new", "--symmetry", "X3")).toMatch(
      /--symmetry is X3, wanted C1 to C99/,
    );
    expect(await outcome("blobs.mrc", "new", "--ctf", "-3")).toMatch(/--ctf is "-3", wanted underfoci in µm/);
    expect(await outcome("nothing.mrc", "new")).toMatch(/no such file or folder; name a density map/);
    expect(await outcome("blobs.mrc", "new", "--mask", place("area", "small__area.mrc"))).toMatch(
      /2×2×2 voxels, the template .*15×15×15; give a mask of its shape/,
    );
    expect(await outcome("blobs.mrc", "new", "--within", place("area", "small__area.mrc"))).toMatch(
      /no map of run TS_1/,
    );
    expect(await outcome("blobs.mrc", "new", "--spacing", "5")).toMatch(/more than 1\.25 times as coarse/);
  });
});
