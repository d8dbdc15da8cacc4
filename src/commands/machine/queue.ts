/** pickbench queue: where the tasks of a plan stand, what they say, ending them and going on with them. */
import { alignedTable, plural, seconds, wordTable } from "../../present/text.js";
import { logFile, outputFile, type Plan, readPlan, writeSettings } from "../../queue/plan.js";
import { cancelPlan, detachPlan, planStandings } from "../../queue/queue.js";
import { endlessReason } from "../../queue/slurm/looking.js";
import { countsOf, isLive, type Standing, type Status, statuses, wentWrong } from "../../queue/standing.js";
import { wallClock } from "../../system/clock.js";
import { PickbenchError } from "../../system/errors.js";
import { shellWord } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWhole, quietOption } from "../shared/flags.js";
import { finishPlan } from "../shared/queue/doing.js";
import {
  devicesAsked,
  profileAsked,
  type QueueArguments,
  queueFlagIn,
  withQueueFlags,
} from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";

const actions = ["status", "log", "cancel", "resume"] as const;

/** `pickbench queue`: looks after the tasks of a plan. */
export const command = defineCommand({
  usage: "<action> <plan>",
  options: (argv) =>
    withQueueFlags(
      argv
        .positional("action", {
          choices: actions,
          demandOption: true,
          describe:
            "status: where each task stands; log: what tasks say; cancel: ends what waits or runs; resume: does again what did not end well",
        })
        .positional("plan", {
          type: "string",
          demandOption: true,
          describe: "the plan's folder, as a command with --queue prints it",
        }),
    )
      .option("task", {
        type: "string",
        describe: "with log: a task's number or name; those that failed if absent",
      })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 queue status submission.csv.queue", "how many tasks are done, and where the others stand")
      .example("$0 queue log submission.csv.queue --task 3", "all that one task said")
      .example("$0 queue cancel submission.csv.queue", "ends all of it; what runs stops where it can go on")
      .example(
        "$0 queue resume submission.csv.queue --time 8:00:00",
        "does what did not end well, with more time each",
      ),
  run: async ({ action, plan: path, task, quiet, json, ...flags }) => {
    if (task !== undefined && action !== "log")
      throw new PickbenchError("BadUsage", "--task is of queue log; leave it out");
    const plan = await readPlan(path);
    const reporter = terminalReporter({ quiet });
    if (action === "resume") {
      const settings = await settingsOf(plan, flags);
      await writeSettings(plan.folder, settings);
      if (!flags.detach) return finishPlan({ ...plan, settings }, reporter);
      await detachPlan({ ...plan, settings });
      return report(json, { plan: plan.folder }, () => `goes on: ${plan.folder}`);
    }
    checkNoFlags(flags, action);
    if (action === "status") {
      const standings = await planStandings(plan);
      const { command, queue } = plan.settings;
      return report(
        json,
        { plan: plan.folder, command, queue, counts: countsOf(standings), tasks: standings },
        () => statusText(plan, standings),
      );
    }
    if (action === "cancel") {
      const cancelled = await cancelPlan(plan);
      return report(json, { plan: plan.folder, cancelled }, () =>
        cancelled === 0
          ? "no task waits or runs"
          : `${plural(cancelled, "task")} cancelled; pickbench queue resume ${shellWord(plan.folder)} goes on with them`,
      );
    }
    const logs = await logsOf(plan, task);
    report(json, { plan: plan.folder, tasks: logs }, () => logs.map(logText).join("\n\n"));
  },
});

/** What a resumed plan is done by: as before, but for the flags that are given. */
async function settingsOf(plan: Plan, flags: QueueArguments): Promise<Plan["settings"]> {
  const { settings } = plan;
  checkWhole("jobs", flags.jobs, 1);
  const { queue = settings.queue, jobs = settings.jobs } = flags;
  if (queue !== settings.queue) await checkOver(plan);
  const profile = await profileAsked(flags, settings.profile);
  const { devices: given, ...before } = settings;
  const asked = await devicesAsked({ devices: flags.devices, queue });
  const devices = queue === "local" ? (asked ?? given) : undefined;
  const most = asked === undefined || flags.jobs !== undefined ? jobs : asked.length;
  return {
    ...before,
    ...(devices && { devices }),
    ...{ queue, profile, jobs: most ?? (queue === "local" ? (devices?.length ?? 1) : null) },
  };
}

