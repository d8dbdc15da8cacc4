import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { readRecord } from "../../../src/domain/record.js";
import { pickbench } from "../../support/commandLine.js";
import { evaluatedTwice, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));
let folder: string;
let data: string;
let experiment: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "resume-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(join(folder, "tiny.yaml"), {
    evaluate: evaluatedTwice,
    checkpoint: { everySeconds: 0 },
  });
  await finish(train("whole"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function train(out: string, ...flags: string[]): ChildProcess {
  const args = ["train", experiment, "--data", data, "--out", join(folder, out), "--threads", "1", ...flags];
  return spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });
}

async function finish(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stderr })));
}

interface Line {
  readonly step: number;
  readonly loss?: number;
  readonly tuneScore?: number;
}

function logged(out: string): Line[] {
  try {
    const lines = readFileSync(join(folder, out, "log.jsonl"), "utf8").split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Line);
  } catch {
    return [];
  }
}

/** Waits until the log holds a line of that step, then on for `ms`, then sends the signal. */
async function stopAt(
  out: string,
  child: ChildProcess,
  step: number,
  ms: number,
  signal: "SIGKILL" | "SIGINT",
): Promise<Awaited<ReturnType<typeof finish>>> {
  const ended = finish(child);
  while (child.exitCode === null && !logged(out).some((line) => line.step >= step)) await wait(5);
  await wait(ms);
  child.kill(signal);
  return ended;
}

async function expectAsNeverStopped(out: string): Promise<void> {
  for (const file of ["best.safetensors", "last.safetensors"]) {
    const [got, whole] = await Promise.all([out, "whole"].map((name) => readFile(join(folder, name, file))));
    expect(got!.equals(whole!), file).toBe(true);
  }
  const withoutTimes = (name: string) =>
    logged(name).map(({ step, loss, tuneScore }) => ({ step, loss, tuneScore }));
  expect(withoutTimes(out)).toEqual(withoutTimes("whole"));
}

it("ends in the same bytes after kill -9 at three random moments", async () => {
  const random = randomFor(7, "tests/resume", 0);
  const steps = Array.from({ length: 3 }, () => Math.floor(random.uniform() * 11)).sort((a, b) => a - b);
  for (const [i, step] of steps.entries()) {
    const child = train("killed", ...(i === 1 ? ["--resume"] : []));
    const { signal } = await stopAt("killed", child, step, Math.floor(random.uniform() * 60), "SIGKILL");
    expect(signal).toBe("SIGKILL");
  }
  const done = await finish(train("killed"));
  expect([done.code, done.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^\S*killed: goes on with the run there, after step \d+ of all; --overwrite begins anew$/m,
    ),
  ]);
  await expectAsNeverStopped("killed");
});

it("ends in the same bytes after kill -9 in an evaluation, and refuses what is not the same", async () => {
  const { signal } = await stopAt("evaluating", train("evaluating"), 5, 0, "SIGKILL");
  expect(signal).toBe("SIGKILL");
  expect(logged("evaluating").every(({ tuneScore }) => tuneScore === undefined)).toBe(true);
  const other = await finish(train("evaluating", "--set", "optimiser.rate=4e-3"));
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^pickbench: [^\n]*other settings \(optimiser\.rate is 0\.003 there, 0\.004 here\); give[^\n]*\n$/,
    ),
  ]);
  expect((await finish(train("evaluating"))).code).toBe(0);
  await expectAsNeverStopped("evaluating");
  const again = await finish(train("evaluating"));
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/^pickbench: [^\n]*already holds a finished run; give --overwrite[^\n]*\n$/),
  ]);
});

it("stops after the step on Ctrl-C, says how to go on, and goes on from there", async () => {
  const stopped = await stopAt("interrupted", train("interrupted"), 2, 0, "SIGINT");
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(
    /\npickbench: stopped after step \d+ of all; the same command goes on from there/,
  );
  expect(logged("interrupted").length).toBeLessThan(12);
  const begun = await readRecord(join(folder, "interrupted", "record.json"));
  expect((await finish(train("interrupted"))).code).toBe(0);
  await expectAsNeverStopped("interrupted");
  const { code, versions, machine, command, engine, threads, startedAt } = begun;
  const { earlier, ...record } = await readRecord(join(folder, "interrupted", "record.json"));
  expect(earlier).toEqual([{ code, versions, machine, command, engine, threads, startedAt }]);
  expect(record.command).toEqual(command);
  expect((await readRecord(join(folder, "whole", "record.json"))).earlier).toBeUndefined();
});

it("a trained run whose progress is missing is neither trained again nor touched by run", async () => {
  await cp(join(folder, "whole"), join(folder, "lost"), { recursive: true });
  await rm(join(folder, "lost", "last.safetensors"));
  const args = ["run", experiment, "--data", data, "--out", join(folder, "lost"), "--threads", "1"];
  const submissions = ["--submissions", join(folder, "submissions")];
  const { code, stderr } = await pickbench(...args, ...submissions);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/training is finished, but \S+last\.safetensors is missing/),
  ]);
  const [is, was] = await Promise.all(
    ["lost", "whole"].map((name) => readFile(join(folder, name, "best.safetensors"))),
  );
  expect(is!.equals(was!)).toBe(true);
});
