import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePicks } from "../../../src/data/picks.js";
import { angstrom } from "../../../src/domain/units.js";
import { pickbench } from "../../support/commandLine.js";
import { type PickRow, picksHeader, picksRows, writePicksCsv } from "../../support/picksCsv.js";

let folder: string;
let a: string;
let b: string;
let c: string;
let scored: string;

const write = (name: string, content: string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const csv = (name: string, rows: PickRow[]): string => writePicksCsv(join(folder, name), rows);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-fuse-"));
  a = csv("a.csv", [
    ["TS_1", "ribosome", 100, 100, 100],
    ["TS_1", "ribosome", 500, 500, 100],
    ["TS_2", "ribosome", 300, 300, 100],
  ]);
  b = csv("b.csv", [
    ["TS_1", "ribosome", 120, 100, 100],
    ["TS_2", "thyroglobulin", 300, 300, 100],
  ]);
  c = csv("c.csv", [["TS_1", "ribosome", 500, 520, 100]]);
  scored = join(folder, "scored");
  for (const [sessionId, x] of [
    ["one", 100],
    ["two", 110],
  ] as const)
    await writePicks(
      scored,
      "TS_1",
      "ribosome",
      [{ type: "ribosome", x: angstrom(x), y: angstrom(100), z: angstrom(100), score: 0.6 }],
      { userId: "pickbench", sessionId },
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("pickbench fuse", () => {
  test("of three CSVs keeps what two saw, in the middle of them", async () => {
    const out = join(folder, "fused.csv");
    const { stdout, stderr, code } = await pickbench("fuse", a, b, c, "--out", out, "--votes", "2");
    expect([stderr, code]).toEqual(["", 0]);
    expect(picksRows(out)).toEqual(["TS_1,ribosome,110,100,100", "TS_1,ribosome,500,510,100"]);
    expect(stdout).toMatch(/^ribosome +3 +1 +1 +3 +1 +2 +0 +2$/m);
    expect(stdout).toMatch(/^thyroglobulin +0 +1 +0 +1 +1 +0 +0 +0$/m);
    expect(stdout).toMatch(/not every picker has picks of TS_2/);
    expect(stdout).toMatch(/no scores, each counts as 1/);
  });

  test("the order of the pickers changes no byte", async () => {
    const outs = [join(folder, "abc.csv"), join(folder, "cab.csv")] as const;
    await pickbench("fuse", a, b, c, "--out", outs[0], "--weights", "3,1,0.7");
    await pickbench("fuse", c, a, b, "--out", outs[1], "--weights", "0.7,3,1");
    expect(readFileSync(outs[1])).toEqual(readFileSync(outs[0]));
  });

  test("weights move places and count as votes; a folder holds scores, a file for every type", async () => {
    const out = join(folder, "picks");
    const { code } = await pickbench(
      ...["fuse", a, b, "--out", out, "--weights", "3,1", "--votes", "3", "--session", "both", "--json"],
    );
    expect(code).toBe(0);
    const picks = join(out, "ExperimentRuns", "TS_1", "Picks");
    expect(readdirSync(picks)).toHaveLength(6);
    const { points, user_id, session_id } = JSON.parse(
      readFileSync(join(picks, "pickbench_both_ribosome.json"), "utf8"),
    );
    expect([user_id, session_id]).toEqual(["pickbench", "both"]);
    expect(
      points.map(({ location, score }: { location: object; score: number }) => [location, score]),
    ).toEqual([
      [{ x: 105, y: 100, z: 100 }, 1],
      [{ x: 500, y: 500, z: 100 }, 0.75],
    ]);
  });

  test("sessions of one folder are pickers by @USER_SESSION", async () => {
    const out = join(folder, "sessions");
    const { stdout, stderr, code } = await pickbench(
      ...["fuse", `${scored}@pickbench_one`, `${scored}@pickbench_two`, "--out", out, "--json"],
    );
    expect([stderr, code]).toEqual(["", 0]);
    expect(JSON.parse(stdout).types).toMatchObject([{ type: "ribosome", seenBy: [0, 1], kept: 1 }]);
    const file = join(out, "ExperimentRuns", "TS_1", "Picks", "pickbench_fuse_ribosome.json");
    expect(JSON.parse(readFileSync(file, "utf8")).points).toMatchObject([
      { location: { x: 105 }, score: 0.6 },
    ]);
  });

  test("tuned settings name their runs, and leave them out where asked", async () => {
    const truth = write(
      "truth.csv",
      "experiment,particle_type,x,y,z\nTS_1,ribosome,110,100,100\nTS_2,ribosome,900,900,900\n",
    );
    const out = join(folder, "tuned.csv");
    const tune = ["fuse", a, b, c, "--out", out, "--truth", truth, "--tune", "TS_1"];
    const { stdout, code } = await pickbench(...tune);
    expect(code).toBe(0);
    expect(stdout).toMatch(/fitted to TS_1: scores of .* on these runs are no fair test/);
    expect(stdout).toMatch(/equal weights and no threshold for thyroglobulin/);
    expect(
      picksRows(out).filter((row) => /^TS_1,ribosome,1[012]\d?(\.\d+)?,100,100$/.test(row)),
    ).toHaveLength(1);
    const left = await pickbench(...tune, "--leave-out-tuned", "--overwrite", "--json");
    const { runs, tune: told, types } = JSON.parse(left.stdout);
    expect([runs, told]).toEqual([["TS_2"], { runs: ["TS_1"], leftOut: true }]);
    expect(types[0].tunedFbeta).toBe(1);
    expect(picksRows(out).every((row) => row.startsWith("TS_2"))).toBe(true);
  });

  test.each([
    ["one picker", () => [a], /two or more to fuse/],
    ["a picker that is not there", () => [a, "nowhere"], /nowhere: no such file or folder/],
    [
      "no common run",
      () => [a, csv("other.csv", [["TS_9", "ribosome", 1, 1, 1]])],
      /picks of TS_1, TS_2 and no/,
    ],
    [
      "an unknown type",
      () => [a, csv("type.csv", [["TS_1", "vault", 1, 1, 1]])],
      /row 2 .*"vault", wanted one/,
    ],
    ["no picks", () => [a, csv("header.csv", [])], /header\.csv holds no pick/],
    ["an empty CSV", () => [a, write("empty.csv", "")], /empty\.csv is empty/],
    ["NaN", () => [a, write("nan.csv", `${picksHeader}0,TS_1,ribosome,NaN,1,1\n`)], /row 2 .*x = "NaN"/],
    ["too few weights", () => [a, b, "--weights", "1"], /--weights has 1 of them for 2 pickers/],
    ["weights of 0", () => [a, b, "--weights", "0,0"], /not all 0/],
    ["a weight that is no number", () => [a, b, "--weights", "1,x"], /--weights is 1,x, wanted numbers/],
    ["a radius of 0", () => [a, b, "--radius", "0"], /--radius is 0, wanted/],
    [
      "more votes than pickers",
      () => [a, b, "--votes", "3"],
      /--votes is 3, wanted a whole number from 1 to 2/,
    ],
    ["half a vote", () => [a, b, "--votes", "=1.5"], /--votes is =1.5, wanted a whole number from 1 to 2/],
    ["--tune alone", () => [a, b, "--tune", "TS_1"], /belong together/],
    [
      "an unknown run",
      () => [a, b, "--truth", a, "--tune", "TS_7"],
      /--tune names TS_7, wanted runs with picks/,
    ],
  ])("%s is the user's mistake", async (_, args, message) => {
    const out = join(folder, "refused.csv");
    const { code, stderr, stdout } = await pickbench("fuse", ...args(), "--out", out);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  test("a negative score, and an output that would replace a picker, are refused", async () => {
    await writePicks(
      join(folder, "negative"),
      "TS_1",
      "ribosome",
      [{ type: "ribosome", x: angstrom(1), y: angstrom(1), z: angstrom(1), score: -0.5 }],
      { userId: "pickbench", sessionId: "x" },
    );
    const negative = await pickbench("fuse", a, join(folder, "negative"), "--out", join(folder, "n.csv"));
    expect([negative.code, negative.stderr]).toEqual([
      1,
      expect.stringMatching(/score -0\.5, wanted 0 or more/),
    ]);
    const same = await pickbench("fuse", a, b, "--out", a);
    expect([same.code, same.stderr]).toEqual([1, expect.stringMatching(/is one of the pickers/)]);
  });
});
