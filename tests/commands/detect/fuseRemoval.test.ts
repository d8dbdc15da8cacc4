import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePicks } from "../../../src/data/picks.js";
import { rotationAbout } from "../../../src/domain/rotation.js";
import { angstrom } from "../../../src/domain/units.js";
import { anglesOf } from "../../../src/formats/positions/orientation.js";
import { pickbench } from "../../support/commandLine.js";
import { cubic, tinyShape, writeLabels } from "../../support/masks.js";
import { type PickRow, picksRows, writePicksCsv } from "../../support/picksCsv.js";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const csv = (name: string, rows: PickRow[]): string => writePicksCsv(at(name), rows);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

let a: string;
let b: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-fuse-removal-"));
  a = csv("a.csv", [
    ["TS_1", "ribosome", 100, 100, 100],
    ["TS_1", "ribosome", 160, 100, 100],
    ["TS_1", "ribosome", 500, 500, 100],
    ["TS_1", "ribosome", 639, 300, 100],
    ["TS_1", "ribosome", 641, 500, 100],
    ["TS_2", "ribosome", 300, 300, 100],
  ]);
  b = csv("b.csv", [["TS_1", "ribosome", 120, 100, 100]]);
  const run = (name: string) => at("data/static/ExperimentRuns", name, "VoxelSpacing10.000/denoised.zarr");
  for (const name of ["TS_1", "TS_2"]) await writeLabels(run(name), tinyShape, cubic(10), () => 0);
  const carbon = (x: number) => (x >= 45 && x < 50 ? 1 : 0);
  await writeLabels(at("maps/TS_1__carbon.mrc"), tinyShape, cubic(10), (_, __, x) => carbon(x));
  await writeLabels(at("maps/TS_1__lamella.mrc"), tinyShape, cubic(10), (_, __, x) => (x < 20 ? 1 : 0));
  for (const [sessionId, turn, score] of [
    ["one", 10, 0.8],
    ["two", 190, 0.4],
  ] as const)
    await writePicks(
      at("turned"),
      "TS_1",
      "ribosome",
      [
        {
          type: "ribosome",
          x: angstrom(100),
          y: angstrom(100),
          z: angstrom(100),
          score,
          rotation: rotationAbout([0, 0, 1], turn),
        },
      ],
      { userId: "pickbench", sessionId },
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fuse = (...args: string[]) => pickbench("fuse", ...args);

describe("removal", () => {
  test("what A saw and B did not, and which runs B never looked at", async () => {
    const { stdout, code } = await fuse(a, "--not", b, "--out", at("not.csv"));
    expect(code).toBe(0);
    expect(picksRows(at("not.csv"))).toEqual([
      "TS_1,ribosome,639,300,100",
      "TS_1,ribosome,500,500,100",
      "TS_1,ribosome,641,500,100",
      "TS_2,ribosome,300,300,100",
    ]);
    expect(stdout).toMatch(/^TS_1: 2 picks removed, seen by .*b\.csv$/m);
    expect(stdout).toMatch(/b\.csv has no picks of TS_2: nothing was removed there/);
    expect(stdout).toMatch(/^2 runs, 4 picks: /m);
  });

  test("duplicates of one list, nearer than a distance in Å", async () => {
    const { stdout } = await fuse(a, "--duplicates", "--distance", "60", "--out", at("single.csv"));
    expect(picksRows(at("single.csv"))).toContain("TS_1,ribosome,130,100,100");
    expect(stdout).toMatch(/a\.csv: 6 picks are 5 without duplicates/);
  });

  test("picks outside of the volume go, by run and reason", async () => {
    const { stdout } = await fuse(a, "--inside", at("data"), "--out", at("inside.csv"), "--json");
    expect(JSON.parse(stdout).removed).toEqual([{ run: "TS_1", reason: "outside of the volume", picks: 1 }]);
    expect(picksRows(at("inside.csv"))).toHaveLength(5);
  });

  test("picks on carbon or near it go, and those outside of an area", async () => {
    const mask = [a, "--maps", at("maps"), "--quiet"];
    const carbon = await fuse(...mask, "--mask", "!carbon:0.5:20", "--out", at("carbon.csv"));
    expect(carbon.code, carbon.stderr).toBe(0);
    expect(picksRows(at("carbon.csv"))).toEqual([
      "TS_1,ribosome,100,100,100",
      "TS_1,ribosome,160,100,100",
      "TS_1,ribosome,639,300,100",
      "TS_2,ribosome,300,300,100",
    ]);
    expect(carbon.stdout).toMatch(/^TS_1: 1 pick removed, outside of the maps$/m);
    expect(carbon.stdout).toMatch(/^TS_1: 1 pick removed, by --mask !carbon$/m);
    const area = await fuse(...mask, "--mask", "lamella:0.5", "--out", at("area.csv"));
    expect([area.code, area.stderr]).toEqual([
      1,
      expect.stringMatching(/TS_2 has picks but no map of lamella, outside of which --mask removes/),
    ]);
    await fuse(b, ...mask.slice(1), "--mask", "lamella:0.5", "--out", at("area.csv"));
    expect(picksRows(at("area.csv"))).toEqual(["TS_1,ribosome,120,100,100"]);
  });
});

describe("orientations, scores by picker and STAR files", () => {
  const pickers = () => [`${at("turned")}@pickbench_one`, `${at("turned")}@pickbench_two`];

  test("a twofold particle's are averaged modulo C2, by score; each picker's score is kept", async () => {
    const { stdout, stderr, code } = await fuse(
      ...[...pickers(), "--symmetry", "C1,ribosome=C2", "--by-picker", "--scores", "max"],
      ...["--out", at("oriented"), "--star", at("oriented.star"), "--spacing", "10"],
    );
    expect([stderr, code]).toEqual(["", 0]);
    const [point] = json(at("oriented/ExperimentRuns/TS_1/Picks/pickbench_fuse_ribosome.json")).points;
    const wanted = rotationAbout([0, 0, 1], 10);
    const found = point.transformation_.slice(0, 3).flatMap((row: number[]) => row.slice(0, 3));
    for (const [i, part] of wanted.entries()) expect(found[i]).toBeCloseTo(part, 12);
    expect([point.score, point.metadata]).toEqual([0.8, { votes: 2, "score.1": 0.8, "score.2": 0.4 }]);
    expect(stdout).toMatch(/degrees from their mean .*: ribosome 0\.0$/m);
    const star = readFileSync(at("oriented.star"), "utf8");
    const names = star.match(/^_\S+/gm)!;
    for (const name of ["_rlnTomoName", "_rlnAngleRot", "_pickbenchVotes", "_pickbenchScore2"])
      expect(names).toContain(name);
    const cells = star.match(/^TS_1\s.*$/m)![0].split(/\s+/);
    expect(cells.slice(1, 4).map(Number)).toEqual([10, 10, 10]);
    const psi = Number(cells[6]) + Number(cells[4]);
    expect(psi).toBeCloseTo(anglesOf(wanted, "relion")[2] + anglesOf(wanted, "relion")[0], 4);
  });

  test("an orientation that is none is refused by its point", async () => {
    mkdirSync(dirname(at("bent/ExperimentRuns/TS_1/Picks/x")), { recursive: true });
    const document = json(at("turned/ExperimentRuns/TS_1/Picks/pickbench_one_ribosome.json"));
    document.points[0].transformation_[0][0] = 7;
    writeFileSync(at("bent/ExperimentRuns/TS_1/Picks/u_1_ribosome.json"), JSON.stringify(document));
    const { code, stderr } = await fuse(b, at("bent"), "--out", at("bent.csv"));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /u_1_ribosome\.json, point 1: transformation_ is no rotation, wanted a 4×4 matrix/,
      ),
    ]);
  });
});

