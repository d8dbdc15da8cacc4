/** Where the plans of queues stand, as `pickbench queue status` says it, for a page. */

import { logFile, type Plan, readPlan } from "../../queue/plan.js";
import { planStandings } from "../../queue/queue.js";
import { countsOf, type Standing, type Status, statuses } from "../../queue/standing.js";
import { wallClock } from "../../system/clock.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readEnd } from "../../system/paths/opening.js";
import type { FoundPlan } from "./found.js";

/** A plan as a table shows it. */
export interface PlanStatus {
  readonly id: string;
  readonly name: string;
  /** What cannot be read or asked, in a sentence. */
  readonly why: string | null;
  readonly command: string | null;
  readonly queue: string | null;
  readonly tasks: number;
  /** Counts by stage and by where tasks stand. */
  readonly stages: readonly { readonly name: string; readonly counts: Partial<Record<Status, number>> }[];
  /** Tasks that are neither done nor open, the ones that went wrong first; not more than are read. */
  readonly told: readonly Standing[];
}

const mostTold = 200;
/** Time in ms for which what Slurm said is not asked again. */
const fresh = 5000;
/** Bytes of the end of a task's log that are shown. */
const tail = 2 ** 16;

export class Plans {
  readonly #kept = new Map<string, { readonly at: number; readonly status: Promise<PlanStatus> }>();

  /** Reads where plans stand. Never throws: what is damaged is said in `why`. */
  all(found: readonly FoundPlan[]): Promise<PlanStatus[]> {
    return Promise.all(found.map((each) => this.#status(each)));
  }

  /**
   * Reads the end of what a task says.
   *
   * @throws PickbenchError BadUsage for a plan or a task that is not there
   */
  async log(found: readonly FoundPlan[], id: string, task: number): Promise<string> {
    const meant = found.find((plan) => plan.id === id);
    const plan = meant && (await readPlan(meant.path));
    if (plan?.tasks[task] === undefined)
      throw new PickbenchError("BadUsage", `there is no task ${task} of plan ${id}; load the page again`);
    return readEnd(logFile(plan.folder, task), tail).then(
      (text) => text.toString("utf8"),
      () => "",
    );
  }

  #status(found: FoundPlan): Promise<PlanStatus> {
    const now = wallClock();
    const known = this.#kept.get(found.id);
    if (known && now - known.at < fresh) return known.status;
    const status = statusOf(found);
    this.#kept.set(found.id, { at: now, status });
    return status;
  }
}

async function statusOf({ id, name, path }: FoundPlan): Promise<PlanStatus> {
  const base = { id, name, why: null, command: null, queue: null, tasks: 0, stages: [], told: [] };
  let plan: Plan | undefined;
  try {
    plan = await readPlan(path);
    const standings = await planStandings(plan);
    return { ...base, ...factsOf(plan), ...standing(plan, standings) };
  } catch (error) {
    return { ...base, ...(plan && factsOf(plan)), why: messageOf(error) };
  }
}

const factsOf = ({ settings, tasks }: Plan) => ({
  command: settings.command,
  queue: settings.queue,
  tasks: tasks.length,
});

function standing({ settings }: Plan, standings: readonly Standing[]) {
  const urgency = (status: Status): number => statuses.toReversed().indexOf(status);
  return {
    stages: settings.stages.map(({ name }) => ({
      name,
      counts: countsOf(standings.filter(({ stage }) => stage === name)),
    })),
    told: standings
      .filter(({ status }) => status !== "done" && status !== "open")
      .sort((a, b) => urgency(a.status) - urgency(b.status) || a.id - b.id)
      .slice(0, mostTold),
  };
}
