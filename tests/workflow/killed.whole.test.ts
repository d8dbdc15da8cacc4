/** Runs of workflows that are killed on the way, and what their steps' processes do then. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesIn } from "../support/filesIn.js";
import { until } from "../support/slurm.js";
import { bin } from "../support/writingCommands.js";

const tracer = pathToFileURL(fileURLToPath(new URL("../support/traceWrites.mjs", import.meta.url))).href;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "killed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const workflow = (seed: number) => `
steps:
  one: { run: simulate, with: { out: phantoms, count: 3, size: "40,64,64", seed: ${seed} } }
  two: { run: inspect, with: { data: "\${steps.one.out}" } }
`;

interface Run {
  readonly child: ChildProcess;
  /** What it has said. */
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

/** Starts `workflow run` in a folder, tracing what writes. */
function start(cwd: string): Run {
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import=${tracer}`,
    TRACE_WRITES: join(cwd, "trace.jsonl"),
  };
  const child = spawn(process.execPath, [bin, "workflow", "run", "w.yaml", "--json"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (text: Buffer) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { child, said: () => said, ended };
}

const logs = (cwd: string, name: string) => join(cwd, "workflow-logs", "w", name);
const claimedBy = (cwd: string, step: string): number =>
  JSON.parse(readFileSync(logs(cwd, `${step}.process.json`), "utf8")).pid;

/** Starts a run, and kills it as soon as something holds. */
async function killedWhen(
  cwd: string,
  holds: () => boolean,
  others: () => number[] = () => [],
): Promise<void> {
  const { child, ended, said } = start(cwd);
  await until(() => {
    if (child.exitCode !== null) throw new Error(`ended too early: ${said()}`);
    return holds();
  });
  child.kill("SIGKILL");
  for (const pid of others()) process.kill(pid, "SIGKILL");
  await ended;
}

/** When a step's processes wrote, each from its first change on disk to its end. */
function spansOf(cwd: string, command: string) {
  const path = join(cwd, "trace.jsonl");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  const told = lines
    .map((line): { at: number; pid: number; what: string; argv: string[] } => JSON.parse(line))
    .filter(({ argv }) => argv[0] === command);
  return [...new Set(told.map(({ pid }) => pid))].map((pid) => {
    const own = told.filter((each) => each.pid === pid);
    return {
      pid,
      from: Math.min(...own.map(({ at }) => at)),
      to: own.find(({ what }) => what === "ends")?.at,
    };
  });
}

const outputsOf = (cwd: string) => ({
  phantoms: filesIn(join(cwd, "phantoms")),
  two: readFileSync(logs(cwd, "two.out"), "utf8").replaceAll(cwd, ""),
});

async function scene(name: string, seed: number): Promise<string> {
  const cwd = join(folder, name);
  await mkdir(cwd);
  await writeFile(join(cwd, "w.yaml"), workflow(seed));
  return cwd;
}

async function undisturbed(name: string, seed: number) {
  const cwd = await scene(name, seed);
  const { ended, said } = start(cwd);
  expect([await ended, said()]).toEqual([0, expect.stringContaining('"failed":[]')]);
  expect(spansOf(cwd, "simulate")).toHaveLength(1);
  return outputsOf(cwd);
}

describe("a workflow whose run is killed", () => {
  test("at several moments, and begun again at once, does no step twice at a time and makes the same bytes", async () => {
    const cwd = await scene("often", 1);
    const alive = () => spansOf(cwd, "simulate").filter(({ to, pid }) => to === undefined && !dead.has(pid));
    const dead = new Map<number, number>();
    await killedWhen(cwd, () => existsSync(logs(cwd, "one.log")));
    await killedWhen(
      cwd,
      () => alive().length > 0 && existsSync(join(cwd, "phantoms")),
      () => {
        const pids = alive().map(({ pid }) => pid);
        for (const pid of pids) dead.set(pid, Number(process.hrtime.bigint()));
        return pids;
      },
    );
    expect(dead.size).toBe(1);
    await killedWhen(cwd, () => alive().length > 0);
    await killedWhen(cwd, () => existsSync(join(cwd, "phantoms.made.json")));
    const last = start(cwd);
    expect([await last.ended, last.said()]).toEqual([0, expect.stringContaining('"failed":[]')]);
    const again = start(cwd);
    await again.ended;
    expect(JSON.parse(again.said())).toMatchObject({ done: [], skipped: ["one", "two"] });

    const spans = spansOf(cwd, "simulate").map((span) => ({ ...span, to: span.to ?? dead.get(span.pid)! }));
    expect(spans.length).toBeGreaterThan(1);
    for (const [at, { pid, from, to }] of spans.entries()) {
      expect(to, `process ${pid} came to its end`).toBeDefined();
      for (const other of spans.slice(at + 1))
        expect(other.to < from || to < other.from, `${pid} and ${other.pid} worked apart`).toBe(true);
    }
    expect(outputsOf(cwd)).toEqual(await undisturbed("in peace", 1));
  });

  test("and is then given another setting, ends the process that works by the old one", async () => {
    const cwd = await scene("changed", 1);
    await killedWhen(cwd, () => existsSync(logs(cwd, "one.process.json")));
    const pid = claimedBy(cwd, "one");
    await writeFile(join(cwd, "w.yaml"), workflow(2));
    const { ended, said } = start(cwd);
    expect([await ended, said()]).toEqual([0, expect.stringContaining('"failed":[]')]);
    expect(said()).toContain(`one: process ${pid} of an earlier run does it otherwise, and is ended`);
    expect(outputsOf(cwd)).toEqual(await undisturbed("changed in peace", 2));
  });
});
