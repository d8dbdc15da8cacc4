/** Plans and what is made of them without any process: arguments, arrays, scripts, profiles, where tasks stand. */
import { mkdtempSync } from "node:fs";
import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ownArguments, taskArguments } from "../../src/commands/shared/queue/taskArguments.js";
import {
  appendTasks,
  createPlan,
  type NewPlan,
  type Plan,
  readPlan,
  statesFolder,
} from "../../src/queue/plan.js";
import { checkProfile } from "../../src/queue/profile.js";
import { chunksOf, rangesText, sbatchArguments, scriptOf } from "../../src/queue/slurm/submitting.js";
import { failureOf, type Standing, standingOf } from "../../src/queue/standing.js";
import { readTask, writeBegun, writeEndNow } from "../../src/queue/states.js";
import { withLock, withPartLock, withWholeLock } from "../../src/system/lock.js";
import { workOn } from "../../src/system/owner.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-queue-"));
afterAll(() => rm(folder, { recursive: true }));

const task = (name: string, stage = 0) => ({ name, stage, argv: ["--version"], outputs: [] });
const given: NewPlan = {
  command: "submit",
  call: [],
  queue: "slurm",
  jobs: 3,
  profile: { cpus: 2, memory: "4G", time: "1:00:00", partition: "cpu", sbatch: ["--account=lab"] },
  stages: [
    { name: "runs", after: [] },
    { name: "joining", after: [0] },
  ],
  isOpen: true,
  tasks: [task("a"), task("b"), task("all", 1)],
};

test.each([
  [
    ["submit", "a", "--queue", "slurm", "--out", "x"],
    ["submit", "--part", "a", "--out", "x"],
  ],
  [
    ["submit", "--queue=slurm", "a", "--sbatch=--qos=a --gres=gpu:1"],
    ["submit", "--part", "a"],
  ],
  [
    ["submit", "a", "--detach", "--no-detach", "--detach", "false"],
    ["submit", "--part", "a"],
  ],
  [
    ["submit", "a", "--", "--queue", "slurm"],
    ["submit", "--part", "a", "--", "--queue", "slurm"],
  ],
  [
    ["submit", "a", "--part", "--out", "o\n=--queue"],
    ["submit", "--part", "a", "--out", "o\n=--queue"],
  ],
])("%j without what is of the queue", (words, left) => {
  expect(taskArguments(words, { add: { part: true, runs: undefined } })).toEqual(left);
});

test("what a task is given replaces what was given", () => {
  const words = ["submit", "a", "--runs", "x,y", "--threads=8", "--json"];
  expect(taskArguments(words, { without: { json: true }, add: { runs: "x", threads: 2 } })).toEqual([
    ...["submit", "--runs=x", "--threads=2", "a"],
  ]);
  expect(ownArguments(["--debug", "submit", "--debug", "a", "--", "--debug"])).toEqual([
    "submit",
    "a",
    "--",
    "--debug",
  ]);
});

test("whole numbers are written as Slurm's ranges, and divided at multiples of an array's greatest size", () => {
  expect(rangesText([0, 1, 2, 4, 7, 8])).toBe("0-2,4,7-8");
  const ids = Array.from({ length: 2500 }, (_, id) => ({ id }));
  expect(chunksOf(ids, 1001).map((chunk) => [chunk[0], chunk.at(-1)])).toEqual([
    [0, 1000],
    [1001, 2001],
    [2002, 2499],
  ]);
  expect(chunksOf([{ id: 3 }, { id: 1002 }, { id: 1003 }], 1001)).toEqual([[3], [1002, 1003]]);
});

test("an array is asked for in arguments, with what it waits for", async () => {
  const plan = await createPlan(join(folder, "a 100% plan"), given);
  const args = sbatchArguments(plan, [1001, 1002, 1004], 1001, ["7", "9"]);
  expect(args).toEqual(
    expect.arrayContaining([
      ...["--array=0-1,3%3", "--requeue", "--kill-on-invalid-dep=yes", "--open-mode=append"],
      ...["--cpus-per-task=2", "--mem=4G", "--time=1:00:00", "--partition=cpu", "--account=lab"],
      ...["--dependency=afterok:7:9", `--output=${join(folder, "a 100%% plan", "logs", "slurm.log")}`],
    ]),
  );
  expect(args.every((arg) => arg.startsWith("--"))).toBe(true);
});

test("the script holds nothing but quoted constants", () => {
  const script = scriptOf({ folder: "/a b/$(touch c)'`\n%" }, 5);
  expect(script.split("\n").slice(0, 2)).toEqual(["#!/bin/sh", "id=$((5 + SLURM_ARRAY_TASK_ID))"]);
  expect(script).toContain(`queue task '/a b/$(touch c)'\\''\`\n%' "$id" >'/a b/`);
});

test.each([
  [{ memory: "16 GB" }, 'memory: got "16 GB", wanted a size such as 16G'],
  [{ time: "soon" }, 'time: got "soon", wanted minutes'],
  [{ cpus: 0 }, "cpus: got 0"],
  [{ partition: "-x" }, "partition"],
  [{ sbatch: ["--array=1-9"] }, "no flag that the queue sets itself"],
  [{ sbatch: ["account=lab"] }, "wanted a long flag"],
  [{ sbatch: ["--wrap=rm"] }, "no flag that the queue sets itself"],
  [{ sbatch: ["--begin=now"] }, "no flag that the queue sets itself"],
  [{ memmory: "1G" }, "unknown key memmory; did you mean memory?"],
])("a profile %j is refused", (content, words) => {
  expect(() => checkProfile(content, "queue.yaml")).toThrow(words);
});

