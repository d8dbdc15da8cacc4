/** Plans that processes of this machine do. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cp, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  appendTasks,
  createPlan,
  logsFolder,
  type PlannedTask,
  statesFolder,
  writeSettings,
} from "../../src/queue/plan.js";
import { cancelPlan, closePlan, doPlan, planStandings } from "../../src/queue/queue.js";
import { isRunning } from "../../src/system/owner.js";
import { silentReporter } from "../../src/system/reporter.js";
import { pickbenchProcess } from "../support/commandLine.js";
import { hearingReporter } from "../support/hearingReporter.js";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";
import { until } from "../support/slurm.js";

let scene: QueueScene;
beforeAll(async () => {
  scene = await queueScene();
});
afterAll(() => rm(scene.folder, { recursive: true }));

const task = (name: string, argv: string[], stage = 0): PlannedTask => ({ name, stage, argv, outputs: [] });
const planOf = (name: string, tasks: PlannedTask[], isOpen = false) =>
  createPlan(join(scene.folder, name), {
    ...{ command: "trial", call: [], queue: "local", jobs: 2, profile: { sbatch: [] }, isOpen, tasks },
    stages: [
      { name: "first", after: [] },
      { name: "then", after: [0] },
    ],
  });

async function withEnvironment<T>(values: Record<string, string>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, values);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(values)) delete process.env[name];
  }
}

test("a task that fails is named and done again alone; what waits for it comes after", async () => {
  const missing = join(scene.folder, "later.csv");
  const plan = await planOf("failing", [
    task("well", ["--version"]),
    task("broken", ["score", missing, "--truth", missing]),
    { ...task("silent", ["--version"]), outputs: [missing] },
    task("after", ["--version"], 1),
  ]);
  await expect(doPlan(plan, silentReporter)).rejects.toThrow(
    /^2 of 4 tasks did not end well: broken failed \(.*later.csv.*\), silent failed \(it ended without an error, but did not write .*later.csv\); 1 wait for them; /,
  );
  const { tasks } = await statusOf(plan.folder);
  expect(tasks.map(({ status }) => status)).toEqual(["done", "failed", "failed", "open"]);
  const log = await well("queue", "log", plan.folder, "--task", "broken");
  expect(log.stdout).toMatch(/^task 1, broken, failed\npickbench: .*later.csv/);
  writeFileSync(missing, "experiment,particle_type,x,y,z\n");
  const again = await pickbenchProcess("queue", "resume", plan.folder, "--quiet");
  expect(again.stderr).toMatch(/1 of 4 tasks did not end well: broken failed/);
  expect((await statusOf(plan.folder)).tasks.map(({ attempts }) => attempts)).toEqual([1, 2, 2, 0]);
});

test("a process that is killed without a word is told", async () => {
  const plan = await planOf("killed", [
    task("long", ["simulate", "--out", join(scene.folder, "phantoms"), "--quiet"]),
  ]);
  const doing = doPlan(plan, silentReporter);
  const state = join(statesFolder(plan.folder), "0.begun.json");
  await until(() => existsSync(state));
  process.kill(JSON.parse(readFileSync(state, "utf8")).pid, "SIGKILL");
  await expect(doing).rejects.toThrow("long lost (its process was ended by SIGKILL)");
  expect((await planStandings(plan))[0]).toMatchObject({ status: "lost", attempts: 1 });
});

/** Ends a process as Ctrl-C does in the moment in which it has said that it begins its task. */
const stoppingAtBegin = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (String(to).endsWith(".begun.json")) process.exit(130);
  };
  syncBuiltinESMExports();`;

test("a process that is stopped as soon as it has begun says so", async () => {
  const plan = await planOf("stopped at once", [task("t", ["--version"])]);
  const options = `--import=data:text/javascript,${encodeURIComponent(stoppingAtBegin)}`;
  const { code } = await withEnvironment({ NODE_OPTIONS: options }, () =>
    pickbenchProcess("queue", "task", plan.folder, "0"),
  );
  expect(code).toBe(130);
  expect(await planStandings(plan)).toMatchObject([{ status: "stopped", attempts: 1 }]);
});

test("a job of Slurm does nothing for a task that is handed in as another one", async () => {
  const plan = await planOf("handed in twice", [task("t", ["--version"])]);
  await writeSettings(plan.folder, { ...plan.settings, queue: "slurm" });
  const submissions = ["7", "8"].map((job) => JSON.stringify({ job, stage: 0, base: 0, ids: [0] }));
  writeFileSync(join(plan.folder, "submissions.jsonl"), `${submissions.join("\n")}\n`);
  const state = join(statesFolder(plan.folder), "0.json");
  const done = (job: string) =>
    withEnvironment({ SLURM_ARRAY_JOB_ID: job, SLURM_ARRAY_TASK_ID: "0" }, () =>
      pickbenchProcess("queue", "task", plan.folder, "0"),
    );
  const { code, stderr } = await done("7");
  expect([code, stderr]).toEqual([
    1,
    `pickbench: ${plan.folder}: task 0 is not handed in as Slurm's job 7_0, which does nothing; pickbench queue status says as which it is\n`,
  ]);
  expect(existsSync(state)).toBe(false);
  expect(await done("8")).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(state, "utf8"))).toMatchObject({ code: 0, attempt: 1 });
});

