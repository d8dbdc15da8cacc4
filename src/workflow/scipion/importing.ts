/** Makes a workflow of Scipion's: protocols that are steps here become steps; what the others make becomes fields. */
import { stringify } from "yaml";
import { printableLine } from "../../present/printable.js";
import { thousands } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { isNumber } from "../catalogue.js";
import { type Field, mostSteps, type Scalar } from "../schema.js";
import { type Asking, type Rule, rules } from "./mapping.js";
import {
  type OutputName,
  outputsIn,
  type Parameter,
  type Protocol,
  type ScipionWorkflow,
  templateFieldIn,
} from "./project.js";

/** What came of a workflow of Scipion. */
export interface Imported {
  readonly yaml: string;
  /** Names of the steps, and the protocols they come from. */
  readonly steps: readonly { readonly name: string; readonly protocol: string }[];
  /** Protocols without a step, and why, a sentence each. */
  readonly leftOut: readonly string[];
  /** Parameters that steps do not take over, a sentence each. */
  readonly notes: readonly string[];
  /** How many protocols there were: those that bring something in from outside are neither steps nor left out. */
  readonly protocols: number;
}

/** A step as it stands in the YAML. */
type StepContent = {
  readonly run: string;
  readonly describe: string;
  with: Record<string, Scalar | Scalar[]>;
  after?: string[];
  queue?: true;
};

/**
 * Makes a workflow of the protocols that have a counterpart.
 *
 * @throws PickbenchError BadUsage where none has
 */
export function imported(path: string, workflow: ScipionWorkflow): Imported {
  checkCount(path, workflow);
  const importing = new Importing(workflow);
  for (const protocol of workflow.protocols) importing.step(protocol);
  const { steps, fields, notes } = importing;
  const leftOut = workflow.protocols.filter((each) => !importing.isMapped(each)).map(why);
  if (steps.size === 0)
    throw new PickbenchError(
      "BadUsage",
      `${path}: none of its ${workflow.protocols.length} protocols is a step of pickbench (${[...new Set(workflow.protocols.map(({ className }) => className))].slice(0, 12).join(", ")}); there is nothing to import`,
      { path },
    );
  const all = [...notes];
  for (const protocol of workflow.protocols)
    if (importing.isMapped(protocol)) all.push(...importing.unread(protocol));
  const content = {
    description:
      workflow.description ||
      `picking steps of a workflow of Scipion with ${workflow.protocols.length} protocols`,
    ...(fields.size > 0 ? { fields: Object.fromEntries(fields) } : {}),
    steps: Object.fromEntries([...steps.values()].map(({ name, content: step }) => [name, step])),
  };
  const comments = [
    "Made of a workflow of Scipion.",
    ...(leftOut.length > 0
      ? ["Protocols that are no steps here; what they make is asked for as fields where a step needs it:"]
      : []),
    ...leftOut.map((line) => `  ${line}`),
    ...(all.length > 0 ? ["Settings that were not taken over:"] : []),
    ...all.map((line) => `  ${line}`),
  ];
  const yaml = `${comments.map((line) => `# ${printableLine(line)}\n`).join("")}\n${stringify(content, { lineWidth: 110 })}`;
  const named = [...steps].map(([id, { name }]) => ({ name, protocol: importing.shown(id) }));
  return { yaml, steps: named, leftOut, notes: all, protocols: workflow.protocols.length };
}

/** @throws PickbenchError BadUsage where there would be more steps than a workflow may have */
function checkCount(path: string, { protocols }: ScipionWorkflow): void {
  const steps = protocols.filter(({ className }) => ruleFor(className)?.kind === "step").length;
  if (steps > mostSteps)
    throw new PickbenchError(
      "BadUsage",
      `${path}: ${thousands(steps)} of its protocols would be steps, wanted at most ${thousands(mostSteps)}; export a part of them`,
      { path },
    );
}

const ruleFor = (className: string): Rule | undefined =>
  Object.hasOwn(rules, className) ? rules[className] : undefined;

const why = ({ className, id, label }: Protocol): string => `${id} ${label} (${className})`;

class Importing {
  readonly fields = new Map<string, Field>();
  readonly notes: string[] = [];
  readonly steps = new Map<string, { readonly name: string; readonly content: StepContent }>();
  readonly #protocols: ReadonlyMap<string, Protocol>;
  readonly #names = new Set<string>();
  readonly #read = new Map<string, Set<string>>();

  constructor({ protocols }: ScipionWorkflow) {
    this.#protocols = new Map(protocols.map((each) => [each.id, each]));
  }