test("tasks are added to a plan, and a line that is not whole is none", async () => {
  const plan = await createPlan(join(folder, "open"), given);
  expect(await appendTasks(plan, [task("c")])).toMatchObject([{ id: 3, name: "c" }]);
  await appendFile(join(plan.folder, "tasks.jsonl"), '{"name":"d","st');
  expect((await readPlan(plan.folder)).tasks.map(({ name }) => name)).toEqual(["a", "b", "all", "c"]);
  expect(await appendTasks(plan, [task("d")])).toMatchObject([{ id: 4, name: "d" }]);
  expect((await readPlan(plan.folder)).tasks.map(({ name }) => name)).toEqual(["a", "b", "all", "c", "d"]);
  await appendFile(join(plan.folder, "tasks.jsonl"), '{"name":"e","st":1}\n');
  await expect(readPlan(plan.folder)).rejects.toThrow(/line 6 of tasks.jsonl is/);
  await expect(readPlan(folder)).rejects.toThrow(
    /plan.json cannot be read \(it does not exist\); name the folder/,
  );
});

const begun = {
  startedAt: "2026-01-01T00:00:00Z",
  pid: 1,
  started: 1,
  machine: "m",
  host: "h",
  job: null,
  slurmId: null,
};
const ended = { code: 0, message: null, startedAt: begun.startedAt, finishedAt: begun.startedAt };

test("an earlier attempt that ends after the next one began says nothing", async () => {
  const plan = await createPlan(join(folder, "twice"), given);
  await writeBegun(plan.folder, 0, { attempt: 1, ...begun });
  await writeBegun(plan.folder, 0, { attempt: 2, ...begun });
  writeEndNow(plan.folder, 0, { attempt: 1, ...ended });
  expect((await readTask(plan.folder, 0)).end).toBeUndefined();
  writeEndNow(plan.folder, 0, { attempt: 2, ...ended });
  expect((await readTask(plan.folder, 0)).end).toMatchObject({ attempt: 2, code: 0 });
  expect(JSON.parse(await readFile(join(statesFolder(plan.folder), "0.json"), "utf8")).code).toBe(0);
});

const settings = { stages: given.stages } as Plan["settings"];
const plan = { folder: "/p", settings, tasks: [] } as Plan;
const files = (code?: number) => ({
  begun: { attempt: 1, ...begun },
  end: code === undefined ? undefined : { attempt: 1, ...ended, code, message: code === 0 ? null : "why" },
});

test("a stopped task that is queued again waits; a failed one has failed", () => {
  const of = (code: number | undefined, status?: "waiting" | "lost") =>
    standingOf(plan, { id: 0, ...task("a") }, files(code), status && { status, reason: "BeginTime" }).status;
  expect([
    of(0),
    of(1),
    of(130),
    of(130, "waiting"),
    of(1, "waiting"),
    of(undefined, "lost"),
    of(undefined),
  ]).toEqual([...["done", "failed", "stopped", "waiting", "failed", "lost", "open"]]);
});

test("a task that was handed in again stands as that job does, and one that is done stays done", () => {
  const of = (code: number, job: string) =>
    standingOf(plan, { id: 0, ...task("a") }, withJob(files(code)), { status: "waiting", job }).status;
  expect([of(1, "9_0"), of(1, "7_0"), of(0, "9_0")]).toEqual(["waiting", "failed", "done"]);
});

const withJob = ({ begun, end }: ReturnType<typeof files>) => ({ begun: { ...begun, job: "7_0" }, end });

test("failed tasks are named, with what waits for them and what to do", () => {
  const standing = (id: number, code?: number): Standing =>
    standingOf(
      plan,
      { id, ...task(`t${id}`) },
      code === undefined ? { begun: undefined, end: undefined } : files(code),
      undefined,
    );
  expect(failureOf(plan, [standing(0, 0)])).toBeUndefined();
  const failure = failureOf(plan, [standing(0, 0), standing(1, 1), standing(2)]);
  expect(failure).toMatchObject({ tag: "System" });
  expect(failure?.message).toBe(
    "1 of 3 tasks did not end well: t1 failed (why); 1 wait for them; pickbench queue log /p shows what they say, pickbench queue resume /p does these alone",
  );
});

test("parts are locked beside each other, the whole alone", async () => {
  const lock = join(folder, "x.lock");
  const nothing = async () => undefined;
  await withPartLock(lock, "a", "x", async () => {
    await withPartLock(lock, "b", "x", nothing);
    await expect(withPartLock(lock, "a", "x", nothing)).rejects.toThrow(/is running there/);
    await expect(withWholeLock(lock, "x", nothing)).rejects.toThrow(/is running there/);
  });
  await withWholeLock(lock, "x", async () => {
    await expect(withPartLock(lock, "a", "x", nothing)).rejects.toThrow(/is running there/);
  });
  await withWholeLock(lock, "x", nothing);
});

test("what an earlier attempt of the same task held on a lost machine is void; what others hold there is not", async () => {
  const lock = join(folder, "lost.lock");
  const holder = { pid: 1, started: 1, machine: "deadbeef", host: "node-7", id: "0a", task: "plan/3" };
  const take = async (): Promise<string> => {
    await writeFile(lock, JSON.stringify(holder));
    return withLock(lock, "x", async () => "held");
  };
  await expect(take()).rejects.toThrow(/process 1 on node-7 has locked it/);
  workOn("plan/4");
  await expect(take()).rejects.toThrow(/process 1 on node-7 has locked it/);
  workOn("plan/3");
  expect(await take()).toBe("held");
});
