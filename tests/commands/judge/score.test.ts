import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pickbench } from "../../support/commandLine.js";

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
    expect(stdout).toMatch(/score 0\.0714 {2}\(90 % interval over experiments: 0\.\d{4} to 0\.\d{4}\)/);
  });

  test("compares two submissions, and does not say which is better of two on two experiments", async () => {
    const other = write("other.csv", `${header}0,TS_1,ribosome,505,500,500\n1,TS_2,ribosome,905,900,900\n`);
    const { stdout, stderr, code } = await pickbench(
      "score",
      other,
      "--truth",
      truth,
      "--against",
      submission,
    );
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/score +0\.1429 +0\.0714 +\+0\.0714/);
    expect(stdout).toMatch(/p = 1 .* \(2 experiments, 1 experiment with different counts; no p under 1 is/);
    expect(stdout).toMatch(/^Too few experiments to tell which is better: .* takes 6 or more\.$/m);
    expect(stdout).not.toMatch(/is better than/);
    const json = await pickbench("score", other, "--truth", truth, "--against", submission, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      a: other,
      b: submission,
      verdict: "too few",
      differing: 1,
    });
  });

  test("seeds: mean ± standard error", async () => {
    const none = write("nothing.csv", header);
    const { stdout, code } = await pickbench(
      "score",
      submission,
      "--truth",
      truth,
      "--seeds",
      none,
      submission,
    );
    expect(code).toBe(0);
    // F 0.5, 0, 0.5: mean 1/3, standard error 1/6
    expect(stdout).toMatch(/^ribosome +0\.3333 ± 0\.1667$/m);
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
    [
      "an unknown type in the other submission",
      () => [
        submission,
        "--truth",
        truth,
        "--against",
        write("unicorn.csv", `${header}0,TS_1,unicorn,1,1,1\n`),
      ],
      /row 2 of .*unicorn\.csv/,
    ],
    ["an unknown flag", () => [submission, "--truth", truth, "--fast"], /fast/],
  ])("%s: exit code 1 and one sentence", async (_, args, message) => {
    const { stdout, stderr, code } = await pickbench("score", ...args());
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

const shared = fileURLToPath(new URL("../../../../shared/data/czii-truth/train", import.meta.url));

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
