import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLeaderboard } from "../../src/leaderboard/check.js";
import { readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { leaderboardMarkdown } from "../../src/leaderboard/markdown.js";
import { publishSubmission } from "../../src/leaderboard/publish.js";
import { type FeatureReport, featureReport } from "../../src/score/masks/featureScores.js";
import { scoreMask } from "../../src/score/masks/maskScore.js";
import { pickbench } from "../support/commandLine.js";
import { finishedRun, row } from "../support/finishedRun.js";
import { spacingOf } from "../support/pickingFixtures.js";

let folder: string;
let submissions: string;
const truth = new Map([
  ["TS_1", row("ribosome", 0, 1000)],
  ["TS_2", row("ribosome", 0)],
]);

/** A feature of which `found` of `there` voxels were predicted in both runs. */
function featureOf(found: number, there = 4): FeatureReport {
  const masks = {
    truth: Uint8Array.from({ length: 8 }, (_, i) => (i < 6 ? Number(i < there) : 2)),
    prediction: Uint8Array.from({ length: 8 }, (_, i) => Number(i < found)),
  };
  const score = scoreMask({ ...masks, shape: [1, 1, 8], spacing: spacingOf(10) });
  return featureReport({ threshold: 0.5, holdout: { TS_1: score, TS_2: score }, tune: { TS_40: score } });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-features-"));
  submissions = join(folder, "submissions");
  const both = { truth, picks: truth };
  const alone = { ...both, isSegmentedAlone: true };
  const runs = {
    particles: both,
    both: { ...both, picks: new Map(), features: { membrane: featureOf(2) } },
    thin: { ...alone, features: { membrane: featureOf(1), actin: featureOf(3) } },
    whole: { ...alone, features: { membrane: featureOf(4) } },
    empty: { ...alone, features: { membrane: featureOf(3), ice: featureOf(0, 0) } },
  };
  for (const [name, run] of Object.entries(runs))
    await publishSubmission(await finishedRun(join(folder, "runs"), name, run), submissions, name);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("rows of features alone stand after the scored ones, by their mean Dice, without a score", async () => {
  const { groups, unranked } = await readLeaderboard(submissions);
  expect(unranked).toEqual([]);
  const rows = groups.flatMap((group) => group.rows);
  expect(rows.map(({ rank, name }) => `${rank} ${name}`)).toEqual([
    "1 particles",
    "2 both",
    "3 whole",
    "4 empty",
    "5 thin",
  ]);
  expect(rows[0]).not.toHaveProperty("dice");
  expect(rows[1]!.against).not.toBeNull();
  expect(rows[2]).toMatchObject({ score: null, interval: null, against: null, dice: { membrane: 1 } });
  expect(rows[3]!.dice!.ice).toBeNull();
  expect(rows[4]!.dice!.membrane).toBeCloseTo(0.4, 12);
});

test("features have columns, where a row has them", async () => {
  const [header, , ...rows] = leaderboardMarkdown(await readLeaderboard(submissions))
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const at = (title: string) => header!.indexOf(title);
  expect(rows.map((cells) => cells[at("membrane Dice")])).toEqual([
    "–",
    "0.6667",
    "1.0000",
    "0.8571",
    "0.4000",
  ]);
  expect(rows.map((cells) => cells[at("actin Dice")])).toEqual(["–", "–", "–", "–", "0.8571"]);
  expect(rows[2]![at("score")]).toBe("–");
});

test("the command sorts by Dice and prints it", async () => {
  const { stdout } = await pickbench("leaderboard", "--submissions", submissions, "--sort", "dice membrane");
  const names = stdout.split("\n").flatMap((line) => /^\d\. (\S+)/.exec(line)?.[1] ?? []);
  expect(names).toEqual(["whole", "empty", "both", "thin", "particles"]);
  expect(stdout).toContain("membrane Dice");
});

test("features alone leave no CSV, and a report that says so", () => {
  expect(readdirSync(join(submissions, "whole"))).toEqual(["record.json", "report.json"]);
  expect(readdirSync(join(submissions, "both"))).toContain("submission.csv");
});

test.each<[string, (text: string) => string, RegExp]>([
  ["a count", (text) => text.replace('"tp":2,', '"tp":3,'), /membrane in TS_1: dice is 0\.6.* by its counts/],
  [
    "a count of a run that the tune runs name too",
    (text) => text.replace('"tp":2,', '"tp":3,').replaceAll('"TS_40"', '"TS_1"'),
    /membrane in TS_1: dice is 0\.6.* by its counts/,
  ],
  [
    "a mean",
    (text) => text.replace(/"mean":\{("dice":[\d.]+),"iou":[\d.]+/, '"mean":{$1,"iou":0.9'),
    /mean of membrane: iou is 0\.9/,
  ],
])("--check finds %s that was altered", async (_, alter, problem) => {
  const altered = join(folder, "altered");
  await publishSubmission(join(folder, "runs", "both"), altered, "both");
  expect(await checkLeaderboard(altered, null)).toEqual([{ name: "both", problems: [], rescored: false }]);
  const report = join(altered, "both", "report.json");
  writeFileSync(report, alter(readFileSync(report, "utf8")));
  const [check] = await checkLeaderboard(altered, null);
  expect(check!.problems.join("\n")).toMatch(problem);
});

test("a Dice that record and report disagree on is not ranked", async () => {
  const other = join(folder, "typed-in");
  await publishSubmission(join(folder, "runs", "whole"), other, "whole");
  const record = join(other, "whole", "record.json");
  writeFileSync(record, readFileSync(record, "utf8").replace(/"dice.membrane": 1/, '"dice.membrane": 0.5'));
  const { unranked } = await readLeaderboard(other);
  expect(unranked[0]!.why).toContain("its record says Dice 0.5 for membrane and its report 1");
});
