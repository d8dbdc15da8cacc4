/**
 * Reads and checks workflows. The room `workflow` runs steps, each a command of pickbench with inputs by the outputs of others,
 * as a graph: what is up to date is not done again.
 */
import { basename } from "node:path";
import { PickbenchError } from "../system/errors.js";
import { meantOrThere, suggestion } from "../system/nearest.js";
import { describeIssues, mistakesText } from "../system/schema/issues.js";
import { readYaml } from "../system/schema/yaml.js";
import {
  argumentFaults,
  argumentsOf,
  type CommandCatalogue,
  type CommandForm,
  noSteps,
  valueFault,
} from "./catalogue.js";
import { fieldFault } from "./fields.js";
import { partsOf, type Reference, referencesIn } from "./references.js";
import { type Field, type Step, type WorkflowContent, workflowSchema } from "./schema.js";

/** A workflow whose steps are known to be commands, with arguments that those take. */
export interface Workflow {
  /** Of its file, without its ending. */
  readonly name: string;
  /** What names it in messages: its file. */
  readonly origin: string;
  readonly description: string | undefined;
  readonly fields: ReadonlyMap<string, Field>;
  readonly steps: ReadonlyMap<string, Step>;
  /** By the commands' names. */
  readonly forms: ReadonlyMap<string, CommandForm>;
}

/** Where every key is explained, for the end of a message. */
export const reference = "docs/workflows.md explains every key";

/**
 * Reads a workflow; `origin` names it in messages, its path if absent.
 *
 * @throws PickbenchError BadUsage that names every mistake in it
 */
export async function readWorkflow(
  path: string,
  catalogue: CommandCatalogue,
  origin = path,
): Promise<Workflow> {
  const content = await readYaml(path, { file: "a workflow's YAML", reference }, origin);
  return checkWorkflow(content, origin, catalogue);
}

/**
 * Checks a workflow given as plain data; `origin` names it in errors, and it.
 *
 * @throws PickbenchError BadUsage that names every mistake in it
 */
export async function checkWorkflow(
  content: unknown,
  origin: string,
  catalogue: CommandCatalogue,
): Promise<Workflow> {
  const parsed = workflowSchema.safeParse(content);
  if (!parsed.success) {
    const issues = describeIssues(parsed.error.issues, content, workflowSchema);
    throw bad(origin, mistakesText(issues, reference), parsed.error);
  }
  const { description, fields, steps } = parsed.data;
  const forms = await formsOf(parsed.data, catalogue);
  const workflow: Workflow = {
    ...{ name: nameOf(origin), origin, description, forms },
    fields: new Map(Object.entries(fields)),
    steps: new Map(Object.entries(steps)),
  };
  const mistakes = [
    ...[...workflow.fields].flatMap(([name, field]) => fieldMistakes(name, field)),
    ...[...workflow.steps].flatMap(([name, step]) => stepMistakes(name, step, workflow, catalogue)),
  ];
  if (mistakes.length > 0) throw bad(origin, mistakesText(mistakes, reference));
  return workflow;
}

