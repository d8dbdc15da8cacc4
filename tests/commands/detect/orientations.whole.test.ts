import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape = [20, 40, 60] as const;
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;

/** Two rods along x, of 400 Å and 120 Å, and one patch across z. */
const rods = Float32Array.from({ length: 48_000 }, (_, i) => {
  const [z, y, x] = [Math.floor(i / 2400), Math.floor(i / 60) % 40, i % 60];
  const isRod = (middle: number, from: number, to: number) =>
    x >= from && x < to && Math.hypot(z - 10, y - middle) <= 2.5;
  const isPatch = z >= 9 && z <= 11 && Math.hypot(y - 30, x - 30) <= 6;
  return isRod(8, 10, 50) || isRod(16, 20, 32) || isPatch ? 0.9 : 0;
});

async function map(): Promise<string> {
  const folder = temporaryFolder();
  const writer = await createMrc(join(folder, "TS_1__rod.mrc"), { shape, spacing });
  await writer.writeSlab(0, rods);
  await writer.close();
  return folder;
}

/** Columns of the only loop of a STAR file, and its rows by their names. */
function readLoop(path: string): Record<string, string>[] {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.trim());
  expect(lines).toContain("data_particles");
  const names = lines.filter((line) => line.startsWith("_")).map((line) => line.slice(1).split(" ")[0]!);
  const rows = lines.filter((line) => /^[\w.-]+(\s+[\w.-]+){4,}$/.test(line));
  return rows.map((row) => Object.fromEntries(row.split(/\s+/).map((value, k) => [names[k]!, value])));
}

interface Point {
  readonly location: { readonly x: number; readonly y: number; readonly z: number };
  readonly transformation_: readonly (readonly number[])[];
  readonly instance_id: number;
  readonly score: number;
}

const readPoints = (path: string): Point[] => JSON.parse(readFileSync(path, "utf8")).points;
const flags = ["--json", "--quiet"];

