/** A watcher whose tomograms a real Slurm does: killed at any moment, stopped, with a node that is lost. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDone } from "../../src/watch/task.js";
import { queueWatching } from "../support/queueWatching.js";
import { noSlurm, until } from "../support/slurm.js";
import { nodeOf, startTwoNodes, type TwoNodes } from "../support/slurmNodes.js";

if (noSlurm !== undefined) console.log(`the tests of Slurm are skipped: ${noSlurm}`);

const slurmFlags = (cpus: number) => ["--queue", "slurm", "--cpus", `${cpus}`, "--memory", "300M"];
const runs = (count: number) => Array.from({ length: count }, (_, at) => `TS_${at}`);

describe.skipIf(noSlurm !== undefined)("a Slurm of two nodes", () => {
  let folder: string;
  let slurm: TwoNodes;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pickbench watch's "));
    slurm = await startTwoNodes(join(await mkdtemp(join(tmpdir(), "pickbench-slurm-")), "slurm"));
  });
  afterAll(async () => {
    await slurm?.stop();
    await rm(folder, { recursive: true });
  });

  const letBegin = (state: "UP" | "DOWN") =>
    execFileSync("scontrol", ["update", "PartitionName=cpu", `State=${state}`]);
  /** Has what waits in Slurm wait on, and what runs go on. */
  const beginNoMore = () => letBegin("DOWN");
  const beginAgain = () => letBegin("UP");

  /** How the jobs of a plan ended, by Slurm's own account of all jobs. */
  function jobStates(plan: string): string[] {
    const { id } = JSON.parse(readFileSync(join(plan, "plan.json"), "utf8"));
    const account = join(process.env.SLURM_CONF!, "..", "log", "jobcomp.log");
    const lines = readFileSync(account, "utf8").split("\n");
    return lines
      .filter((line) => line.includes(`Name=pickbench-watch-${id} `))
      .map((line) => /JobState=(\w+)/.exec(line)![1]!)
      .sort();
  }

  test("what is found at once is one array, and a watcher that is killed before and after each step of handing it in does each once", async () => {
    const { plan, arrive, begin, watch, doneRuns, attempts, arrays, killAt } = queueWatching(
      ...[folder, "killed", slurmFlags(1)],
    );
    for (const run of runs(5)) arrive(run);
    killAt("sbatch", "*--array=0-4*");
    expect((await watch()).code).toBe(-1);
    expect(execFileSync("squeue", ["-h", "-o", "%T"]).toString()).toBe("PENDING\n");
    expect(await arrays()).toEqual([]);
    killAt("scontrol", "update*");
    expect((await watch()).code).toBe(-1);
    expect(await arrays()).toEqual([[0, 1, 2, 3, 4]]);
    expect(attempts()).toEqual([]);
    for (let kill = 0; kill < 2; kill++) {
      const before = attempts().length;
      const { child, end } = begin();
      await until(() => attempts().length > before || before === 5);
      child.kill("SIGKILL");
      await end;
    }
    arrive("TS_5");
    const last = await watch();
    expect([last.code, await doneRuns(), last.stderr]).toEqual([0, runs(6), expect.anything()]);
    expect(attempts()).toEqual(Array(6).fill(1));
    expect(await arrays()).toEqual([[0, 1, 2, 3, 4], [5]]);
    const completed = () => jobStates(plan).filter((state) => state === "COMPLETED");
    await until(() => completed().length >= 6);
    expect([completed().length, new Set(jobStates(plan))]).toEqual([6, new Set(["CANCELLED", "COMPLETED"])]);
  });

  test("Ctrl-C leaves tasks in Slurm, --status tells of them, and the next watcher takes what came of them", async () => {
    const { plan, arrive, begin, watch, status, doneRuns, attempts, firstAtWork } = queueWatching(
      ...[folder, "left", slurmFlags(2)],
    );
    for (const run of runs(4)) arrive(run);
    arrive("bad", true);
    const { child, end } = begin("--tries", "1");
    await firstAtWork();
    beginNoMore();
    const other = await watch("--queue", "local");
    expect(other.stderr).toContain("is running there");
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(
        /tomograms? go(?:es)? on in Slurm, which pickbench queue cancel .* ends; the same/,
      ),
    ]);
    const { counts, queue, watching } = await status();
    expect([watching, queue?.queue, counts.waiting + counts.failed]).toEqual([null, "slurm", 0]);
    expect(counts.running).toBeGreaterThan(0);
    expect(queue!.tasks).toContainEqual(
      expect.objectContaining({ status: "waiting", job: expect.stringMatching(/^\d+_\d+$/) }),
    );
    const refused = queueWatching(folder, "left", []);
    expect((await refused.watch()).stderr).toMatch(
      /an earlier watcher wait or run in its queue; watch with --queue slurm, or/,
    );
    beginAgain();
    await until(() => jobStates(plan).length === 5);
    const last = await watch("--tries", "1");
    expect([last.code, await doneRuns(), attempts()]).toEqual([1, runs(4), Array(5).fill(1)]);
    expect((await status()).failed).toMatchObject([
      { run: "bad", state: "aside", reason: expect.stringMatching(/step store failed.*NaN/) },
    ]);
    expect((await status()).queue).toMatchObject({
      counts: { done: 4, failed: 1 },
      tasks: [{ run: "bad", status: "failed" }],
    });
  });

  test("a stop file takes back what waits and lets end what runs; no more than --jobs are in the queue", async () => {
    const { out, arrive, begin, watch, status, doneRuns, attempts, arrays, firstAtWork } = queueWatching(
      ...[folder, "stopped", [...slurmFlags(2), "--jobs", "4"]],
    );
    for (const run of runs(6)) arrive(run);
    const { end } = begin();
    await firstAtWork();
    beginNoMore();
    writeFileSync(join(out, "stop"), "");
    expect((await end).code).toBe(0);
    beginAgain();
    const first = await doneRuns();
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(4);
    expect((await status()).counts).toMatchObject({
      done: first.length,
      waiting: 6 - first.length,
      failed: 0,
      aside: 0,
    });
    expect(await arrays()).toEqual([[0, 1, 2, 3]]);
    expect((await watch()).code).toBe(0);
    expect([await doneRuns(), attempts()]).toEqual([runs(6), Array(6).fill(1)]);
    expect(Math.max(...(await arrays()).map((ids) => ids.length))).toBe(4);
    expect((await arrays()).length).toBeLessThan(5);
  });

  test("a task that is lost with its node goes on, and one that is lost for good is tried again", async () => {
    const { out, arrive, begin, watch, status, doneRuns, attempts, firstAtWork } = queueWatching(
      ...[folder, "lost", slurmFlags(2)],
    );
    arrive("TS_0");
    const { end } = begin();
    const tasks = stoppedWithChildren([await firstAtWork()]);
    await slurm.lose(nodeOf(tasks[0]!), tasks);
    expect((await end).code).toBe(0);
    expect(await readDone(join(out, "TS_0"))).toMatchObject({ attempt: 1 });
    expect(attempts()).toEqual([2]);
    arrive("TS_1");
    const second = begin("--idle", "1h");
    process.kill(await firstAtWork(), "SIGKILL");
    await until(async () => (await status()).counts.failed === 1);
    const [failed] = (await status()).failed;
    expect(failed).toMatchObject({
      run: "TS_1",
      reason: expect.stringMatching(/^lost: vanished without a word; Slurm says FAILED/),
    });
    expect(Date.parse(failed!.nextTry!) - Date.now()).toBeLessThan(60_000);
    await watch("--retry", "TS_1");
    await until(async () => (await doneRuns()).length === 2);
    writeFileSync(join(out, "stop"), "");
    expect((await second.end).code).toBe(0);
    expect(await readDone(join(out, "TS_1"))).toMatchObject({ attempt: 2 });
  });

  test("what Slurm refuses is said in its words before anything is begun", async () => {
    const { out, arrive, watch } = queueWatching(folder, "refused", slurmFlags(1));
    arrive("TS_0");
    const { code, stderr } = await watch("--partition", "gpu");
    expect([code, existsSync(join(out, "TS_0"))]).toEqual([1, false]);
    expect(stderr).toContain("Slurm refuses the request: ");
    expect(stderr).toContain("invalid partition specified: gpu");
  });
});

/** Ends what tasks have started, as a node does that loses its power, while they cannot see it. @returns the tasks */
function stoppedWithChildren(tasks: readonly number[]): readonly number[] {
  for (const task of tasks) {
    process.kill(task, "SIGSTOP");
    const path = `/proc/${task}/task/${task}/children`;
    for (const child of readFileSync(path, "utf8").trim().split(" ").filter(Boolean))
      process.kill(Number(child), "SIGKILL");
  }
  return tasks;
}
