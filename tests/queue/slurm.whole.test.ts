/** Plans that a real Slurm does: a node that is lost, a task that fails, a cancel, a resume, and what is refused. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPlan } from "../../src/queue/plan.js";
import { doPlan, planStandings } from "../../src/queue/queue.js";
import { silentReporter } from "../../src/system/reporter.js";
import { pickbenchProcess } from "../support/commandLine.js";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";
import { noSlurm, type Slurm, startSlurm, until } from "../support/slurm.js";

if (noSlurm !== undefined) console.log(`the tests of Slurm are skipped: ${noSlurm}`);

/** Whether each task says of which job of Slurm it was. */
const allBySlurm = (tasks: readonly { readonly job: string | null }[]): boolean =>
  tasks.every(({ job }) => job !== null && /^\d+_\d+$/.test(job));

describe.skipIf(noSlurm !== undefined)("a Slurm that is running", () => {
  let scene: QueueScene;
  let slurm: Slurm;
  beforeAll(async () => {
    scene = await queueScene();
    slurm = await startSlurm(await mkdtemp(join(tmpdir(), "pickbench-slurm-")));
  });
  afterAll(async () => {
    await slurm?.stop();
    await rm(scene.folder, { recursive: true });
  });

  test("submit over twenty tomograms, whose node is lost on the way, gives the same bytes", async () => {
    const out = join(scene.folder, "it's 100% a.csv");
    const call = [...scene.submit, "--out", out, "--queue", "slurm", "--chunk", "5", "--memory", "2G"];
    const detached = await well(...call, "--detach");
    const plan = `${out}.queue`;
    expect(detached.stdout).toContain(`5 tasks of Slurm: ${plan}\n`);
    await until(() => existsSync(join(plan, "states", "0.begun.json")));
    slurm.killNode();
    const lost = (await statusOf(plan)).tasks.filter(
      ({ attempts, status }) => attempts > 0 && status !== "done",
    );
    expect(lost.length).toBeGreaterThan(0);
    await slurm.revive();
    const ended = await well(...call, "--quiet");
    expect(ended.stdout).toMatch(/submission: .*it's 100% a.csv\n$/);
    expect(readFileSync(out)).toEqual(readFileSync(scene.csv));
    const { tasks } = await statusOf(plan);
    const twice = tasks.filter(({ attempts }) => attempts === 2);
    expect(twice.map(({ name }) => name)).toEqual(lost.map(({ name }) => name));
    expect(tasks.map(({ status }) => status)).toEqual(Array(5).fill("done"));
    expect(allBySlurm(tasks)).toBe(true);
  });

  test("of folds, one that fails is named and done again alone, and all are joined as without a queue", async () => {
    const [local, out] = [join(scene.folder, "folds"), join(scene.folder, "folds-slurm")];
    const call = ["run", scene.experiment, "--data", scene.data, "--folds", "2", "--threads", "1"];
    const into = (folder: string) => [...call, "--out", folder, "--submissions", `${folder}-submissions`];
    await well(...into(local), "--quiet");
    await mkdir(out);
    writeFileSync(join(out, "fold-1"), "");
    const failed = await pickbenchProcess(...into(out), "--queue", "slurm", "--quiet");
    expect([failed.code, failed.stdout]).toEqual([1, ""]);
    expect(failed.stderr).toMatch(
      /1 of 3 tasks did not end well: fold-1 failed \(.*fold-1.*; 1 wait for them; /,
    );
    rmSync(join(out, "fold-1"));
    const ended = await well("queue", "resume", `${out}.queue`, "--quiet");
    expect(ended.stdout).toContain("out of fold, all runs together");
    const same = ["submission.csv", "report.json", "fold-0/best.safetensors", "fold-1/submission.csv"];
    for (const file of same) expect(readFileSync(join(out, file))).toEqual(readFileSync(join(local, file)));
    const { tasks } = await statusOf(`${out}.queue`);
    expect(tasks.map(({ attempts }) => attempts)).toEqual([1, 2, 1]);
    expect(allBySlurm(tasks)).toBe(true);
  });

  test("a search that is cancelled and resumed finds what it finds without a queue", async () => {
    const [local, out] = [join(scene.folder, "search"), join(scene.folder, "search-slurm")];
    const call = [
      "search",
      scene.experiment,
      "--data",
      scene.data,
      "--trials",
      "3",
      "--eta",
      "2",
      "--threads",
      "1",
    ];
    await well(...call, "--out", local, "--quiet");
    const plan = `${out}.queue`;
    await well(...call, "--out", out, "--queue", "slurm", "--detach");
    await until(async () => (await statusOf(plan)).tasks.some(({ status }) => status === "running"));
    const cancelled = JSON.parse((await well("queue", "cancel", plan, "--json")).stdout);
    expect(cancelled.cancelled).toBeGreaterThan(5);
    await until(
      async () =>
        !(await statusOf(plan)).tasks.some(({ status }) => status === "running" || status === "waiting"),
    );
    await well("queue", "resume", plan, "--quiet");
    expect(allBySlurm((await statusOf(plan)).tasks)).toBe(true);
    const told = (folder: string) => {
      const { trials, best, holdout } = JSON.parse(readFileSync(join(folder, "search.json"), "utf8"));
      return { best, holdout, trials: trials.map((trial: object) => ({ ...trial, seconds: 0 })) };
    };
    expect(told(out)).toEqual(told(local));
    expect(told(local).trials.map(({ state }: { state: string }) => state)).toContain("stopped");
    const best = join("trials", String(told(local).best.trial).padStart(3, "0"), "best.safetensors");
    expect(readFileSync(join(out, best))).toEqual(readFileSync(join(local, best)));
  });

  test("a task that is killed without a word is told with what Slurm says of it", async () => {
    const tasks = Array.from({ length: 3 }, (_, at) => ({
      name: `t${at}`,
      stage: 0,
      argv: ["--version"],
      outputs: [],
    }));
    const argv = ["simulate", "--out", join(scene.folder, "phantoms"), "--quiet"];
    const plan = await createPlan(join(scene.folder, "killed"), {
      ...{
        command: "trial",
        call: [],
        queue: "slurm",
        jobs: null,
        profile: { cpus: 1, sbatch: [] },
        isOpen: false,
      },
      stages: [{ name: "all", after: [] }],
      tasks: [...tasks, { name: "long", stage: 0, argv, outputs: [] }],
    });
    const doing = doPlan(plan, silentReporter);
    const begun = join(plan.folder, "states", "3.begun.json");
    await until(() => existsSync(begun));
    process.kill(JSON.parse(readFileSync(begun, "utf8")).pid, "SIGKILL");
    await expect(doing).rejects.toThrow(
      /1 of 4 tasks did not end well: long lost \(vanished without a word; Slurm says FAILED/,
    );
    expect((await planStandings(plan)).map(({ status }) => status)).toEqual(["done", "done", "done", "lost"]);
  });

  test.each([
    [
      ["--cpus", "99"],
      "Slurm refuses the request: Batch job submission failed: More processors requested than permitted",
    ],
    [["--partition", "gpu"], "Slurm refuses the request: invalid partition specified: gpu"],
    [["--memory", "900T"], "Slurm refuses the request: "],
    [["--sbatch=--colour=red"], "Slurm refuses the request: unrecognized option '--colour=red'"],
  ])("submit %j is refused in Slurm's own words", async (flags, words) => {
    const args = [...scene.submit, "--out", join(scene.folder, "no.csv"), "--queue", "slurm", ...flags];
    const { code, stderr } = await pickbenchProcess(...args, "--quiet");
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/; ask for something else by --cpus, --memory, /);
  });
});

test("a Slurm that is not there is said in one sentence", async () => {
  const scene = await queueScene();
  const { PATH } = process.env;
  process.env.PATH = "/nowhere";
  try {
    const { code, stderr } = await pickbenchProcess(
      ...scene.submit,
      "--out",
      join(scene.folder, "no.csv"),
      "--queue",
      "slurm",
      "--detach",
    );
    expect([code, stderr]).toEqual([
      1,
      "pickbench: Slurm is not here: there is no program scontrol; call this on a machine of the cluster, or give --queue local\n",
    ]);
  } finally {
    process.env.PATH = PATH;
  }
});
