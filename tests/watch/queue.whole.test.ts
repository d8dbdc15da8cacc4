/** A watcher whose tomograms are tasks of processes here: killed, stopped, and what fails. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { queueWatching } from "../support/queueWatching.js";
import { until } from "../support/slurm.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench watch's "));
});
afterAll(() => rm(folder, { recursive: true }));

const here = ["--queue", "local", "--jobs", "2", "--cpus", "1"];

test("a watcher that is killed while tasks run does each once, and Ctrl-C stops them where they can go on", async () => {
  const { arrive, begin, watch, status, doneRuns, attempts, atWork } = queueWatching(folder, "local", here);
  const runs = ["TS_0", "TS_1", "TS_2", "TS_3"];
  for (const run of runs) arrive(run);
  const first = begin();
  await until(() => atWork().length > 0);
  first.child.kill("SIGKILL");
  await first.end;
  const second = begin();
  await until(() => attempts().length > 2 && atWork().length > 0);
  second.child.kill("SIGINT");
  const { code, stderr } = await second.end;
  expect([code, atWork()]).toEqual([130, []]);
  expect(stderr).toMatch(/stopped with \d done; the same command goes on\n$/);
  const { counts, queue } = await status();
  expect(counts).toMatchObject({ running: 0, failed: 0, aside: 0 });
  expect(queue).toMatchObject({ queue: "local", trouble: null });
  const before = await doneRuns();
  arrive("bad", true);
  const last = await watch("--tries", "1");
  expect([last.code, await doneRuns()]).toEqual([1, runs]);
  expect(last.stderr).toMatch(/bad: failed, set aside after 1 attempt: .*step store failed.*NaN/);
  const again = attempts().filter((attempt) => attempt > 1).length;
  const mostCutByTheKill = 2;
  expect(again).toBeLessThanOrEqual(4 - before.length + mostCutByTheKill);
  expect((await status()).queue!.tasks).toMatchObject([
    { run: "bad", status: "failed", message: expect.stringContaining("NaN") },
  ]);
});
