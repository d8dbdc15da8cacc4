/** Plans a workflow: its steps as command lines, with what each reads and writes, in the order of what they need. */
import { join, resolve } from "node:path";
import { type Named, placesOf } from "../makings/making.js";
import { isThere } from "../system/paths/replacing.js";
import { isWithin } from "../system/paths/within.js";
import { mistakesText } from "../system/schema/issues.js";
import { argumentsOf, type CommandCatalogue, commandLine, textsOf, valueFault } from "./catalogue.js";
import { type FieldValues, fieldValues, missingFields } from "./fieldValues.js";
import { inOrder, type Need } from "./order.js";
import { filled, type Reference, referencesIn, type Value } from "./references.js";
import type { Step } from "./schema.js";
import { bad, reference, type Workflow } from "./workflow.js";

/** A step with everything filled in. Paths are relative to the working folder, or absolute. */
export interface PlannedStep {
  readonly name: string;
  readonly describe: string | undefined;
  /** Command line without the program's name. */
  readonly argv: readonly string[];
  readonly reads: readonly Named[];
  /** The runs that it is asked for, as they were given. */
  readonly runs: string | undefined;
  /** What its command writes and, where that is told apart, what it prints. */
  readonly writes: readonly Named[];
  /** File for what it prints. */
  readonly prints: string;
  /** Whether what it prints is an output, and not only a log. */
  readonly isPrinted: boolean;
  /** Steps that must have ended well before. */
  readonly needs: readonly Need[];
  /** Whether it asks to be handed to a queue. */
  readonly queue: boolean;
  /** Whether its command hands out its work itself, by its own `--queue`. */
  readonly queuesItself: boolean;
  /** Whether its command takes `--overwrite`. */
  readonly canOverwrite: boolean;
}

/** A workflow that can be run: its steps, none before what it needs. */
export interface WorkflowPlan {
  readonly workflow: Workflow;
  /** Folder of its logs and its lock. */
  readonly logs: string;
  readonly steps: readonly PlannedStep[];
}

/** What a plan is made with. */
export interface Planning {
  readonly fields: FieldValues;
  readonly catalogue: CommandCatalogue;
  /** Folder of logs; `workflow-logs/NAME` if absent. */
  readonly logs?: string | undefined;
  /** Whether it is only to be looked at: fields without a value get a word for one, and inputs need not be there. */
  readonly isDraft?: boolean | undefined;
}

/**
 * Fills in the fields, and finds out what each step reads, writes and needs.
 *
 * @throws PickbenchError BadUsage that names every mistake: values that do not fit, inputs that are neither there nor made by a
 * step, outputs outside of the working folder or of two steps, steps that need each other in a circle
 */
export async function planWorkflow(workflow: Workflow, planning: Planning): Promise<WorkflowPlan> {
  const { catalogue, logs = join("workflow-logs", workflow.name), isDraft = false } = planning;
  const given = isDraft ? { ...wordsFor(workflow), ...planning.fields } : planning.fields;
  const fields = fieldValues(workflow, given);
  const filling = new Filling(workflow, fields, logs);
  const drafts = [...workflow.steps].map(([name, step]) => filling.draft(name, step));
  throwAny(workflow, filling.mistakes);
  const places = placeMistakes(drafts, rootsGiven(workflow, given));
  const needs = new Map(drafts.map((draft) => [draft.name, needsOf(draft, drafts)]));
  const { order, circle } = inOrder(needs);
  throwAny(workflow, [
    ...places,
    ...(circle === undefined ? [] : [circle]),
    ...(isDraft ? [] : await missingInputs(drafts, catalogue)),
  ]);
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  const steps = order.map((name) => ({ ...byName.get(name)!.step, needs: needs.get(name)! }));
  return { workflow, logs, steps };
}

