/** Steps of workflows as tasks of a queue: a real Slurm, and processes here. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPlan } from "../../src/queue/plan.js";
import { planStandings } from "../../src/queue/queue.js";
import { filesIn } from "../support/filesIn.js";
import { statusOf } from "../support/queueScene.js";
import { noSlurm, type Slurm, startSlurm, until } from "../support/slurm.js";
import { bin } from "../support/writingCommands.js";

if (noSlurm !== undefined) console.log(`the tests of Slurm are skipped: ${noSlurm}`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflow's queue "));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const picks = (...rows: string[]) => ["id,experiment,particle_type,x,y,z", ...rows, ""].join("\n");

/** Two independent simulations, and small steps. */
const workflow = (change: object = {}) =>
  JSON.stringify({
    steps: {
      one: { run: "simulate", with: { out: "one", count: 2, size: "40,64,64", seed: 1 } },
      two: { run: "simulate", with: { out: "two", count: 2, size: "40,64,64", seed: 2 } },
      fuse: { run: "fuse", with: { picks: ["a.csv", "b.csv"], votes: 1, out: "fused.csv" } },
      score: {
        run: "score",
        with: { submission: `\${steps.fuse.out}`, truth: "a.csv", json: true },
        after: ["one", "two"],
      },
      ...change,
    },
  });

async function scene(name: string, content = workflow()): Promise<string> {
  const cwd = join(folder, name);
  await mkdir(cwd);
  await writeFile(join(cwd, "a.csv"), picks("0,TS_1,ribosome,500,600,700", "1,TS_1,ribosome,1500,1600,700"));
  await writeFile(join(cwd, "b.csv"), picks("0,TS_1,ribosome,510,600,700"));
  await writeFile(join(cwd, "w.yaml"), content);
  return cwd;
}

