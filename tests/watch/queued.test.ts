/** Tomograms as tasks of a queue that does nothing but note what it is given. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Hands } from "../../src/queue/growing.js";
import type { Plan, Task as QueueTask } from "../../src/queue/plan.js";
import type { Standing, Status } from "../../src/queue/standing.js";
import type { Outcome } from "../../src/watch/processes.js";
import { QueuedJob } from "../../src/watch/queued.js";
import type { Task } from "../../src/watch/task.js";
import { hearingReporter } from "../support/hearingReporter.js";
import { temporaryFolder } from "../support/storeFixtures.js";
import { doneText, scene as watching } from "../support/watching.js";

function scene(queue: "slurm" | "local" = "slurm") {
  const out = temporaryFolder();
  const tasks: QueueTask[] = [];
  const status = new Map<number, Partial<Standing> & { status: Status }>();
  const given: number[][] = [];
  const refusals: Error[] = [];
  const reporter = hearingReporter();
  const hands: Hands = {
    get plan() {
      return { folder: out, settings: { queue } as Plan["settings"], tasks };
    },
    async add(planned) {
      const added = planned.map((task, index) => ({ ...task, id: tasks.length + index }));
      tasks.push(...added);
      for (const { id } of added) status.set(id, { status: "open" });
      return added;
    },
    async give(more) {
      given.push(more.map(({ id }) => id));
      const refusal = refusals.shift();
      if (refusal) throw refusal;
      for (const { id } of more) status.set(id, { status: "waiting" });
    },
    standings: async (asked) =>
      asked.map(({ id }) => ({ id, code: null, message: null, ...status.get(id) }) as Standing),
    takeBack: async () => {
      for (const [id, known] of status)
        if (known.status === "waiting") status.set(id, { status: "cancelled" });
    },
  };
  const clock = { sleep: () => new Promise<void>((resolve) => void setTimeout(resolve, 2)) };
  const job = new QueuedJob(hands, (task) => ["watch", task.run], { reporter, clock });
  return {
    ...{ out, tasks, status, given, refusals, reporter, job },
    task: (run: string, attempt = 1, stamp = "s"): Task => ({
      ...{ run, tomogram: "/t", stamp, data: "/d", out: join(out, run), workflow: "/w", fields: {}, attempt },
    }),
    finish(run: string, stamp = "s") {
      mkdirSync(join(out, run), { recursive: true });
      writeFileSync(join(out, run, "done.json"), doneText(run, stamp));
      status.set(tasks.findLast(({ name }) => name === run)!.id, { status: "done", code: 0 });
    },
  };
}

const until = (holds: () => boolean) =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 60_000, interval: 5 });

test("thirty that are begun in a moment are handed in together, and one that comes later by itself", async () => {
  const { job, task, tasks, given, finish, status } = scene();
  const runs = Array.from({ length: 30 }, (_, number) => `TS_${number}`);
  const ends = runs.map((run) => job.start(task(run)));
  await until(() => given.length === 1);
  expect(given[0]).toEqual(runs.map((_, number) => number));
  for (const run of runs.slice(1)) finish(run);
  const { id } = tasks.find(({ name }) => name === "TS_0")!;
  status.set(id, { status: "lost", message: "its node" });
  expect((await Promise.all(ends)).map(({ end }) => end)).toEqual(["failed", ...Array(29).fill("done")]);
  const again = job.start(task("TS_0", 2));
  await until(() => given.length === 2);
  expect(given[1]).toEqual([id]);
  finish("TS_0");
  expect(await again).toEqual({ end: "done", seconds: 0 });
});

test("what changed after it was done is another task", async () => {
  const { job, task, given, finish, tasks } = scene();
  const first = job.start(task("TS_0"));
  await until(() => given.length === 1);
  finish("TS_0");
  await first;
  const second = job.start(task("TS_0", 2, "other"));
  await until(() => given.length === 2);
  expect([given[1], tasks.length]).toEqual([[1], 2]);
  finish("TS_0", "other");
  expect((await second).end).toBe("done");
});

test.each<[string, Partial<Standing> & { status: Status }, object]>([
  ["failed", { status: "failed", code: 1, message: "no ice" }, { end: "failed", reason: "failed: no ice" }],
  [
    "stopped at its longest time",
    { status: "stopped", code: 130, message: "ended by a signal" },
    { end: "failed" },
  ],
  ["cancelled by somebody", { status: "cancelled", message: "Slurm says CANCELLED" }, { end: "failed" }],
  ["never handed in", { status: "open" }, { end: "interrupted" }],
  ["busy", { status: "failed", code: 75 }, { end: "interrupted" }],
])("a task of a killed watcher that is %s", async (_, standing, outcome) => {
  const { job, task, given, status } = scene();
  const { start, adopt } = job;
  void start(task("TS_0"));
  await until(() => given.length === 1);
  const adopted = adopt(task("TS_0"));
  status.set(0, standing);
  expect(await adopted).toMatchObject(outcome);
});

test("what no watcher has handed in is begun anew", async () => {
  const { job, task } = scene();
  expect(await job.adopt(task("TS_0"))).toMatchObject({ end: "interrupted" });
});

test("what the queue does not take is handed in again, and counts no failure", async () => {
  const { job, task, given, refusals, finish, reporter } = scene();
  refusals.push(new Error("Slurm does not answer"));
  const end = job.start(task("TS_0"));
  await until(() => given.length === 2);
  expect([given, reporter.notes]).toEqual([[[0], [0]], ["Slurm does not answer; tried again in 30 s"]]);
  finish("TS_0");
  expect(await end).toMatchObject({ end: "done" });
});

test("Ctrl-C leaves what is in Slurm, and a stop takes back what waits", async () => {
  const left = scene();
  const end = left.job.start(left.task("TS_0"));
  await until(() => left.given.length === 1);
  left.reporter.stop();
  expect(await end).toEqual({ end: "left" });
  const { job, task, given, status } = scene();
  const ends = ["TS_0", "TS_1"].map((run) => job.start(task(run)));
  await until(() => given.length === 1);
  status.set(0, { status: "running" });
  await job.takeBack();
  expect(await ends[1]).toEqual({ end: "interrupted", reason: "taken back" });
  status.set(0, { status: "failed", code: 1, message: "no ice" });
  expect(await ends[0]).toMatchObject({ end: "failed" });
});

test("with a bound many are begun once half of it is free, and what goes on without the watcher stays as running", async () => {
  const { arrive, at: atTime, watch, begun, reporter } = watching();
  for (let run = 0; run < 7; run++) arrive(`TS_${run}.mrc`);
  const ends: ((outcome: Outcome) => void)[] = [];
  const finishNext = () => ends.shift()?.({ end: "done", seconds: 1 });
  const counts: number[] = [];
  const ending = watch(() => new Promise<Outcome>((resolve) => void ends.push(resolve)), {
    ...{ jobs: 4, isTogether: true },
  });
  for (const second of [60, 90, 120]) atTime(second * 1000, finishNext);
  for (const second of [50, 80, 110, 140]) atTime(second * 1000, () => counts.push(begun.length));
  atTime(150_000, () => {
    reporter.stop();
    for (const end of ends.splice(0)) end({ end: "left" });
  });
  const { standings, ended } = await ending;
  expect([counts, ended]).toEqual([[4, 4, 6, 7], "stopped"]);
  const states = standings.map(({ state }) => state).sort();
  expect(states).toEqual([...Array(3).fill("done"), ...Array(4).fill("running")]);
});