  isMapped = ({ className }: Protocol): boolean => ruleFor(className) !== undefined;
  shown = (id: string): string => why(this.#protocols.get(id)!);

  /** Makes the step of a protocol, once. @returns its name; undefined where it has none */
  step(protocol: Protocol): string | undefined {
    const known = this.steps.get(protocol.id);
    if (known !== undefined) return known.name;
    const rule = ruleFor(protocol.className);
    if (rule?.kind !== "step") return undefined;
    const name = this.#nameFor(protocol.label);
    const content: StepContent = { run: rule.run, describe: protocol.label, with: {} };
    this.steps.set(protocol.id, { name, content });
    const found = rule.arguments(this.#asking(protocol), name);
    content.with = Object.fromEntries(
      Object.entries(found).filter(([, value]) => value !== undefined),
    ) as StepContent["with"];
    const after = protocol.prerequisites.flatMap((id) => {
      const first = this.#protocols.get(id);
      return (first && this.step(first)) ?? [];
    });
    if (after.length > 0) content.after = after;
    if (protocol.isQueued) content.queue = true;
    return name;
  }

  /** Says which parameters of a protocol its rule did not read. */
  unread(protocol: Protocol): string[] {
    const read = this.#readOf(protocol.id);
    const left = [...protocol.parameters].filter(
      ([name, value]) => !read.has(name) && value !== null && value !== "" && value !== false,
    );
    if (left.length === 0) return [];
    const values = left.map(([name, value]) => `${name} ${JSON.stringify(value)}`.slice(0, 80));
    return [`${protocol.id} ${protocol.label}: ${values.join(", ")}`];
  }

  /** Names of the parameters of a protocol that were read. */
  #readOf(id: string): Set<string> {
    const read = this.#read.get(id) ?? new Set<string>();
    this.#read.set(id, read);
    return read;
  }

  #markRead(id: string, names: readonly string[]): void {
    const read = this.#readOf(id);
    for (const name of names) read.add(name);
  }

  #asking(protocol: Protocol): Asking {
    const read = this.#readOf(protocol.id);
    const parameter = (name: string): Parameter | undefined => {
      read.add(name);
      return protocol.parameters.get(name);
    };
    return {
      number: (name) => {
        const value = this.#value(parameter(name));
        return typeof value === "string" && isNumber(value) ? Number(value) : value;
      },
      value: (name) => this.#value(parameter(name)),
      inputs: (name, what) => outputsIn(parameter(name)).map((each) => this.#input(each, what)),
      note: (line) => void this.notes.push(`${protocol.id} ${protocol.label}: ${line}`),
      field: (name, field) => this.#field(name, field),
      of: (name, id) => (id === undefined ? undefined : this.#protocols.get(id)?.parameters.get(name)),
      followers: (className, name) =>
        [...this.#protocols.values()].filter(
          (each) =>
            each.className === className &&
            String(each.parameters.get(name) ?? "").split(".")[0] === protocol.id,
        ),
      markRead: (other, ...names) => this.#markRead(other.id, names),
    };
  }

  /** A plain value; of a template's field, a reference to the workflow's. */
  #value(value: Parameter | undefined): Scalar | undefined {
    const asked = templateFieldIn(value);
    if (asked === undefined) {
      if (typeof value === "string") return value.replaceAll("${", () => "$${");
      return value === null || typeof value === "object" ? undefined : value;
    }
    const { title, alias, type } = asked;
    return this.#field(alias || title, { type, describe: title || alias || "a value", ...defaultOf(asked) });
  }

  /** What a step reads: the output of another one, or a field. @param by protocols that stand for one another on the way */
  #input({ id, output }: OutputName, what: string, by: readonly string[] = []): string {
    const protocol = this.#protocols.get(id);
    const rule = protocol && ruleFor(protocol.className);
    if (protocol === undefined || rule === undefined)
      return this.#field(`${output}_${id}`, {
        type: "path",
        describe: `${what}: ${output} of ${protocol ? why(protocol) : `a protocol ${id} that is not there`}, which is made elsewhere`,
      });
    if (rule.kind === "step") return `\${steps.${this.step(protocol)}.${rule.out}}`;
    this.#markRead(id, rule.reads);
    if (rule.kind === "same") {
      const [, from] = /^(\d+)/.exec(String(protocol.parameters.get(rule.of) ?? "")) ?? [];
      if (from === undefined || from === id || by.includes(from))
        return this.#field(`${output}_${id}`, { type: "path", describe: what });
      return this.#input({ id: from, output }, what, [...by, id]);
    }
    const given = this.#value(protocol.parameters.get("filesPath"));
    if (typeof given === "string" && given.startsWith("${")) return given;
    const more = rule.reads.flatMap((name) => {
      const value = this.#value(protocol.parameters.get(name));
      return value === undefined || value === "" || name === "filesPath" ? [] : [`${name} ${value}`];
    });
    return this.#field(rule.field, {
      type: "path",
      describe: [rule.describe, protocol.label, ...more].join("; "),
      ...(typeof given === "string" && given !== "" && !given.includes("%(") ? { default: given } : {}),
    });
  }

  /** Adds a field, unless the same one is there. @returns a reference to it */
  #field(wanted: string, field: Field): string {
    const name = wordOf(wanted) || "value";
    for (let at = 1; ; at++) {
      const each = at === 1 ? name : `${name}_${at}`;
      const there = this.fields.get(each);
      if (there === undefined) this.fields.set(each, field);
      if (there === undefined || JSON.stringify(there) === JSON.stringify(field)) return `\${${each}}`;
    }
  }

  #nameFor(label: string): string {
    const word = wordOf(label.replace(/^\s*\w+\s+-\s+/, "")).replaceAll("_", "-") || "step";
    let name = word;
    for (let at = 2; this.#names.has(name); at++) name = `${word}-${at}`;
    this.#names.add(name);
    return name;
  }
}

/** A template's default as a field's; none where it names the environment, or does not fit. */
function defaultOf({ default: text, type }: { readonly default: string; readonly type: Field["type"] }): {
  default?: Scalar;
} {
  if (text === "" || text.includes("%(")) return {};
  if (type === "number") return isNumber(text) ? { default: Number(text) } : {};
  if (type === "boolean") return { default: /^(true|1|yes)$/i.test(text) };
  return { default: text };
}

/** A name for a field or a step, of any text. */
const wordOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "")
    .slice(0, 40);