interface Run {
  readonly child: ChildProcess;
  /** Its exit code, and what it said on standard error and as its result. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly stderr: string;
    readonly result: unknown;
  }>;
}

function start(cwd: string, ...flags: string[]): Run {
  const child = spawn(process.execPath, [bin, "workflow", "run", "w.yaml", "--json", ...flags], {
    ...{ cwd, stdio: ["ignore", "pipe", "pipe"] },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (text: Buffer) => {
    stdout += text;
  });
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    child,
    ended: ended.then((code) => ({ code, stderr, result: stdout === "" ? undefined : JSON.parse(stdout) })),
  };
}

const outputs = ["one", "two", "fused.csv", join("workflow-logs", "w", "score.out")];
const bytesOf = (cwd: string) => outputs.map((output) => filesIn(join(cwd, output)));
const logs = (cwd: string) => join(cwd, "workflow-logs", "w");

/** Names of the steps of which tasks were begun, of all runs. */
const handedOut = (cwd: string): string[] =>
  readdirSync(logs(cwd))
    .filter((name) => name.startsWith("queue"))
    .flatMap((name) =>
      readFileSync(join(logs(cwd), name, "tasks.jsonl"), "utf8")
        .trimEnd()
        .split("\n"),
    )
    .map((line) => JSON.parse(line).name);

const haveBegun = async (plan: string, ...names: string[]): Promise<boolean> => {
  if (!existsSync(join(plan, "plan.json"))) return false;
  const begun = (await planStandings(await readPlan(plan))).filter(({ attempts }) => attempts > 0);
  return names.every((name) => begun.some((task) => task.name === name));
};

let local: ReturnType<typeof bytesOf>;
beforeAll(async () => {
  const cwd = await scene("without a queue");
  expect(await start(cwd).ended).toMatchObject({ code: 0, result: { failed: [] } });
  local = bytesOf(cwd);
});

describe.each([
  { queue: "slurm", flags: ["--cpus", "1", "--memory", "2G"], isAway: noSlurm !== undefined },
  { queue: "local", flags: ["--jobs", "4"], isAway: false },
])("steps handed to the queue $queue", ({ queue, flags, isAway }) => {
  const given = ["--queue", queue, ...flags];
  let slurm: Slurm | undefined;
  beforeAll(async () => {
    if (queue === "slurm" && !isAway)
      slurm = await startSlurm(await mkdtemp(join(tmpdir(), "pickbench-slurm-")));
  });
  afterAll(async () => slurm?.stop());

  test.skipIf(isAway)(
    "run side by side; after the run was killed they go on, and the next run waits for them",
    async () => {
      const cwd = await scene(`killed in ${queue}`);
      const first = start(cwd, ...given);
      const plan = join(logs(cwd), "queue");
      await until(() => haveBegun(plan, "one", "two"));
      first.child.kill("SIGKILL");
      await first.ended;
      const again = await start(cwd, ...given).ended;
      expect(again).toMatchObject({
        code: 0,
        result: { failed: [], skipped: expect.arrayContaining(["one", "two"]) },
      });
      expect(
        handedOut(cwd)
          .filter((name) => ["one", "two"].includes(name))
          .sort(),
      ).toEqual(["one", "two"]);
      const tasks = (await statusOf(plan)).tasks.filter(({ name }) => ["one", "two"].includes(name));
      for (const { job, attempts } of tasks) {
        expect(attempts).toBe(1);
        expect(job !== null).toBe(queue === "slurm");
      }
      const [begun, ended] = [tasks.map((task) => task.startedAt!), tasks.map((task) => task.finishedAt!)];
      expect(begun.toSorted().at(-1)! < ended.toSorted()[0]!, `${begun} to ${ended}`).toBe(true);
      expect(bytesOf(cwd)).toEqual(local);
      expect((await start(cwd, ...given).ended).result).toMatchObject({ done: [], failed: [], stopped: [] });
    },
  );

  test.skipIf(isAway)("that fail are named with their log, and done again once that is mended", async () => {
    const cwd = await scene(`failing in ${queue}`);
    await writeFile(join(cwd, "b.csv"), "id,experiment\n0,TS_1\n");
    const failed = await start(cwd, "--only", "fuse", ...given).ended;
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /the step fuse failed: the header of b\.csv lacks .*; its log is workflow-logs\/w\/fuse\.log, and the same command goes on/,
    );
    expect(readFileSync(join(logs(cwd), "fuse.log"), "utf8")).toMatch(
      /== is task 0 of .*\npickbench: the header of b\.csv/s,
    );
    await writeFile(join(cwd, "b.csv"), picks("0,TS_1,ribosome,510,600,700"));
    const mended = await start(cwd, "--only", "fuse", ...given).ended;
    expect(mended).toMatchObject({ code: 0, result: { failed: [], done: [{ name: "fuse" }] } });
    expect(filesIn(join(cwd, "fused.csv"))).toEqual(local[2]);
  });

  test.skipIf(isAway)(
    "are stopped here, or left to Slurm, by Ctrl-C, and the same command goes on",
    async () => {
      const cwd = await scene(
        `stopped in ${queue}`,
        workflow({
          one: { run: "simulate", queue: true, with: { out: "one", count: 2, size: "40,64,64", seed: 1 } },
        }),
      );
      const plan = join(logs(cwd), "queue");
      const first = start(cwd, ...given);
      await until(() => haveBegun(plan, "one"));
      first.child.kill("SIGINT");
      const stopped = await first.ended;
      expect(stopped.code).toBe(130);
      expect(stopped.result).toMatchObject({ failed: [], stopped: expect.arrayContaining(["one"]) });
      const isLeft = /what was handed to Slurm goes on there: pickbench queue status/.test(stopped.stderr);
      expect(isLeft).toBe(queue === "slurm");
      const again = await start(cwd, ...given).ended;
      expect(again).toMatchObject({ code: 0, result: { failed: [] } });
      expect(bytesOf(cwd)).toEqual(local);
      const times = handedOut(cwd);
      expect([...new Set(times)]).toEqual(["one"]);
      if (queue === "slurm") expect(times).toHaveLength(1);
    },
  );
});