test("an open plan takes tasks while it is done, and ends when it is closed", async () => {
  const plan = await planOf("open", [], true);
  const doing = doPlan(plan, silentReporter);
  const added = await appendTasks(plan, [task("a", ["--version"]), task("b", ["--version"], 1)]);
  expect(added.map(({ id }) => id)).toEqual([0, 1]);
  await until(async () => (await statusOf(plan.folder)).counts.done === 2);
  await closePlan(plan.folder);
  await doing;
});

test("what runs stops on Ctrl-C and on cancel where it can go on", async () => {
  const names = ["x", "y", "z"];
  const plan = await planOf(
    "stopped",
    names.map((name) => task(name, ["simulate", "--out", join(scene.folder, name), "--quiet"])),
  );
  const hearing = hearingReporter();
  const doing = doPlan(plan, hearing);
  const states = [0, 1].map((id) => join(statesFolder(plan.folder), `${id}.begun.json`));
  await until(() => states.every(existsSync));
  const begun = states.map((path) => JSON.parse(readFileSync(path, "utf8")));
  expect(begun.map((each) => isRunning(each))).toEqual([true, true]);
  hearing.stop();
  await expect(doing).rejects.toMatchObject({
    tag: "Stopped",
    message: expect.stringMatching(/^stopped with 0 of 3 tasks done/),
  });
  expect(begun.map((each) => isRunning(each))).toEqual([false, false]);
  expect((await planStandings(plan)).map(({ status }) => status)).toEqual(["stopped", "stopped", "open"]);
  await well("queue", "resume", plan.folder, "--detach");
  await until(async () =>
    (await planStandings(plan)).some(({ status, attempts }) => status === "running" && attempts === 2),
  );
  expect(await cancelPlan(plan)).toBeGreaterThan(0);
  expect(
    (await planStandings(plan)).filter(({ status }) => status === "running" || status === "waiting"),
  ).toEqual([]);
  expect(await readFile(join(logsFolder(plan.folder), "queue.log"), "utf8")).toMatch(/stopped with 0 of 3/);
});

test("submit over twenty tomograms gives the same bytes, and a broken one is named and done alone", async () => {
  const data = join(scene.folder, "data");
  await cp(scene.data, data, { recursive: true });
  const broken = join(
    data,
    "static",
    "ExperimentRuns",
    "TS_S7",
    "VoxelSpacing10.000",
    "denoised.zarr",
    "0",
    ".zarray",
  );
  const whole = await readFile(broken);
  await truncate(broken, 20);
  const out = join(scene.folder, "it's a.csv");
  const call = [...scene.submit.map((arg) => (arg === scene.data ? data : arg)), "--out", out];
  const queue = ["--queue", "local", "--jobs", "2", "--chunk", "5"];
  const failed = await pickbenchProcess(...call, ...queue, "--quiet");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(
    /1 of 5 tasks did not end well: \S+ to \S+ failed \(.*TS_S7.*; 1 wait for them; /,
  );
  writeFileSync(broken, whole);
  const ended = await well(...call, ...queue, "--quiet");
  expect(ended.stderr).toContain("goes on with the tasks there");
  expect(ended.stdout).toMatch(
    /TS_S20: \d+ apo-ferritin, \d+ ribosome\n(?:.*\n)*submission: .*it's a.csv\n$/,
  );
  expect((await statusOf(`${out}.queue`)).tasks.map(({ attempts }) => attempts).toSorted()).toEqual([
    1, 1, 1, 1, 2,
  ]);
  expect(readFileSync(out)).toEqual(readFileSync(scene.csv));
});

test.each([
  [["--jobs", "2"], "--jobs is of tasks; add --queue slurm or --queue local"],
  [["--queue", "local", "--chunk", "0"], "--chunk is 0, wanted a whole number of at least 1"],
  [["--queue", "local", "--memory", "much"], 'memory: got "much", wanted a size such as 16G'],
  [["--queue", "slurm", "--sbatch=--array=3"], "no flag that the queue sets itself"],
  [["--queue", "local", "--profile", "/nowhere.yaml"], "/nowhere.yaml: cannot be read (it does not exist)"],
])("submit %j is refused in one sentence", async (flags, words) => {
  const { code, stderr } = await pickbenchProcess(
    ...scene.submit,
    "--out",
    join(scene.folder, "no.csv"),
    ...flags,
  );
  expect([code, stderr.split("\n").length]).toEqual([1, 2]);
  expect(stderr).toContain(words);
});