/** The name of a workflow, by its file's: fit for a folder's. */
export const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.[^.]*$/, "")
    .replace(/[^\w-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 60) || "workflow";

/** Makes an error that begins with the workflow's file. */
export const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadUsage", `${path}: ${what}`, { path, cause });

async function formsOf({ steps }: WorkflowContent, catalogue: CommandCatalogue) {
  const names = new Set(Object.values(steps).map(({ run }) => run));
  const known = [...names].filter((name) => catalogue.names.includes(name) && !noSteps.includes(name));
  return new Map(await Promise.all(known.map(async (name) => [name, await catalogue.form(name)] as const)));
}

function fieldMistakes(name: string, field: Field): string[] {
  const at = `fields.${name}`;
  if (name === "steps") return [`${at}: \${steps…} names steps; name the field otherwise`];
  if ((field.type === "choice") !== (field.choices !== undefined))
    return [
      field.choices
        ? `${at}.choices: only a choice has them, and this is a ${field.type}; leave them out`
        : `${at}.choices is missing, of which a choice is one; list them`,
    ];
  const fault = field.default === undefined ? undefined : fieldFault(field, field.default);
  return fault === undefined ? [] : [`${at}.default: ${fault}`];
}

function stepMistakes(name: string, step: Step, workflow: Workflow, catalogue: CommandCatalogue): string[] {
  const at = `steps.${name}`;
  const form = workflow.forms.get(step.run);
  const after = step.after.flatMap((each) =>
    workflow.steps.has(each) ? [] : [`${at}.after: ${noStep(each, workflow)}`],
  );
  const prints = step.prints === undefined ? [] : textMistakes(`${at}.prints`, step.prints, workflow);
  if (form === undefined) return [`${at}.run: ${noCommand(step.run, catalogue)}`, ...after, ...prints];
  const known = argumentsOf(form);
  const names = argumentFaults(step.run, form, Object.keys(step.with)).map((fault) => `${at}.with.${fault}`);
  const values = Object.entries(step.with).flatMap(([argument, value]) => {
    const place = `${at}.with.${argument}`;
    const texts = [value]
      .flat()
      .flatMap((each) => (typeof each === "string" ? textMistakes(place, each, workflow) : []));
    if (texts.length > 0 || !Object.hasOwn(known, argument) || referencesIn(value).length > 0) return texts;
    const fault = valueFault(known[argument]!, value);
    return fault === undefined ? [] : [`${place}: ${fault}`];
  });
  return [...names, ...values, ...prints, ...after, ...queueMistakes(name, step)];
}

/** Work that is handed out by its own command is not handed out as a whole. */
function queueMistakes(name: string, step: Step): string[] {
  const at = `steps.${name}`;
  if (step.with.detach === true)
    return [`${at}.with.detach: a step ends once its work is done; leave it out`];
  return step.queue && step.with.queue !== undefined
    ? [`${at}: queue: true and its own queue under with would hand its work out twice; leave one out`]
    : [];
}

function noCommand(name: string, { names }: CommandCatalogue): string {
  if (noSteps.includes(name)) return `${name} is no step of a workflow; leave it out`;
  const usable = names.filter((each) => !noSteps.includes(each));
  const [first] = name.split(" ");
  const meant =
    first !== name && usable.includes(first!)
      ? `; put ${JSON.stringify(name.slice(first!.length + 1))} under with`
      : "";
  return `there is no command ${JSON.stringify(name)}${suggestion(name, usable) || meant || "; pickbench help lists the commands"}`;
}

const noStep = (name: string, { steps }: Workflow): string =>
  `there is no step ${JSON.stringify(name)}${meantOrThere(name, [...steps.keys()])}`;

function textMistakes(at: string, text: string, workflow: Workflow): string[] {
  const parts = partsOf(text);
  if ("fault" in parts) return [`${at}: ${parts.fault}`];
  return parts.flatMap((part) => {
    const fault = typeof part === "string" ? undefined : referenceFault(part, workflow);
    return fault === undefined ? [] : [`${at}: ${fault}`];
  });
}

function referenceFault(part: Reference, workflow: Workflow): string | undefined {
  const { fields, steps, forms } = workflow;
  if (part.kind === "field") {
    if (fields.has(part.name)) return undefined;
    const meant = suggestion(part.name, [...fields.keys()]);
    return `there is no field ${JSON.stringify(part.name)}${meant || (steps.has(part.name) ? `; \${steps.${part.name}.out} names what a step writes` : "; add it under fields")}`;
  }
  const step = steps.get(part.step);
  if (step === undefined) return noStep(part.step, workflow);
  if (part.argument === "prints" || Object.hasOwn(step.with, part.argument)) return undefined;
  const form = forms.get(step.run);
  if (form === undefined || argumentsOf(form)[part.argument]?.default !== undefined) return undefined;
  return `steps.${part.step} gives no ${part.argument}${suggestion(part.argument, Object.keys(step.with)) || "; give it there"}`;
}
