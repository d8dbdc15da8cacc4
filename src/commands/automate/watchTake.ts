/** `pickbench watch --take`: the work on one tomogram, in this process. */
import { join } from "node:path";
import { busyCode, type Task, takeTask } from "../../watch/task.js";
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import { groupExecutor } from "../../workflow/executor.js";
import { type FieldValues, givenFields } from "../../workflow/fieldValues.js";
import { runWorkflow } from "../../workflow/run.js";
import { readWorkflow, type Workflow } from "../../workflow/workflow.js";
import { terminalReporter } from "../shared/terminal.js";
import { throwUnlessDone } from "./workflowRun.js";

/** Fields that a watcher gives. */
export const ownFields = ["run", "tomogram", "data", "out"] as const;

/** What the fields of a tomogram's workflow are made of. */
export type FieldTask = Pick<Task, (typeof ownFields)[number] | "fields">;

/** Does the work on the tomogram whose folder is named; ends with code 75 where another process does it. */
export async function takeAsked(folder: string, catalogue: CommandCatalogue): Promise<void> {
  const taken = await takeTask(folder, async (task) => {
    const workflow = await readWorkflow(task.workflow, catalogue);
    const result = await runWorkflow(workflow, {
      ...{ fields: fieldsFor(workflow, task), catalogue, executor: groupExecutor },
      ...{ logs: join(folder, "workflow-logs"), reporter: terminalReporter({ quiet: true }) },
    });
    throwUnlessDone(workflow, result);
    return { done: result.done.map(({ name }) => name), skipped: [...result.skipped] };
  });
  if (taken === "busy") process.exitCode = busyCode;
}

/** The values of a workflow's fields for one tomogram; what it has no fields for is left out. @throws PickbenchError BadUsage that names what does not fit */
export function fieldsFor(workflow: Workflow, task: FieldTask): FieldValues {
  const own = ownFields.filter((name) => workflow.fields.has(name));
  return givenFields(workflow, [
    ...own.map((name) => `${name}=${task[name]}`),
    ...Object.entries(task.fields).flatMap(([name, value]) =>
      workflow.fields.has(name) ? [`${name}=${value}`] : [],
    ),
  ]);
}
