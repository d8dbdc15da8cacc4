/** Plans whose tasks come one by one: whoever has them done adds tasks, hands them out, as often as it takes, and looks. */
import { withLock } from "../system/lock.js";
import { type Reporter, silentReporter } from "../system/reporter.js";
import { LocalWork } from "./local.js";
import { appendTasks, type Plan, type PlannedTask, planLock, readPlan, type Task } from "./plan.js";
import { scancel } from "./slurm/commands.js";
import { lookInSlurm } from "./slurm/looking.js";
import { arraysOf, jobsOf, readSubmissions, submitToSlurm } from "./slurm/submitting.js";
import { isLive, type Standing } from "./standing.js";
import { Lookout, standingsOf } from "./watching.js";

/** What an open plan's tasks are given to. */
export interface Hands {
  /** The plan with the tasks that it has by now. */
  readonly plan: Plan;
  /** Adds tasks, which nobody does until they are given. @returns them with their numbers */
  add(tasks: readonly PlannedTask[]): Promise<Task[]>;
  /**
   * Has tasks done that are not at work, new ones or again; together where they can be, as one array of Slurm.
   *
   * @throws PickbenchError where the queue does not take them; then it may be called again
   */
  give(tasks: readonly Task[]): Promise<void>;
  /** Returns where tasks stand; undefined where the queue does not say it now. */
  standings(tasks: readonly Task[]): Promise<Standing[] | undefined>;
  /** Takes back what was given and has not begun. @throws PickbenchError where the queue does not do it */
  takeBack(): Promise<void>;
}

/** Time in ms between two looks at tasks that are waited for: in Slurm, and in processes here. */
export const betweenStandings = { slurm: 1000, local: 200 } as const;

/**
 * Has an open plan's tasks done while work goes on. Tasks in Slurm go on when it ends; processes here are waited for, and asked
 * to stop where the reporter's signal says so.
 *
 * @throws PickbenchError BadUsage where another process hands out the plan's tasks
 */
export const withHands = <T>(
  plan: Plan,
  reporter: Reporter,
  work: (hands: Hands) => Promise<T>,
): Promise<T> =>
  plan.settings.queue === "slurm" ? inSlurm(plan, reporter, work) : here(plan, reporter, work);

async function inSlurm<T>(given: Plan, reporter: Reporter, work: (hands: Hands) => Promise<T>): Promise<T> {
  let plan = given;
  const { folder } = plan;
  const lookout = new Lookout(folder, lookInSlurm, reporter);
  const locked = <R>(doing: () => Promise<R>): Promise<R> => withLock(planLock(folder), folder, doing);
  const submit = (tasks: readonly Task[]): Promise<void> =>
    locked(async () => {
      const standings = await standingsOf({ ...plan, tasks }, lookInSlurm);
      const live = new Set(standings.filter(isLive).map(({ id }) => id));
      const left = tasks.filter(({ id }) => !live.has(id)).sort((a, b) => a.id - b.id);
      await submitToSlurm(plan, left, new Set());
    });
  await submit([]);
  return work({
    get plan() {
      return plan;
    },
    add: (tasks) =>
      locked(async () => {
        const added = await appendTasks(plan, tasks);
        plan = await readPlan(folder);
        return added;
      }),
    async give(tasks) {
      await submit(tasks);
      lookout.askAnew();
    },
    async standings(tasks) {
      const found = await lookout.standings({ ...plan, tasks });
      return lookout.isSilent ? undefined : found;
    },
    async takeBack() {
      const live = (await standingsOf(plan, lookInSlurm)).filter(isLive);
      const jobs = jobsOf(await readSubmissions(folder));
      await scancel(arraysOf(live.map(({ id }) => jobs.get(id)!)), "PENDING");
      lookout.askAnew();
    },
  });
}

function here<T>(given: Plan, reporter: Reporter, work: (hands: Hands) => Promise<T>): Promise<T> {
  return withLock(planLock(given.folder), given.folder, async () => {
    let plan = given;
    const local = new LocalWork(plan, { ...silentReporter, signal: reporter.signal }, "given");
    const all = local.all();
    all.catch(() => undefined);
    try {
      return await work({
        get plan() {
          return plan;
        },
        async add(tasks) {
          const added = await appendTasks(plan, tasks);
          plan = { ...plan, tasks: [...plan.tasks, ...added] };
          return added;
        },
        give: async (tasks) => local.give(tasks),
        standings: (tasks) => local.standings(tasks),
        takeBack: async () => local.takeBack(),
      });
    } finally {
      local.close();
      await all;
    }
  });
}
