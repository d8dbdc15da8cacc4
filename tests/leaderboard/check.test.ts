import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLeaderboard } from "../../src/leaderboard/check.js";
import { publishSubmission } from "../../src/leaderboard/publish.js";
import { pickbench } from "../support/commandLine.js";
import { finishedRun, row } from "../support/finishedRun.js";

let folder: string;
const truth = new Map([
  ["TS_1", [...row("ribosome", 0, 1000, 2000), ...row("thyroglobulin", 500, 1500)]],
  ["TS_2", row("ribosome", 0, 1000)],
]);
const picks = new Map([
  ["TS_1", [...row("ribosome", 0, 1000, 9000), ...row("thyroglobulin", 500), ...row("apo-ferritin", 0)]],
  ["TS_2", row("ribosome", 0)],
]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-check-"));
  const run = await finishedRun(join(folder, "runs"), "fine", { truth, picks });
  await publishSubmission(run, join(folder, "whole"), "fine");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a row as it was published follows from its files", async () => {
  expect(await checkLeaderboard(join(folder, "whole"), null)).toEqual([
    { name: "fine", problems: [], rescored: false },
  ]);
});

describe("an alteration is found", () => {
  const withoutRow = (csv: string) => csv.replace(/^\d+,TS_1,ribosome.*\n/m, "");
  test.each<[string, string, (text: string) => string, RegExp]>([
    [
      "a pick taken out",
      "submission.csv",
      withoutRow,
      /TS_1: the CSV has 2 picks of ribosome, the report counted 3/,
    ],
    [
      "a pick of another run",
      "submission.csv",
      (csv) => `${csv}9,TS_7,ribosome,1,1,1\n`,
      /1 picks in runs not held out/,
    ],
    [
      "a type not in the truth",
      "submission.csv",
      (csv) => csv.replace("apo-ferritin", "beta-amylase"),
      /is not the file whose SHA-256 the record holds/,
    ],
    ["half a row", "submission.csv", (csv) => `${csv}9,TS_1,rib`, /submission\.csv/],
    [
      "F4",
      "report.json",
      (text) => text.replace(/"fbeta":0\.\d+/, '"fbeta":0.999'),
      /F4 is 0\.999 in the report/,
    ],
    [
      "a total",
      "report.json",
      (text) => text.replace('"tp":3', '"tp":4'),
      /ribosome: TP is 4 in the report and 3/,
    ],
    ["a weight", "report.json", (text) => text.replace('"weight":1', '"weight":2'), /ribosome: weight is 2/],
    [
      "counts of a run",
      "report.json",
      (text) => text.replace(/"TS_2":\{"ribosome":\{"tp":1/, '"TS_2":{"ribosome":{"tp":2'),
      /TP is 3 in the report and 4/,
    ],
    ["the experiment", "record.json", (text) => text.replace('"seed": 0', '"seed": 1'), /altered/],
    ["the manifest", "record.json", (text) => text.replace('"size": 3', '"size": 4'), /manifest was altered/],
    [
      "the record's score",
      "record.json",
      (text) => text.replace(/"score": [\d.]+/, '"score": 0.9'),
      /its record says score 0\.9/,
    ],
  ])("%s", async (name, file, alter, message) => {
    const root = join(folder, name);
    cpSync(join(folder, "whole"), root, { recursive: true });
    const path = join(root, "fine", file);
    const altered = alter(readFileSync(path, "utf8"));
    expect(altered).not.toBe(readFileSync(path, "utf8"));
    writeFileSync(path, altered);
    const [check] = await checkLeaderboard(root, null);
    expect(check!.problems.join("\n")).toMatch(message);
  });

  test("a score in record and report alike", async () => {
    const root = join(folder, "both");
    cpSync(join(folder, "whole"), root, { recursive: true });
    for (const file of ["record.json", "report.json"]) {
      const path = join(root, "fine", file);
      writeFileSync(path, readFileSync(path, "utf8").replace(/"score": ?0\.\d+/, '"score":0.95'));
    }
    const [check] = await checkLeaderboard(root, null);
    expect(check!.problems).toEqual([expect.stringMatching(/^score is 0\.95, by its types 0\.\d+$/)]);
    const { code, stdout } = await pickbench("leaderboard", "--check", "--submissions", root);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fine: cannot be reproduced: score is 0\.95/);
  });
});
