import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPython, peerVersions } from "../../src/bench/peer.js";
import { benchMachine, benchRun, ratioFields, smallNetwork } from "../support/benchResults.js";
import { pickbench } from "../support/commandLine.js";

let folder: string;
const at = (name: string) => join(folder, name);
const bench = (...args: string[]) => pickbench("bench", ...args);

const rows = (train: number, process = 0.3) => [
  { part: "networks", net: "plain", size: 32, threads: 1, peer: "torch", ...ratioFields("train", train) },
  { part: "score", rows: 150, peer: "scipy", ...ratioFields("process", process) },
];
const elsewhere = {
  machine: { ...benchMachine, processor: { arch: "x64", block: 8, model: "AuthenticAMD 23/49" } },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-compare-"));
  const runs = {
    "before.json": benchRun(rows(0.5)),
    "slower.json": benchRun(rows(0.7)),
    "elsewhere.json": benchRun(rows(0.7), elsewhere),
    "part.json": benchRun(rows(0.5).slice(1)),
    "start.json": benchRun([{ part: "start", help_ms: 5 }]),
  };
  for (const [name, run] of Object.entries(runs)) await writeFile(at(name), JSON.stringify(run));
  const history = [benchRun(rows(0.5)), benchRun(rows(0.2), elsewhere), benchRun(rows(0.7))];
  await writeFile(at("history.jsonl"), history.map((run) => `${JSON.stringify(run)}\n`).join(""));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("bench compare", () => {
  test("says what changed, and fails only where it is asked to", async () => {
    const { code, stdout } = await bench("compare", at("before.json"), at("slower.json"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^networks train +ratio to torch .* \+40 % +slower$/m);
    expect(stdout).toMatch(/^score process +ratio to scipy .* 0 % +within noise$/m);
  });

  test.each([
    [["before.json", "slower.json", "--fail-on", "20"], 1],
    [["before.json", "slower.json", "--fail-on", "50"], 0],
    [["before.json", "slower.json", "--fail-on", "20", "--careful"], 1],
    [["before.json", "slower.json", "--fail-on", "35", "--careful"], 0],
    [["slower.json", "before.json", "--fail-on", "20"], 0],
    [["before.json", "elsewhere.json", "--fail-on", "20"], 1],
    [["before.json", "elsewhere.json", "--fail-on", "20", "--careful"], 0],
    [["before.json", "slower.json", "--fail-on", "20", "--beyond", "45"], 0],
    [["before.json", "part.json", "--fail-on", "20"], 0],
    [["before.json", "start.json", "--fail-on", "20"], 0],
    [["history.jsonl", "slower.json", "--fail-on", "20"], 0],
    [["history.jsonl", "elsewhere.json", "--fail-on", "20"], 1],
    [["history.jsonl", "--fail-on", "20"], 1],
  ] as const)("%j has the exit code %i", async (args, code) => {
    const given = args.map((word) => (word.includes(".json") ? at(word) : word));
    expect((await bench("compare", ...given)).code).toBe(code);
  });

  test("--json is one document, which --out writes too", async () => {
    const args = ["compare", at("before.json"), at("slower.json"), "--fail-on", "20", "--json"];
    const { stdout } = await bench(...args, "--out", at("said.json"));
    const document = JSON.parse(stdout);
    expect(JSON.parse(await readFile(at("said.json"), "utf8"))).toEqual(document);
    expect(document).toMatchObject({
      before: { path: at("before.json"), machine: benchMachine },
      after: { versions: { torch: "1.13.0" } },
      sameMachine: true,
      differences: [],
      changes: [
        {
          ...{ part: "networks", facts: { net: "plain", size: 32, threads: 1 }, name: "train" },
          ...{ by: "ratio", peer: "torch", verdict: "slower", change: expect.closeTo(0.4) },
          before: { value: 0.5, q1: 0.49, q3: 0.51, repetitions: 7 },
        },
        { part: "score", name: "process", verdict: "same" },
      ],
      ...{ onlyBefore: [], onlyAfter: [], notCompared: [], excused: null },
      failed: [{ name: "train" }],
    });
    expect((await bench(...args, "--out", at("said.json"))).stderr).toMatch(/said\.json exists already/);
  });

  test.each([
    [["compare"], /needs two results; name two files/],
    [["compare", "before.json"], /holds one run, wanted two/],
    [["compare", "before.json", "none.json"], /none\.json cannot be read \(it does not exist\)/],
    [["compare", "before.json", "slower.json", "--careful"], /--careful .* --fail-on 20/],
    [["compare", "before.json", "slower.json", "--fail-on", "-5"], /--fail-on is -5, wanted per cent/],
    [["compare", "before.json", "slower.json", "--beyond", "NaN"], /--beyond is NaN, wanted per cent/],
    [["networks", "before.json"], /before\.json: is of bench compare alone/],
    [["networks", "--fail-on", "20"], /--fail-on: is of bench compare alone/],
  ])("%j is the user's mistake: exit code 1 and one sentence", async (args, message) => {
    const given = args.map((word) => (word.endsWith(".json") ? at(word) : word));
    const { code, stdout, stderr } = await bench(...given);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

test("--out writes the document of a run, of pairs of turns and with all versions", async (context) => {
  if ((await findPython(["torch"])) === null) context.skip("no python3 with torch is installed");
  const args = [...smallNetwork, "--steps", "5", "--threads", "1", "--no-history"];
  const { code, stdout } = await bench(...args, "--json", "--out", at("run.json"));
  expect(code).toBe(0);
  const document = JSON.parse(await readFile(at("run.json"), "utf8"));
  expect(document).toEqual(JSON.parse(stdout));
  const { machine, versions, rows: found } = document;
  expect(machine.processor).toEqual({
    arch: process.arch,
    block: expect.toSatisfy((block) => block === null || block === 8 || block === 16),
    model: expect.toSatisfy((model) => model === null || / \d+\/\d+$/.test(model)),
  });
  expect(versions).toMatchObject(await peerVersions());
  expect(versions.torch).toMatch(/^\d+\.\d+/);
  for (const name of ["train", "infer"]) {
    const figures = ["ratio_q1", "ratio", "ratio_q3"].map((field) => found[0][`${name}_${field}`]);
    expect(figures).toEqual(figures.toSorted((a, b) => a - b));
    expect(found[0][`${name}_repetitions`]).toBe(5);
  }
  const same = await bench("compare", at("run.json"), at("run.json"), "--fail-on", "0");
  expect(same.stderr).toMatch(/holds one run/);
});
