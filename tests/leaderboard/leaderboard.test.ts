import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataNameOf, type Leaderboard, readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { leaderboardMarkdown } from "../../src/leaderboard/markdown.js";
import { publishSubmission } from "../../src/leaderboard/publish.js";
import { runReport, runReportText } from "../../src/score/report.js";
import { scorePicks } from "../../src/score/score.js";
import { pickbench } from "../support/commandLine.js";
import { type FinishedRun, finishedRun, row } from "../support/finishedRun.js";

let folder: string;
let submissions: string;

const truth = new Map([
  ["TS_1", row("ribosome", 0, 1000, 2000)],
  ["TS_2", row("ribosome", 0, 1000)],
]);

/** `found` particles of TS_1 were picked. */
const runFolder = (name: string, found: number, options: Partial<FinishedRun> = {}) => {
  const picks = new Map([["TS_1", truth.get("TS_1")!.slice(0, found)]]);
  return finishedRun(join(folder, "runs"), name, { truth, picks, seed: 1, ...options });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-leaderboard-"));
  submissions = join(folder, "submissions");
  for (const [name, found] of [
    ["low", 1],
    ["high", 3],
    ["same", 3],
  ] as const)
    await publishSubmission(await runFolder(name, found), submissions, name);
  await publishSubmission(await runFolder("other-data", 2, { data: "static/b" }), submissions, "other-data");
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

  test("sets every row against the first, and says what cannot be told", async () => {
    const [, same, low] = (await readLeaderboard(submissions)).groups[0]!.rows;
    expect(same!.against).toMatchObject({ verdict: "same", difference: 0 });
    expect(low!.against).toMatchObject({ verdict: "too few", experiments: 2, differing: 1 });
    expect(low!.against!.difference).toBeCloseTo((17 * 0.2) / 16.2 / 7 - (17 * 0.6) / 16.6 / 7, 12);
  });

  test("gives mean and standard error of one experiment's seeds, and tells others apart", async () => {
    const other = join(folder, "with-seeds");
    for (const [name, seed, found, rate] of [
      ["a", 0, 1, 1],
      ["a-seed1", 1, 3, 1],
      ["b", 0, 2, 1],
      ["c", 0, 2, 2],
    ] as const) {
      const experiment = { name: name.charAt(0), rate };
      await publishSubmission(await runFolder(name, found, { seed, experiment }), other, name);
    }
    const { seeds } = (await readLeaderboard(other)).groups[0]!;
    expect(seeds.map((each) => each.seeds)).toEqual([[0, 1]]);
    const [low, high] = [(17 * 0.2) / 16.2 / 7, (17 * 0.6) / 16.6 / 7];
    expect(seeds[0]!.score.mean).toBeCloseTo((low + high) / 2, 12);
    expect(seeds[0]!.score.standardError).toBeCloseTo((high - low) / 2, 12);
  });

  test("lists broken, unfinished and contradictory submissions without ranking them", async () => {
    const other = join(folder, "with-faults");
    await publishSubmission(await runFolder("fine", 2), other, "fine");
    await publishSubmission(await runFolder("typed-in", 2), other, "typed-in");
    await publishSubmission(await runFolder("other-runs", 2), other, "other-runs");
    const runs = join(other, "other-runs", "report.json");
    writeFileSync(runs, readFileSync(runs, "utf8").replace('"TS_2":', '"TS_9":'));
    const typedIn = join(other, "typed-in", "record.json");
    writeFileSync(typedIn, readFileSync(typedIn, "utf8").replace(/"score": [\d.]+/, '"score": 0.99'));
    mkdirSync(join(other, "empty"));
    mkdirSync(join(other, "half"));
    writeFileSync(join(other, "half", "record.json"), '{"recordVersion": 1,');
    const { groups, unranked } = await readLeaderboard(other);
    expect(groups.flatMap(({ rows }) => rows.map(({ name }) => name))).toEqual(["fine"]);
    expect(unranked.map(({ name }) => name)).toEqual(["empty", "half", "other-runs", "typed-in"]);
    expect(unranked[2]!.why).toMatch(/holds out TS_1, TS_2 and its report scores TS_1, TS_9/);
    expect(unranked[3]!.why).toMatch(/its record says score 0\.99 and its report 0\.0/);
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

  test.each(["../up", "a/b", "", ".hidden", "con", "a.", "x".repeat(201)])(
    "refuses %j as a name",
    async (name) => {
      await expect(publishSubmission(await runFolder("named", 2), submissions, name)).rejects.toThrow(
        /cannot name|cannot be part of a file's name/,
      );
    },
  );

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
    expect(markdown).toMatch(
      /\| 1 \| high \| 0\.0878 \| .* \| plain \| 353,703 \| 1\.5 \| 15\.0 \| .* \| 1 \|/,
    );
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

test("text of records cannot break out of the table", () => {
  const markdown = leaderboardMarkdown({ groups: [], unranked: [{ name: "<b>|x", why: "a\nb [c](d)" }] });
  expect(markdown).toContain("- \\<b\\>\\|x: a b \\[c\\](d)");
});

test("a run's report as text", () => {
  const holdout = scorePicks(truth, truth);
  const text = runReportText(runReport("mine", { holdout, tune: holdout }));
  expect(text).toMatch(/^mine\n\nheld-out runs\n\ntype /);
  expect(text).toMatch(/ribosome +1\.0000/);
  expect(text).toMatch(/tune runs \(thresholds were fitted here\): score 0\.1429/);
});

test("data are called by the record's data set, or in older records by the command's", () => {
  const command = ["run", "a.yaml", "--data", "old/phantoms/"];
  expect(dataNameOf({ command })).toBe("phantoms");
  expect(dataNameOf({ command: ["run", "a.yaml"], dataset: "~/data/czii" })).toBe("czii");
  expect(dataNameOf({ command: ["run", "a.yaml"], dataset: "." })).toBeNull();
  expect(dataNameOf({ command: ["run", "a.yaml"] })).toBeNull();
});