describe("pick", () => {
  test("--orient writes matrices and Ais's angles, and none where no axis is clear", async () => {
    const [from, out] = [await map(), temporaryFolder()];
    const star = join(out, "coords");
    const settings = ["--min-spacing", "100", "--min-volume", "0", "--orient", "long-axis"];
    const { code, stdout, stderr } = await pickbench(
      "pick",
      from,
      "--out",
      out,
      ...settings,
      "--star",
      star,
      ...flags,
    );
    expect([code, stderr]).toEqual([0, ""]);
    const [picked] = JSON.parse(stdout).picked;
    expect(picked.star).toBe(join(star, "TS_1__rod_coords.star"));
    const points = readPoints(picked.path);
    const rows = readLoop(picked.star);
    expect(rows.length).toBe(points.length);
    for (const [i, { location, transformation_ }] of points.entries()) {
      const row = rows[i]!;
      expect(Number(row.rlnCoordinateX)).toBeCloseTo(location.x / 10, 5);
      expect(Number(row.rlnCoordinateZ)).toBeCloseTo(location.z / 10, 5);
      expect(row.rlnMicrographName).toBe("TS_1");
      const direction = transformation_.slice(0, 3).map((each) => each[2]!);
      expect(Number(row.rlnAngleTilt)).toBeCloseTo((Math.acos(direction[2]!) * 180) / Math.PI, 4);
    }
    const rod = points.findIndex(({ location }) => Math.abs(location.y - 85) < 6);
    expect(Math.abs(points[rod]!.transformation_[0]![2]!)).toBeCloseTo(1, 6);
    expect(Number(rows[rod]!.aisParticleSize)).toBe(40 * 21 * 1000);
    const patch = points.find(({ location }) => Math.abs(location.y - 305) < 6)!;
    expect(patch.transformation_).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
  });

  test("--method filament writes points along what is long, and convert reads its STAR file", async () => {
    const [from, out] = [await map(), temporaryFolder()];
    const settings = ["--method", "filament", "--spacing", "50", "--length", "300", "--star", out];
    const { code, stdout } = await pickbench("pick", from, "--out", out, ...settings, ...flags);
    expect(code).toBe(0);
    const [{ path, star, filaments }] = JSON.parse(stdout).picked;
    expect([filaments.count, filaments.short]).toEqual([1, 2]);
    const points = readPoints(path);
    const rows = readLoop(star);
    expect(points.length).toBe(Math.floor(filaments.length / 50) + 1);
    expect(rows.map((row) => row.aisFilamentConnectivity)).toEqual([
      "1",
      ...points.slice(2).map(() => "0"),
      "1",
    ]);
    expect(
      new Set([...rows.map((row) => row.aisFilamentID), ...points.map((point) => String(point.instance_id))]),
    ).toEqual(new Set(["1"]));
    for (const [i, { location, score, transformation_ }] of points.entries()) {
      expect(Math.hypot(location.y - 85, location.z - 105)).toBeLessThan(2);
      expect(Math.abs(transformation_[0]![2]!)).toBeGreaterThan(0.999);
      expect(score).toBeCloseTo(0.9, 5);
      expect(Number(rows[i]!.aisLog10RadiusOfCurvature)).toBeCloseTo(
        Math.log10(Number(rows[i]!.aisRadiusOfCurvature)),
        4,
      );
    }
    const to = join(out, "back.json");
    const back = await pickbench("convert", star, to, "--spacing", "10", "--type", "rod");
    expect([back.code, back.stderr.includes("pickbench:")]).toEqual([0, false]);
    for (const [i, { location, transformation_ }] of readPoints(to).entries()) {
      expect(location.x).toBeCloseTo(points[i]!.location.x, 3);
      for (const [row, values] of transformation_.entries())
        for (const [column, value] of values.entries())
          expect(value).toBeCloseTo(points[i]!.transformation_[row]![column]!, 5);
    }
  });

  test("--where leaves in the STAR file the rows of the picks that are kept, with the columns", async () => {
    const [from, out] = [await map(), temporaryFolder()];
    const settings = ["--method", "filament", "--spacing", "50", "--length", "300", "--star", out];
    const sample = ["--sample", "rod:20", "--sample", "rod:20:30", "--where", "x > 250"];
    const { code, stdout } = await pickbench("pick", from, "--out", out, ...settings, ...sample, ...flags);
    expect(code).toBe(0);
    const [{ path, star }] = JSON.parse(stdout).picked;
    const [points, rows] = [readPoints(path), readLoop(star)];
    expect(points.length).toBeGreaterThan(1);
    expect(rows.map((row) => Number(row.rlnCoordinateX))).toEqual(
      points.map(({ location }) => expect.closeTo(location.x / 10, 4)),
    );
    expect(rows.every((row) => Number(row.rlnCoordinateX) > 25 && row.aisFilamentID === "1")).toBe(true);
    expect(rows.every((row) => Number(row["sample.rod20"]) > 0.3)).toBe(true);
    const none = ["--where", "x > 9000", "--overwrite"];
    const empty = await pickbench("pick", from, "--out", out, ...settings, ...none, ...flags);
    expect([empty.code, JSON.parse(empty.stdout).picked[0].star]).toEqual([0, undefined]);
    expect([existsSync(star), readPoints(path)]).toEqual([false, []]);
  });

  test("--star removes a file of earlier picks where nothing is picked", async () => {
    const [from, out] = [await map(), temporaryFolder()];
    const settings = ["--min-spacing", "100", "--min-volume", "0", "--star", out, "--overwrite"];
    expect((await pickbench("pick", from, "--out", out, ...settings, ...flags)).code).toBe(0);
    const star = join(out, "TS_1__rod_coords.star");
    expect(existsSync(star)).toBe(true);
    const none = await pickbench("pick", from, "--out", out, ...settings, "--threshold", "0.99", ...flags);
    expect([none.code, existsSync(star)]).toEqual([0, false]);
  });

  test("a pick without a clear axis is not moved along one", async () => {
    const [from, out] = [await map(), temporaryFolder()];
    const settings = ["--min-spacing", "100", "--min-volume", "0", "--orient", "long-axis"];
    const asked = ["--sample", "far=rod:20:30", "--where", "far is missing"];
    const { stdout } = await pickbench("pick", from, "--out", out, ...settings, ...asked, ...flags);
    const { picked, context } = JSON.parse(stdout);
    expect(context.columns[0].missing.orientation).toBe(1);
    expect(readPoints(picked[0].path).map(({ location }) => location.y)).toEqual([expect.closeTo(305, 0)]);
  });

  test.each([
    [["--method", "filament"], "needs --spacing"],
    [["--method", "filament", "--spacing", "0"], "--spacing is 0"],
    [
      ["--method", "filament", "--spacing", "50", "--min-spacing", "3"],
      "--min-spacing is not of --method filament",
    ],
    [["--spacing", "50"], "--spacing is of --method filament alone"],
    [["--method", "peaks", "--orient", "normal"], "--method peaks has not"],
    [["--orient-sign", "out"], "--orient-sign needs --orient"],
  ])("%j is refused in one sentence", async (given, message) => {
    const out = join(temporaryFolder(), "out");
    const { code, stderr } = await pickbench("pick", await map(), "--out", out, ...given);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    expect(existsSync(out)).toBe(false);
  });
});
