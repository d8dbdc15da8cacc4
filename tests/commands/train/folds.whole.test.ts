import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { type FoldsResult, runFolds } from "../../../src/train/run/runFolds.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));
let folder: string;
let data: string;
let experiment: string;
let whole: FoldsResult;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folds-command-"));
  data = await tinyDataset(folder);
  const changes = { budget: "40 steps", checkpoint: { everySeconds: 0 } };
  experiment = await tinyExperiment(at("tiny.yaml"), changes);
  whole = await runFolds(runFolder(at("whole")), {
    experiment,
    data,
    submissions: at("submissions"),
    folds: { folds: 2, tune: 1 },
    resume: false,
    threads: 1,
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (command: string, path: string, out: string, ...flags: string[]) => {
  const args = [command, path, "--data", data, "--out", at(out), "--threads", "1", ...flags];
  return spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
};
type Child = ReturnType<typeof start>;

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const part of stream) text += String(part);
  return text;
}

async function ended(child: Child): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return { code: await code, stdout, stderr };
}

const folds = (...flags: string[]) =>
  start("run", experiment, "stopped", "--submissions", at("other"), "--folds", "2", ...flags);

/** Sends the signal once the fold has taken some steps. */
async function stopIn(child: Child, fold: number, signal: "SIGKILL" | "SIGINT"): ReturnType<typeof ended> {
  const end = ended(child);
  const log = at("stopped", `fold-${fold}`, "log.jsonl");
  const lines = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").length;
  while (child.exitCode === null && child.signalCode === null && (await lines()) < 8) await wait(5);
  child.kill(signal);
  return end;
}

it("goes on after kill -9 in one fold and Ctrl-C in the next, to the same bytes", async () => {
  const killed = await stopIn(folds(), 0, "SIGKILL");
  expect(killed.code).toBeNull();
  expect(killed.stderr).toMatch(
    /^fold-0 \(1 of 2\): holds out TS_S1, TS_S2; tunes on TS_S3; trains on TS_S4$/m,
  );
  const stopped = await stopIn(folds(), 1, "SIGINT");
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(/^fold-1 \(2 of 2\): .*; all folds: about .* left$/m);
  expect(stopped.stderr).toMatch(
    /\npickbench: fold-1 \(2 of 2\): stopped after step .*; the same command goes on from there/,
  );
  const done = await ended(folds());
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("fold-0 (1 of 2): finished before")]);
  const score = whole.folds.outOfFold.score!.toFixed(4);
  expect(done.stdout).toMatch(new RegExp(`score ${score} {2}\\(90 % interval over experiments`));
  for (const file of [
    ...["submission.csv", "report.json", "fold-0/best.safetensors", "fold-0/last.safetensors"],
    ...["fold-1/best.safetensors", "fold-1/last.safetensors"],
  ]) {
    const [got, wanted] = await Promise.all(["stopped", "whole"].map((out) => readFile(at(out, file))));
    expect(got!.equals(wanted!), file).toBe(true);
  }
});

it("takes the folds from the experiment too, which train refuses, as run does one fold and runs by name", async () => {
  const each = await tinyExperiment(at("each.yaml"), { splits: { folds: "each" } });
  const named = { train: ["TS_S1", "TS_S2"], tune: ["TS_S3"], holdout: ["TS_S4"] };
  const byName = await tinyExperiment(at("named.yaml"), { splits: named });
  await mkdir(at("each", "fold-3"), { recursive: true });
  await writeFile(at("each", "fold-3", "record.json"), "{");
  const refusals = [
    { call: ["run", each, "each", "--resume"], message: /fold-3.record\.json is no record/ },
    { call: ["train", each, "train"], message: /splits\.folds: .*which only run trains/ },
    { call: ["run", each, "one", "--folds", "1"], message: /--folds is 1, wanted a whole number/ },
    { call: ["run", byName, "named", "--folds", "2"], message: /splits\.train names its runs/ },
  ] as const;
  for (const { call, message } of refusals) {
    const [command, path, out, ...flags] = call;
    const { code, stderr } = await ended(start(command, path, out, ...flags));
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  }
});
