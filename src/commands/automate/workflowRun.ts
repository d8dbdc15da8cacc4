/** `pickbench workflow run`. */
import { duration } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import { localExecutor } from "../../workflow/executor.js";
import { typed } from "../../workflow/fields.js";
import { type FieldValues, givenFields, missingFields } from "../../workflow/fieldValues.js";
import { planWorkflow, type WorkflowPlan } from "../../workflow/plan.js";
import { type Choice, runWorkflow, type WorkflowResult } from "../../workflow/run.js";
import { standingsOf } from "../../workflow/standings.js";
import type { StepQueueSettings } from "../../workflow/stepQueue.js";
import { readWorkflow, type Workflow } from "../../workflow/workflow.js";
import { ask, canAsk } from "../shared/ask.js";
import { report } from "../shared/command.js";
import { checkWhole } from "../shared/flags.js";
import { type QueueArguments, queueAsked } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** What `run` and `show` are given. */
export interface Asked {
  /** Absolute path of the workflow. */
  readonly path: string;
  /** The path as it was given. */
  readonly shown: string;
  readonly catalogue: CommandCatalogue;
  readonly set: readonly string[] | undefined;
  readonly only: readonly string[] | undefined;
  readonly from: readonly string[] | undefined;
  readonly again: readonly string[] | undefined;
  readonly anyVersion: boolean;
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
}

interface RunAsked extends Asked {
  readonly jobs: number | undefined;
  /** Flags of `withStepFlags`. */
  readonly queued: QueueArguments;
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

/** Runs a workflow, or says what would be done. */
export async function runAsked(asked: RunAsked): Promise<void> {
  checkWhole("jobs", asked.jobs, 1);
  const { catalogue, only, from, again, jobs = 2, overwrite, anyVersion: anyProgram, json } = asked;
  const workflow = await readWorkflow(asked.path, catalogue, asked.shown);
  const fields = await askedFields(workflow, givenFields(workflow, asked.set ?? []));
  const queue = await stepQueueAsked(asked.queued, asked.jobs);
  const choice = { only, from, again, anyProgram };
  if (asked.dryRun) return dryRun(await planWorkflow(workflow, { fields, catalogue }), choice, json);
  const isQuiet = asked.quiet || json === true;
  const reporter = terminalReporter({ quiet: isQuiet });
  const asking = [...workflow.steps].filter((each) => each[1].queue).map(([name]) => name);
  if (asking.length > 0 && queue === undefined)
    reporter.note(
      `done here, though a queue is asked for: ${asking.join(", ")}; --queue slurm or --queue local hands that out`,
    );
  const settings = {
    ...choice,
    fields,
    catalogue,
    jobs,
    queue,
    overwrite,
    executor: localExecutor,
    reporter,
    isQuiet,
  };
  const result = await runWorkflow(workflow, settings);
  report(json, result, () => resultText(result));
  throwUnlessDone(workflow, result);
}

/** Returns where steps are handed out; undefined where they are not. @throws PickbenchError BadUsage as `queueAsked` */
async function stepQueueAsked(
  given: QueueArguments,
  jobs: number | undefined,
): Promise<StepQueueSettings | undefined> {
  const asked = await queueAsked(given);
  if (asked === undefined) return undefined;
  return {
    queue: asked.queue,
    profile: asked.profile,
    jobs: jobs ?? (asked.queue === "local" ? 2 : undefined),
  };
}

async function dryRun(plan: WorkflowPlan, choice: Choice, json: boolean | undefined): Promise<void> {
  const found = await standingsOf(plan, choice);
  const steps = found.map(({ step, state = null, why }) => ({
    name: step.name,
    state,
    why,
    command: step.argv,
  }));
  const words = { current: "up to date", stale: "to be done", waiting: "perhaps to be done" };
  report(json, { steps }, () =>
    found
      .map(
        ({ step, state, why }) =>
          `${step.name}: ${state ? words[state] : why}${state && state !== "current" ? `, ${why}` : ""}`,
      )
      .join("\n"),
  );
}

/** Asks for the fields that have no value, where someone can be asked. */
async function askedFields(workflow: Workflow, given: FieldValues): Promise<FieldValues> {
  const missing = missingFields(workflow, given);
  if (missing.length === 0 || !canAsk()) return given;
  const questions = missing.map(([name, { type, describe, choices }]) => {
    const kind = choices ? choices.join(", ") : type;
    return [name, { text: `${name} (${[kind, describe].filter(Boolean).join(": ")})`, default: "" }] as const;
  });
  const answers = await ask(Object.fromEntries(questions));
  const told = Object.entries(answers).filter(([, text]) => text !== "");
  return {
    ...given,
    ...Object.fromEntries(told.map(([name, text]) => [name, typed(workflow.fields.get(name)!, text)])),
  };
}

function resultText({ done, skipped, failed, left, stopped }: WorkflowResult): string {
  const lines = [
    ...done.map(({ name, seconds, why }) => `${name}: done in ${duration(seconds)} (${why})`),
    ...(skipped.length > 0 ? [`up to date: ${skipped.join(", ")}`] : []),
    ...failed.map(({ name }) => `${name}: failed`),
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(", ")}`] : []),
    ...(left.length > 0 ? [`not begun: ${left.join(", ")}`] : []),
  ];
  return lines.join("\n");
}

/** @throws PickbenchError System where a step failed, Stopped where the user stopped it */
export function throwUnlessDone(
  { origin }: Workflow,
  { done, skipped, failed, left, stopped }: WorkflowResult,
): void {
  const [first, ...others] = failed;
  if (first !== undefined)
    throw new PickbenchError(
      "System",
      `${origin}: the step ${first.name} failed${others.length > 0 ? `, and ${others.map(({ name }) => name).join(", ")}` : ""}: ${first.message.replace(/[.;]$/, "")}; its log is ${first.log}, and the same command goes on from there`,
      { path: first.log },
    );
  if (stopped.length + left.length === 0) return;
  const ready = done.length + skipped.length;
  throw new PickbenchError(
    "Stopped",
    `stopped with ${ready} of ${ready + stopped.length + left.length} steps done; the same command goes on from there`,
  );
}
