import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { pythonHas, runPythonFile } from "../../support/python.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape = [24, 26, 30] as const;
const spacing = [angstrom(12), angstrom(10), angstrom(10)] as const;

/** Two balls, of 90 and of 50 Å, as probabilities: the first around (z, y, x) = (150, 130, 110) Å from the corner. */
const balls = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => {
  const at = [Math.floor(i / 780), Math.floor(i / 30) % 26, i % 30].map(
    (index, axis) => (index + 0.5) * spacing[axis]!,
  );
  const inside = ([z, y, x, radius]: readonly number[]) =>
    0.5 + (radius! - Math.hypot(at[0]! - z!, at[1]! - y!, at[2]! - x!)) / 60;
  const value = Math.max(inside([150, 130, 110, 90]), inside([80, 190, 250, 30]));
  return Math.min(1, Math.max(0, value));
});

async function maps(): Promise<string> {
  const folder = temporaryFolder();
  const zarr = await createOmeZarr(join(folder, "TS_1.zarr"), {
    ...{ shape, spacing, format: 2 as const },
    channels: ["background", "vesicle", "nothing"],
  });
  for (const [channel, values] of [balls, balls, balls.map(() => 0.1)].entries())
    await zarr.writeSlab(0, values, channel);
  await zarr.close();
  const mrc = await createMrc(join(folder, "TS_2__vesicle.mrc"), { shape, spacing, mode: 6 });
  await mrc.writeSlab(
    0,
    balls.map((p) => Math.round(255 * p)),
  );
  await mrc.close();
  return folder;
}

interface Read {
  readonly parts: readonly string[];
  readonly notes: readonly string[];
  readonly vertices: number;
  readonly faces: number;
  readonly area: number;
  readonly volume: number;
  readonly bad_edges: number;
  readonly least: readonly number[];
  readonly greatest: readonly number[];
  readonly cosine: number;
}

const readBack = (...paths: readonly string[]): Read[] =>
  runPythonFile(new URL("../../fixtures/meshes/read_mesh.py", import.meta.url).pathname, ...paths) as Read[];

async function meshes(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await pickbench("mesh", ...args, "--json", "--threads", "2");
  expect([code, stderr.includes("pickbench:")]).toEqual([0, false]);
  return JSON.parse(stdout).meshes;
}

describe("mesh", () => {
  test("writes every feature of every run, and refuses to write over them", async () => {
    const [from, out] = [await maps(), temporaryFolder()];
    const found = await meshes(from, "--out", out, "--dust", "0");
    expect(found.map(({ run, feature, path, components }) => [run, feature, path, components])).toEqual([
      ["TS_1", "vesicle", join(out, "TS_1__vesicle.obj"), 2],
      ["TS_1", "nothing", null, 0],
      ["TS_2", "vesicle", join(out, "TS_2__vesicle.obj"), 2],
    ]);
    expect(existsSync(join(out, "TS_1__nothing.obj"))).toBe(false);
    const again = await pickbench("mesh", from, "--out", out);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("--overwrite")]);
    const before = readFileSync(join(out, "TS_2__vesicle.obj"));
    expect((await pickbench("mesh", from, "--out", out, "--overwrite", "--dust", "0", "--quiet")).code).toBe(
      0,
    );
    expect(readFileSync(join(out, "TS_2__vesicle.obj"))).toEqual(before);
    const [none] = await meshes(from, "--out", out, "--overwrite", "--level", "2");
    expect([none!.path, existsSync(join(out, "TS_1__vesicle.obj"))]).toEqual([null, false]);
    const below = await pickbench("mesh", from, "--out", join(out, "below"), "--level=-1e39");
    expect([below.code, below.stderr]).toEqual([1, expect.stringContaining("--level is -1e+39")]);
  });

  test.runIf(pythonHas("numpy"))(
    "writes the same closed mesh in all formats (skipped without NumPy)",
    async () => {
      const [from, out] = [await maps(), temporaryFolder()];
      const paths: string[] = [];
      for (const format of ["obj", "stl", "glb"]) {
        const [mesh] = await meshes(
          from,
          "--out",
          out,
          "--features",
          "vesicle",
          "--runs",
          "TS_1",
          "--format",
          format,
        );
        paths.push(mesh!.path as string);
      }
      const [obj, ...others] = readBack(...paths);
      expect(obj!.vertices - 1.5 * obj!.faces + obj!.faces).toBe(4);
      expect(obj!.notes).toEqual([
        ...["run TS_1", "feature vesicle", "unit A", "origin corner", "level 0.5"],
        expect.stringMatching(/^colour (?:[01]\.\d{4} ?){3}$/),
      ]);
      for (const each of [obj!, ...others]) {
        expect([each.vertices, each.faces, each.bad_edges]).toEqual([obj!.vertices, obj!.faces, 0]);
        expect(each.volume / ((4 / 3) * Math.PI * (90 ** 3 + 30 ** 3))).toBeCloseTo(1, 1);
        expect(each.volume / obj!.volume).toBeCloseTo(1, 5);
        expect(each.cosine).toBeGreaterThan(0.9999);
        for (const [axis, [least, greatest]] of [
          [20, 280],
          [40, 220],
          [50, 240],
        ].entries()) {
          expect(Math.abs(each.least[axis]! - least!)).toBeLessThan(1.5);
          expect(Math.abs(each.greatest[axis]! - greatest!)).toBeLessThan(1.5);
        }
      }
    },
  );

  test.runIf(pythonHas("numpy"))(
    "takes unit, origin, dust and parts as asked (skipped without NumPy)",
    async () => {
      const [from, out] = [await maps(), temporaryFolder()];
      const asked = [from, "--runs", "TS_1", "--features", "vesicle", "--overwrite"];
      const written: Read[] = [];
      for (const flags of [
        ["--unit", "nm", "--origin", "centre", "--per-component"],
        ["--origin", "voxel", "--dust", "500000", "--simplify", "300"],
        ["--format", "glb", "--per-component"],
      ]) {
        const [mesh] = await meshes(...asked, "--out", out, ...flags);
        written.push(...readBack(mesh!.path as string));
      }
      const [nm, one, parts] = written;
      expect([nm!.parts, one!.parts, parts!.parts]).toEqual([
        ["vesicle_1", "vesicle_2"],
        ["vesicle"],
        ["vesicle_1", "vesicle_2"],
      ]);
      expect(nm!.greatest[0]).toBeCloseTo((280 - 150) / 10, 0);
      expect(nm!.least[2]).toBeCloseTo((50 - 144) / 10, 0);
      expect([one!.faces, one!.bad_edges, nm!.bad_edges, parts!.bad_edges]).toEqual([300, 0, 0, 0]);
      expect(one!.greatest[0]).toBeCloseTo(200 - 5, -1);
    },
  );

  test.each([
    [["--level", "x"], "--level"],
    [["--dust", "-1"], "--dust is -1"],
    [["--simplify", "2"], "--simplify is 2"],
    [["--format", "stl", "--per-component"], "is one object"],
    [["--runs", "TS_3"], "no map of run TS_3"],
    [["--features", "membrane"], "no channel membrane"],
  ])("%j is refused in one sentence", async (flags, message) => {
    const { code, stderr } = await pickbench("mesh", await maps(), "--out", temporaryFolder(), ...flags);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).toMatch(/^(?:[^\n]*taken as[^\n]*\n)?pickbench: [^\n]+\n$/);
  });
});
