/** `pickbench workflow show`: the steps as text and as a drawing. */
import { drawGraph } from "../../present/graphs/drawGraph.js";
import { graphText } from "../../present/graphs/graphText.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { givenFields, missingFields } from "../../workflow/fieldValues.js";
import { planWorkflow, type WorkflowPlan } from "../../workflow/plan.js";
import { type StepStanding, standingsOf, workflowGraph } from "../../workflow/standings.js";
import { readWorkflow } from "../../workflow/workflow.js";
import { report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";
import type { Asked } from "./workflowRun.js";

/** Shows a workflow: with all fields given, which steps are up to date; else the steps alone. */
export async function showAsked({
  path,
  catalogue,
  svg,
  overwrite,
  json,
  ...asked
}: Asked & { readonly svg: string | undefined }): Promise<void> {
  if (svg !== undefined) {
    await checkWritable("svg", svg, "file");
    await checkFree(svg, overwrite, "another --svg");
  }
  const workflow = await readWorkflow(path, catalogue, asked.shown);
  const fields = givenFields(workflow, asked.set ?? []);
  const missing = missingFields(workflow, fields).map(([name]) => name);
  const plan = await planWorkflow(workflow, { fields, catalogue, isDraft: missing.length > 0 });
  const { only, from, again, anyVersion: anyProgram } = asked;
  const standings =
    missing.length > 0 ? plain(plan) : await standingsOf(plan, { only, from, again, anyProgram });
  const graph = workflowGraph(standings);
  if (svg !== undefined) await writeWhole(svg, drawGraph(graph));
  const { name, description = null } = workflow;
  const steps = standings.map(({ step, state = null, why }) => ({
    ...{ name: step.name, state, why, command: step.argv, queue: step.queue },
    ...{ reads: step.reads, writes: step.writes, needs: step.needs },
  }));
  report(json, { name, description, missing, steps, svg: svg ?? null }, () =>
    [
      ...(description === null ? [] : [description, ""]),
      graphText(graph),
      ...(missing.length > 0
        ? [
            "",
            `fields without a value: ${missing.join(", ")}; with --set NAME=VALUE for each it is shown what is up to date`,
          ]
        : []),
      ...(svg === undefined ? [] : ["", `drawn in ${svg}`]),
    ].join("\n"),
  );
}

const plain = ({ steps }: WorkflowPlan): StepStanding[] =>
  steps.map((step) => ({ step, state: undefined, why: "" }));
