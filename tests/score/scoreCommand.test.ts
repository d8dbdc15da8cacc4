import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pickbench } from "./pickbench.js";

let folder: string;
let truth: string;
let submission: string;
const header = "id,experiment,particle_type,x,y,z\n";

const write = (name: string, content: string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-score-"));
  truth = write("truth.csv", `${header}0,TS_1,ribosome,500,500,500\n1,TS_2,ribosome,900,900,900\n`);
  submission = write("submission.csv", `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,100,100,100\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("pickbench score", () => {
  test("prints a table and the score", async () => {
    const { stdout, code } = await pickbench("score", submission, "--truth", truth, "--interval");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^type +F4 +precision +recall/);
    expect(stdout).toMatch(/ribosome +0\.5000 +0\.5000 +0\.5000 +1 +1 +1/);
    expect(stdout).toMatch(/score 0\.0714 {2}\(90 % of resampled experiments: 0\.0000 to 0\.1429\)/);
  });

  test("a folder of picks serves as truth; runs that nobody picked are no part of it", async () => {
    const picks = (run: string, points: object[]) =>
      write(
        `data/overlay/ExperimentRuns/${run}/Picks/ribosome.json`,
        JSON.stringify({ pickable_object_name: "ribosome", points }),
      );
    picks("TS_1", [{ location: { x: 500, y: 500, z: 500 } }]);
    picks("TS_2", []);
    mkdirSync(join(folder, "data/overlay/ExperimentRuns/TS_3"), { recursive: true });
    mkdirSync(join(folder, "data/static/ExperimentRuns/TS_1"), { recursive: true });
    const csv = write(
      "three.csv",
      `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,1,1,1\n2,TS_3,unicorn,1,1,1\n`,
    );
    const { stdout, stderr, code } = await pickbench("score", csv, "--truth", join(folder, "data"), "--json");
    expect([stderr, code]).toEqual(["", 0]);
    const report = JSON.parse(stdout);
    expect(report.experiments).toBe(2);
    expect(report.perType.ribosome).toMatchObject({ tp: 1, fp: 1, fn: 0 });
    expect(report.dropped.experiment).toBe(1);
  });

  test.each([
    ["a broken submission", () => [write("short.csv", `${header}0,TS_1\n`), "--truth", truth], /row 2 of /],
    ["an empty submission", () => [write("empty.csv", ""), "--truth", truth], /is empty/],
    ["a missing submission", () => [join(folder, "none.csv"), "--truth", truth], /cannot read/],
    ["a missing truth", () => [submission, "--truth", join(folder, "nowhere")], /nowhere/],
    ["an empty truth", () => [submission, "--truth", write("bare.csv", header)], /holds no particle/],
    [
      "a truth with a place twice",
      () => [submission, "--truth", write("twice.csv", `${header}0,A,ribosome,1,1,1\n1,A,ribosome,1,1,1\n`)],
      /two particles at x y z = 1 1 1/,
    ],
    ["no truth", () => [submission], /truth/],
    ["an unknown flag", () => [submission, "--truth", truth, "--fast"], /fast/],
  ])("%s: exit code 1 and one sentence", async (_, args, message) => {
    const { stdout, stderr, code } = await pickbench("score", ...args());
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

const shared = fileURLToPath(new URL("../../../shared/data/czii-truth/train", import.meta.url));

test.skipIf(!existsSync(shared))(
  "the challenge's truth scored against itself (skipped without ../shared)",
  async () => {
    const csv = write("own.csv", header);
    const { stdout, code } = await pickbench("score", csv, "--truth", shared, "--json");
    expect(code).toBe(0);
    const { perType, experiments, score } = JSON.parse(stdout);
    expect([experiments, score]).toEqual([7, 0]);
    const truths = Object.values(perType as Record<string, { truths: number }>).reduce(
      (sum, type) => sum + type.truths,
      0,
    );
    expect(truths).toBe(1269);
  },
);