/** Words for the values of fields that have no default. */
const wordsFor = (workflow: Workflow): FieldValues =>
  Object.fromEntries(
    missingFields(workflow, {}).map(([name, { type, choices = [] }]) => {
      if (type === "number") return [name, 1];
      if (type === "boolean") return [name, true];
      return [name, choices[0] ?? `<${name}>`];
    }),
  );

function throwAny({ origin }: Workflow, mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw bad(origin, mistakesText(mistakes, reference));
}

interface Draft {
  readonly name: string;
  readonly command: string;
  readonly step: Omit<PlannedStep, "needs">;
  /** Steps that it names, and by what. */
  readonly named: readonly Need[];
}

/** Fills in references; what cannot be is noted. */
class Filling {
  readonly mistakes: string[] = [];
  readonly #values = new Map<string, ReadonlyMap<string, Value> | undefined>();
  readonly #workflow: Workflow;
  readonly #fields: ReadonlyMap<string, Value>;
  readonly #logs: string;

  constructor(workflow: Workflow, fields: ReadonlyMap<string, Value>, logs: string) {
    this.#workflow = workflow;
    this.#fields = fields;
    this.#logs = logs;
  }

  draft(name: string, step: Step): Draft {
    const form = this.#workflow.forms.get(step.run)!;
    const all = this.#valuesOf(name) ?? new Map<string, Value>();
    const prints = String(all.get("prints") ?? join(this.#logs, `${name}.out`));
    const values = new Map([...all].filter(([argument]) => argument !== "prints"));
    const isGiven = (argument: string) =>
      values.has(argument) || argumentsOf(form)[argument]?.default !== undefined;
    const named = (arguments_: readonly string[]): Named[] =>
      arguments_.flatMap((option) =>
        textsOf(values.get(option) ?? defaultText(argumentsOf(form)[option]?.default)).map((path) => ({
          option,
          path,
        })),
      );
    const written = named(form.writes);
    if (form.writesUnasked && form.writes.length > 0 && written.length === 0 && step.prints === undefined)
      this.mistakes.push(
        `steps.${name}: give ${form.writes.join(" or ")}, so that it is known what it writes; or prints, if it only prints`,
      );
    const isPrinted = step.prints !== undefined || written.length === 0;
    const writes = isPrinted ? [...written, { option: "prints", path: prints }] : written;
    const references = Object.values(step.with)
      .concat(step.prints ?? [])
      .flatMap((value) => referencesIn(value));
    const needs = references.flatMap((each) =>
      each.kind === "step"
        ? [{ step: each.step, why: `it names \${steps.${each.step}.${each.argument}}` }]
        : [],
    );
    return {
      ...{ name, command: step.run },
      named: [...needs, ...step.after.map((each) => ({ step: each, why: "it is to come after it" }))],
      step: {
        ...{ name, describe: step.describe, queue: step.queue, prints, isPrinted, writes },
        argv: commandLine(step.run, form, values),
        reads: named(form.reads.filter(isGiven)),
        runs: form.selects === undefined ? undefined : textsOf(values.get(form.selects) ?? []).join(","),
        queuesItself: values.has("queue"),
        canOverwrite: Object.hasOwn(form.options, "overwrite"),
      },
    };
  }

  /** The values of a step's arguments; undefined within a circle of references, which is found elsewhere. */
  #valuesOf(name: string): ReadonlyMap<string, Value> | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    this.#values.set(name, undefined);
    const step = this.#workflow.steps.get(name)!;
    const form = this.#workflow.forms.get(step.run)!;
    const prints = step.prints === undefined ? [] : [["prints", step.prints] as const];
    const values = new Map<string, Value>();
    for (const [argument, value] of [...Object.entries(step.with), ...prints]) {
      const found = filled(value, (each) => this.#lookup(each));
      const at = argument === "prints" ? `steps.${name}.prints` : `steps.${name}.with.${argument}`;
      const fault =
        found === undefined
          ? undefined
          : valueFault(argument === "prints" ? {} : argumentsOf(form)[argument]!, found);
      if (fault !== undefined) this.mistakes.push(`${at}: ${fault}`);
      else if (found !== undefined) values.set(argument, found);
    }
    this.#values.set(name, values);
    return values;
  }

  #lookup(part: Reference): Value | undefined {
    if (part.kind === "field") return this.#fields.get(part.name);
    const { run, prints } = this.#workflow.steps.get(part.step)!;
    if (part.argument === "prints" && prints === undefined) return join(this.#logs, `${part.step}.out`);
    const fallback = argumentsOf(this.#workflow.forms.get(run)!)[part.argument]?.default;
    return this.#valuesOf(part.step)?.get(part.argument) ?? defaultText(fallback)[0];
  }
}

const defaultText = (fallback: unknown): readonly string[] =>
  fallback === undefined ? [] : [String(fallback)];

/** Folders outside of the working folder in which steps may write, for the user named them. */
const rootsGiven = ({ fields }: Workflow, given: FieldValues): string[] =>
  [...fields].flatMap(([name, { type }]) =>
    type === "path" && given[name] !== undefined ? [String(given[name])] : [],
  );

function placeMistakes(drafts: readonly Draft[], roots: readonly string[]): string[] {
  const all = drafts.flatMap(({ name, step }) => step.writes.map((write) => ({ name, step, ...write })));
  const alone = all.flatMap(({ name, step, option, path }) => {
    const at = `steps.${name}: ${option} ${path}`;
    if (resolve(path) === resolve(".")) return [`${at} is the working folder itself; name a folder in it`];
    if (![".", ...roots].some((root) => isWithin(path, root)))
      return [
        `${at} lies outside of the working folder; name a place in it, or let a field of type path give it`,
      ];
    const read = step.reads.find((each) => placesOf(each.path).some((place) => isWithin(place, path)));
    return read ? [`${at} would replace what it reads, ${read.path}; name another place`] : [];
  });
  const shared = all.flatMap((one, at) =>
    all
      .slice(at + 1)
      .flatMap((other) =>
        other.name !== one.name && (isWithin(one.path, other.path) || isWithin(other.path, one.path))
          ? [
              resolve(one.path) === resolve(other.path)
                ? `the steps ${one.name} and ${other.name} both write ${one.path}; let one write elsewhere`
                : `the step ${one.name} writes ${one.path} and ${other.name} writes ${other.path}, one within the other; let one write elsewhere`,
            ]
          : [],
      ),
  );
  return [...alone, ...shared];
}

/** What a step needs: steps that it names, and those that write what it reads, or in it. */
function needsOf({ name, step, named }: Draft, drafts: readonly Draft[]): Need[] {
  const others = drafts.filter((each) => each.name !== name);
  const byPaths = others.flatMap((other) =>
    step.reads.flatMap(({ path }) => {
      const written = other.step.writes.find((write) => meets(path, write.path));
      return written
        ? [{ step: other.name, why: `it reads ${path}, and ${other.name} writes ${written.path}` }]
        : [];
    }),
  );
  return [...new Map([...byPaths, ...named].map((need) => [need.step, need])).values()];
}

const meets = (read: string, written: string): boolean =>
  placesOf(read).some((place) => isWithin(place, written) || isWithin(written, place));

async function missingInputs(drafts: readonly Draft[], catalogue: CommandCatalogue): Promise<string[]> {
  const missing = drafts.flatMap(({ name, command, step }) =>
    step.reads.map(async ({ option, path }) => {
      const places = placesOf(path);
      const isMade = drafts.some(
        (other) => other.name !== name && other.step.writes.some((write) => meets(path, write.path)),
      );
      if (isMade || places.length === 0 || (await Promise.all(places.map(isThere))).includes(true)) return [];
      if (await catalogue.isName(command, option, path)) return [];
      return [`steps.${name}: its ${option} ${path} is not there, and no step makes it; mend the path`];
    }),
  );
  return (await Promise.all(missing)).flat();
}
