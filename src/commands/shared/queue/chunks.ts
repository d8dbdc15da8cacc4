/** Plans of work that goes run by run: some runs a task, and a last task that joins them. */
import { PickbenchError } from "../../../system/errors.js";
import { nameFault } from "../../../system/paths/names.js";
import type { Queue } from "./flags.js";
import { type Planned, planStages, type StageTasks } from "./stages.js";
import { ownArguments, taskArguments } from "./taskArguments.js";

/** Most tasks that are made where no --chunk is given. */
const mostTasks = 200;

interface More {
  readonly joining?: Readonly<Record<string, boolean>>;
  readonly add?: Readonly<Record<string, string | number>>;
}

/**
 * Plans a task for some runs each, and one that joins what they made.
 *
 * @param outputs files that the last one writes
 * @param more flags that the last one is not given, and what the others are given over the call's
 * @throws PickbenchError BadUsage for a run that --runs cannot name
 */
export function planChunks(
  { chunk, threads }: Queue,
  runs: readonly string[],
  outputs: readonly string[],
  { joining = {}, add = {} }: More = {},
): Planned {
  const unnamed = runs.find((run) => run.includes(",") || run.trim() !== run || nameFault(run) !== undefined);
  if (unnamed !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `the run ${JSON.stringify(unnamed)} cannot be named by --runs, by which tasks are told theirs; rename it`,
    );
  const size = chunk ?? Math.ceil(runs.length / mostTasks);
  const given = ownArguments();
  const tasks: StageTasks["tasks"][number][] = [];
  for (let from = 0; from < runs.length; from += size) {
    const own = runs.slice(from, from + size);
    const name = own.length === 1 ? own[0]! : `${own[0]} to ${own.at(-1)}`;
    const argv = taskArguments(given, {
      without: { json: true },
      add: { ...add, runs: own.join(","), part: true, threads },
    });
    tasks.push({ name, argv, outputs: [] });
  }
  const argv = taskArguments(given, { without: joining, add: { threads } });
  return planStages([
    { name: "runs", tasks },
    { name: "joining", tasks: [{ name: "joining", argv, outputs: [...outputs] }] },
  ]);
}