describe("unequal sets of tomograms", () => {
  test("an empty file of a run is a look at it, and an empty CSV is one with --same-runs", async () => {
    const author = { userId: "pickbench", sessionId: "x" };
    await writePicks(at("looked"), "TS_2", "ribosome", [], author);
    await writePicks(at("looked"), "TS_1", "ribosome", [], author);
    const looked = await fuse(a, at("looked"), "--votes", "all", "--out", at("looked.csv"));
    expect([looked.code, picksRows(at("looked.csv"))]).toEqual([0, []]);
    const absent = await fuse(a, b, "--votes", "all", "--out", at("absent.csv"));
    expect(absent.stdout).toMatch(/--same-runs takes them to have seen nothing/);
    expect(picksRows(at("absent.csv"))).toEqual(["TS_1,ribosome,110,100,100", "TS_2,ribosome,300,300,100"]);
    await fuse(a, b, "--votes", "all", "--same-runs", "--out", at("same.csv"));
    expect(picksRows(at("same.csv"))).toEqual(["TS_1,ribosome,110,100,100"]);
    const none = csv("none.csv", []);
    const empty = await fuse(a, none, "--votes", "all", "--same-runs", "--out", at("empty.csv"));
    expect([empty.code, picksRows(at("empty.csv"))]).toEqual([0, []]);
  });

  test("the tables say what two pickers share", async () => {
    const { stdout } = await fuse(a, b, "--out", at("table.csv"));
    expect(stdout).toMatch(/^Jaccard +1 and 2\nribosome +0\.200\nall +0\.200$/m);
    expect(stdout).toMatch(/^picker 2 +1\.000 +1\.000$/m);
  });
});

test.each([
  ["no number of votes", () => [a, b, "--votes", "most"], /--votes is most, wanted all, any, N for at least/],
  [
    "more votes exactly than pickers",
    () => [a, b, "--votes", "=3"],
    /--votes is =3, wanted a whole number from 1 to 2/,
  ],
  ["two distances", () => [a, b, "--radius", "1", "--distance", "5"], /--radius and --distance both/],
  ["a distance of 0", () => [a, b, "--distance", "0"], /--distance is 0, wanted Å above 0/],
  ["an unknown symmetry", () => [a, b, "--symmetry", "X9"], /--symmetry is X9, wanted C1 to C99/],
  ["a symmetry of no type", () => [a, b, "--symmetry", "vault=O"], /names the type vault, wanted one of/],
  ["a mask without maps", () => [a, b, "--mask", "carbon:1"], /--maps and --mask belong together/],
  ["a mask that is none", () => [a, b, "--maps", at("maps"), "--mask", "carbon"], /no term of an area/],
  ["a feature that has no map", () => [a, "--maps", at("maps"), "--mask", "!gold:1"], /no map of gold/],
  ["scores by picker in a submission", () => [a, b, "--by-picker"], /no room in a submission/],
  ["voxels of no size", () => [a, b, "--star", at("x.star")], /whose size is not known/],
  [
    "no common run with the other",
    () => [b, "--not", csv("c.csv", [["TS_7", "ribosome", 1, 1, 1]])],
    /no other picker has/,
  ],
])("%s is refused in one sentence", async (_, args, message) => {
  const { code, stderr, stdout } = await fuse(...args(), "--out", at("refused.csv"));
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

test("a run without a tomogram is refused by its name", async () => {
  const other = csv("other.csv", [["TS_8", "ribosome", 1, 1, 1]]);
  const { code, stderr } = await fuse(other, "--inside", at("data"), "--out", at("refused.csv"));
  expect([code, stderr]).toEqual([1, expect.stringMatching(/has no tomogram of TS_8, which has picks/)]);
});
