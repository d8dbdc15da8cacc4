/**
 * How many seconds does a task of a queue cost that does nothing?
 *
 *     node bench/queue.mjs [--queue local|slurm] [--tasks 40] [--jobs 2] [--passes 3]
 *
 * Tasks are `pickbench --version`. Prints, for each pass, the seconds of the clock from the plan's beginning to its end, over the
 * number of tasks, and the mean seconds within a task as it tells them itself. `slurm` wants a Slurm that `sbatch` reaches.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createPlan } from "../dist/queue/plan.js";
import { doPlan } from "../dist/queue/queue.js";
import { silentReporter } from "../dist/system/reporter.js";

const { values: flags } = parseArgs({
  options: {
    queue: { type: "string", default: "local" },
    tasks: { type: "string", default: "40" },
    jobs: { type: "string", default: "2" },
    passes: { type: "string", default: "3" },
  },
});
const count = Number(flags.tasks);

for (let pass = 1; pass <= Number(flags.passes); pass++) {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-bench-"));
  try {
    const plan = await createPlan(folder, {
      command: "bench",
      call: [],
      queue: flags.queue,
      jobs: Number(flags.jobs),
      profile: { sbatch: [] },
      stages: [{ name: "empty", after: [] }],
      isOpen: false,
      tasks: Array.from({ length: count }, (_, i) => ({ name: String(i), stage: 0, argv: ["--version"], outputs: [] })),
    });
    const started = performance.now();
    await doPlan(plan, silentReporter);
    const seconds = (performance.now() - started) / 1000 / count;
    const states = join(folder, "states");
    const ends = readdirSync(states)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(join(states, name), "utf8")))
      .filter(({ finishedAt }) => finishedAt !== undefined);
    const within = ends.reduce((sum, end) => sum + Date.parse(end.finishedAt) - Date.parse(end.startedAt), 0);
    console.log(
      `${flags.queue}, pass ${pass}: ${seconds.toFixed(2)} s a task, ${(within / 1000 / ends.length).toFixed(2)} s within it`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
