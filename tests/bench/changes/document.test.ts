import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { latestOn, readRuns } from "../../../src/bench/changes/document.js";
import { benchMachine, benchRun, ratioFields } from "../../support/benchResults.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-document-"));
  path = join(folder, "result.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = benchRun([{ part: "score", peer: "scipy", ...ratioFields("process", 0.3) }]);
const later = { ...run, date: "2026-02-03T00:00:00Z" };
const lines = (...runs: unknown[]) => `${runs.map((each) => JSON.stringify(each)).join("\n")}\n`;

test.each([
  ["one document, as --json prints it", lines({ cpu: "AMD EPYC", node: "v20", ...run }), [run]],
  ["one document over many lines", JSON.stringify(run, null, 2), [run]],
  ["a history", lines(run, later), [run, later]],
  ["a history with empty lines", `\n${lines(run)}\n\n${lines(later)}\n`, [run, later]],
  ["a list", JSON.stringify([run, later], null, 1), [run, later]],
  [
    "what a later version adds",
    lines({ ...run, mood: "good", machine: { ...benchMachine, gpu: "H" } }),
    [run],
  ],
])("%s is read", async (_, text, runs) => {
  await writeFile(path, text);
  expect(await readRuns(path)).toEqual(runs);
});

test("what is no number was not measured", async () => {
  await writeFile(path, lines(run).replace('"process_ratio":0.3', '"process_ratio":NaN'));
  expect((await readRuns(path))[0]!.rows[0]!.process_ratio).toBeNull();
  await writeFile(path, lines(run).replace('"process_ratio":0.3', '"process_ratio":1e999'));
  expect((await readRuns(path))[0]!.rows[0]!.process_ratio).toBeNull();
});

test.each([
  ["nothing", "", /result\.json: is no result of pickbench bench \(it is empty\)/],
  ["an empty list", "[]", /no result of pickbench bench \(it is empty\)/],
  ["prose", "faster than ever", /not JSON: line 1, column 1/],
  ["other JSON", '{"runs": 3}', /no result of pickbench bench \(date: /],
  ["a number", "3", /no result of pickbench bench \(.*expected object/],
  [
    "rows of lists",
    lines({ ...run, rows: [{ part: [1] }] }),
    /no result of pickbench bench \(rows\.0\.part: /,
  ],
  ["a document that is cut off", lines(run).slice(0, 300), /not JSON: line 1, column \d+ has its end/],
  ["one over many lines that is cut off", JSON.stringify(run, null, 2).slice(0, 300), /not JSON: line \d\d/],
  ["a history whose end is cut off", lines(run, later).slice(0, -30), /line 2: the file is not JSON/],
  ["a history with another line", lines(run, { a: 1 }), /line 2: is no result of pickbench bench/],
])("%s is refused in one sentence", async (_, text, message) => {
  await writeFile(path, text);
  await expect(readRuns(path)).rejects.toMatchObject({
    tag: "BadUsage",
    message: expect.stringMatching(message),
  });
});

test("a file that is not there, or a folder, is refused", async () => {
  for (const wrong of [path, folder])
    await expect(readRuns(wrong)).rejects.toMatchObject({
      tag: "BadUsage",
      message: expect.stringMatching(/cannot be read \(.+\); name another file$/),
    });
});

test("of many runs the latest on such a machine counts, else the last", () => {
  const narrow = { ...benchMachine, processor: { arch: "x64", block: 8, model: "AuthenticAMD 23/49" } };
  const runs = [
    { ...run, date: "2026-01-01T00:00:00Z" },
    { ...run, date: "2026-01-02T00:00:00Z", machine: { ...benchMachine, cpu: "AMD EPYC 9B14" } },
    { ...run, date: "2026-01-03T00:00:00Z", machine: narrow },
  ];
  const dayOn = (machine: typeof benchMachine) => latestOn(runs, machine).date.slice(8, 10);
  expect([dayOn(benchMachine), dayOn(narrow), dayOn({ ...benchMachine, cores: 64 })]).toEqual([
    "02",
    "03",
    "03",
  ]);
});
