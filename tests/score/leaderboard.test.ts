import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pick } from "../../src/particles.js";
import { completeRecord, startRecord } from "../../src/record.js";
import { scoreInterval } from "../../src/score/interval.js";
import { type Leaderboard, publishSubmission, readLeaderboard } from "../../src/score/leaderboard.js";
import { runReport, runReportText } from "../../src/score/report.js";
import { scorePicks } from "../../src/score/score.js";
import { writeSubmission } from "../../src/score/submissionCsv.js";
import { angstrom } from "../../src/units.js";
import { pickbench } from "./pickbench.js";

let folder: string;
let submissions: string;

const ribosomes = (...places: number[]): Pick[] =>
  places.map((x) => ({ type: "ribosome", x: angstrom(x), y: angstrom(0), z: angstrom(0) }));
const truth = new Map([
  ["TS_1", ribosomes(0, 1000, 2000)],
  ["TS_2", ribosomes(0, 1000)],
]);

/** A run's folder as `run` leaves it; `found` particles of TS_1 were picked. */
async function runFolder(
  name: string,
  found: number,
  options: { dataset?: string; finished?: boolean } = {},
) {
  const run = join(folder, "runs", name);
  const picks = new Map([["TS_1", truth.get("TS_1")!.slice(0, found)]]);
  const holdout = scorePicks(truth, picks);
  await startRecord(join(run, "record.json"), {
    name,
    experiment: { name },
    data: [{ path: options.dataset ?? "static/a", size: 3 }],
    runs: { train: ["TS_3"], tune: ["TS_4"], holdout: ["TS_1", "TS_2"] },
    network: "plain",
    seed: 1,
    engine: "onnx cpu",
  });
  await writeSubmission(join(run, "submission.csv"), picks);
  const report = runReport(name, { holdout, interval: scoreInterval(holdout) });
  writeFileSync(join(run, "report.json"), JSON.stringify(report));
  if (options.finished !== false)
    await completeRecord(join(run, "record.json"), {
      metrics: { score: holdout.score },
      durations: { train: 90, predict: 30 },
      checkpointHash: null,
      parameters: 353_703,
    });
  return run;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-leaderboard-"));
  submissions = join(folder, "submissions");
  for (const [name, found] of [
    ["low", 1],
    ["high", 3],
    ["same", 3],
  ] as const)
    await publishSubmission(await runFolder(name, found), submissions, name);
  await publishSubmission(
    await runFolder("other-data", 2, { dataset: "static/b" }),
    submissions,
    "other-data",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("readLeaderboard", () => {
  test("ranks what may be compared, equal scores alike, other data apart", async () => {
    const { groups, unranked } = await readLeaderboard(submissions);
    expect(groups.map(({ rows }) => rows.map(({ rank, name }) => `${rank} ${name}`))).toEqual([
      ["1 high", "1 same", "3 low"],
      ["1 other-data"],
    ]);
    expect(groups[0]!.holdout).toEqual(["TS_1", "TS_2"]);
    expect(groups[0]!.rows[0]).toMatchObject({ minutes: 2, parameters: 353_703, seed: 1, network: "plain" });
    expect(groups[0]!.rows[0]!.perType.ribosome).toBeCloseTo((17 * 0.6) / 16.6, 12);
    expect(unranked).toEqual([]);
  });

  test("lists broken, unfinished and contradictory submissions without ranking them", async () => {
    const other = join(folder, "with-faults");
    await publishSubmission(await runFolder("fine", 2), other, "fine");
    await publishSubmission(await runFolder("typed-in", 2), other, "typed-in");
    const typedIn = join(other, "typed-in", "record.json");
    writeFileSync(typedIn, readFileSync(typedIn, "utf8").replace(/"score": [\d.]+/, '"score": 0.99'));
    mkdirSync(join(other, "empty"));
    mkdirSync(join(other, "half"));
    writeFileSync(join(other, "half", "record.json"), '{"recordVersion": 1,');
    const { groups, unranked } = await readLeaderboard(other);
    expect(groups.flatMap(({ rows }) => rows.map(({ name }) => name))).toEqual(["fine"]);
    expect(unranked.map(({ name }) => name)).toEqual(["empty", "half", "typed-in"]);
    expect(unranked[2]!.why).toMatch(/its record says score 0\.99 and its report 0\.0/);
    expect(unranked.map(({ why }) => why).join()).not.toContain(folder);
  });
});

describe("publishSubmission", () => {
  test("copies the three files, and replaces an older submission whole", async () => {
    const target = join(folder, "publish");
    mkdirSync(join(target, "mine"), { recursive: true });
    writeFileSync(join(target, "mine", "stale.txt"), "");
    await publishSubmission(await runFolder("mine", 2), target, "mine");
    expect(readdirSync(target)).toEqual(["mine"]);
    expect(readdirSync(join(target, "mine"))).toEqual(["record.json", "report.json", "submission.csv"]);
  });

  test.each(["../up", "a/b", "", ".hidden"])("refuses %j as a name", async (name) => {
    await expect(publishSubmission(await runFolder("named", 2), submissions, name)).rejects.toThrow(
      /cannot name/,
    );
  });

  test("refuses a run that was not finished, and leaves nothing", async () => {
    const target = join(folder, "unfinished");
    const run = await runFolder("unfinished", 2, { finished: false });
    await expect(publishSubmission(run, target, "x")).rejects.toThrow(/never finished/);
    expect(() => readdirSync(target)).toThrow();
  });
});

describe("pickbench leaderboard", () => {
  test("writes LEADERBOARD.md and prints the same order", async () => {
    const { stdout, code } = await pickbench("leaderboard", "--submissions", submissions, "--json");
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Leaderboard).groups[0]!.rows.map(({ name }) => name)).toEqual([
      "high",
      "same",
      "low",
    ]);
    const markdown = readFileSync(join(submissions, "LEADERBOARD.md"), "utf8");
    expect(markdown).toMatch(/\| 1 \| high \| 0\.0878 \| .* \| plain \| 353703 \| 2\.0 \| 1 \|/);
    expect(markdown.match(/^## /gm)).toHaveLength(2);
    const text = await pickbench("leaderboard", "--submissions", submissions);
    expect(text.stdout).toMatch(/1\. high +0\.0878/);
  });

  test("a missing folder is the user's mistake", async () => {
    const { stderr, code } = await pickbench("leaderboard", "--submissions", join(folder, "nowhere"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot list the submissions in .*nowhere/);
  });
});

test("a run's report as text", () => {
  const holdout = scorePicks(truth, truth);
  const text = runReportText(runReport("mine", { holdout, tune: holdout }));
  expect(text).toMatch(/^mine\n\nheld-out runs\n\ntype /);
  expect(text).toMatch(/ribosome +1\.0000/);
  expect(text).toMatch(/tune runs \(thresholds were fitted here\): score 0\.1429/);
});