/** @throws BadUsage where tasks wait or run in the queue that they were given to */
async function checkOver(plan: Plan): Promise<void> {
  const live = (await planStandings(plan)).filter(isLive);
  if (live.length === 0) return;
  throw new PickbenchError(
    "BadUsage",
    `${plan.folder}: ${plural(live.length, "task")} still in the queue of ${plan.settings.queue}; cancel them first, or leave --queue out`,
    { path: plan.folder },
  );
}

function checkNoFlags(flags: QueueArguments, action: string): void {
  const stray = queueFlagIn(flags);
  if (stray === undefined) return;
  throw new PickbenchError("BadUsage", `--${stray} is of queue resume, not of queue ${action}; leave it out`);
}

/** Counts by stage, then every task that is neither done nor waiting for its turn. */
function statusText({ settings, folder }: Plan, standings: readonly Standing[]): string {
  const stages = settings.stages.map(({ name }) => name);
  const shown = statuses.filter((word) => standings.some(({ status }) => status === word));
  const rows = stages.map((stage) => {
    const counts = countsOf(standings.filter((each) => each.stage === stage));
    return [stage, ...shown.map((word) => String(counts[word] ?? 0))];
  });
  const told = standings.filter(({ status }) => status !== "done" && status !== "open");
  const lines = told.slice(0, mostShown).map(taskRow);
  const more = told.length > mostShown ? [`and ${told.length - mostShown} more; --json has all`] : [];
  return [
    `${settings.command}, ${settings.queue}: ${folder}`,
    alignedTable([["stage", ...shown], ...rows]),
    ...(lines.length > 0
      ? [wordTable([["task", "name", "status", "attempts", "job", "what"], ...lines])]
      : []),
    ...more,
  ].join("\n");
}

const mostShown = 30;

function taskRow({ id, name, status, attempts, job, reason, message, startedAt, host }: Standing): string[] {
  const since =
    startedAt === null ? "" : `for ${seconds((wallClock() - Date.parse(startedAt)) / 1000)} on ${host}`;
  const meaning = reason === null ? undefined : endlessReason(reason);
  const waits = reason === null ? "" : `${reason}${meaning === undefined ? "" : `: ${meaning}`}`;
  const what = message ?? (status === "running" ? since : waits);
  return [String(id), name, status, String(attempts), job ?? "", what];
}

interface TaskLog {
  readonly task: number;
  readonly name: string;
  readonly status: Status;
  /** What it said on standard error, in all attempts, and on standard output in the last. */
  readonly log: string;
  readonly output: string;
}

/** @param asked number or name of a task; those that went wrong if absent */
async function logsOf(plan: Plan, asked: string | undefined): Promise<TaskLog[]> {
  const standings = await planStandings(plan);
  const meant = standings.filter((each) =>
    asked === undefined ? wentWrong(each) : String(each.id) === asked || each.name === asked,
  );
  if (meant.length === 0)
    throw new PickbenchError(
      "BadUsage",
      asked === undefined
        ? `${plan.folder}: no task has failed; name one with --task`
        : `${plan.folder}: there is no task ${JSON.stringify(asked)}; pickbench queue status --json lists all ${standings.length}`,
    );
  const textOf = async (file: string): Promise<string> => (await readIfThere(file))?.toString() ?? "";
  return Promise.all(
    meant.map(async ({ id, name, status }) => ({
      ...{ task: id, name, status, log: await textOf(logFile(plan.folder, id)) },
      output: await textOf(outputFile(plan.folder, id)),
    })),
  );
}

const logText = ({ task, name, status, log, output }: TaskLog): string =>
  [`task ${task}, ${name}, ${status}`, log.trimEnd(), output.trimEnd()]
    .filter((text) => text !== "")
    .join("\n");
