/** What a workflow must know of pickbench's commands; whoever has them hands it down. */
import type { Named } from "../makings/making.js";
import { suggestion } from "../system/nearest.js";
import { isList, type Value } from "./references.js";

/** An argument or a flag, as the command line defines it. */
export interface ArgumentForm {
  readonly type?: unknown;
  readonly array?: unknown;
  readonly choices?: readonly unknown[];
  readonly demandOption?: unknown;
  readonly default?: unknown;
}

/** What a command takes, in the order of its command line, and which of it names what is read and written. */
export interface CommandForm {
  readonly positionals: Readonly<Record<string, ArgumentForm>>;
  readonly options: Readonly<Record<string, ArgumentForm>>;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Whether it writes, somewhere, even where none of `writes` is given. */
  readonly writesUnasked?: boolean;
  /** Name of the argument that names the runs that count. */
  readonly selects?: string;
}

/** The commands of the program. */
export interface CommandCatalogue {
  readonly names: readonly string[];
  /** The form of one of them. */
  form(name: string): Promise<CommandForm>;
  /** What a command reads, with the files that these name themselves, as experiments and lists of runs do. */
  inputs(reads: readonly Named[], runs: string | undefined): Promise<readonly Named[]>;
  /** Whether a word that stands for no file is a name that an argument takes, as that of a model that comes along. */
  isName(command: string, argument: string, word: string): Promise<boolean>;
}

/** Flags that a workflow gives itself, as a step needs them. */
const ownFlags = ["overwrite", "resume", "quiet", "help", "debug", "version"];

/** Commands that are no step: they would wait for ever, or begin workflows themselves. */
export const noSteps: readonly string[] = ["workflow", "watch", "queue"];

export const argumentsOf = ({
  positionals,
  options,
}: CommandForm): Readonly<Record<string, ArgumentForm>> => ({
  ...positionals,
  ...options,
});

/** Says what is wrong with the names of a step's arguments. */
export function argumentFaults(command: string, form: CommandForm, given: readonly string[]): string[] {
  const known = argumentsOf(form);
  const missing = Object.entries(known).filter(
    ([name, { demandOption }]) => demandOption === true && !given.includes(name),
  );
  const unknown = given.flatMap((name) => {
    if (ownFlags.includes(name)) return [`${name}: a workflow gives --${name} itself; leave it out`];
    if (Object.hasOwn(known, name)) return [];
    return [
      `${name}: ${command} takes no such argument${suggestion(name, Object.keys(known)) || `; pickbench help ${command} shows what can be given`}`,
    ];
  });
  const meant = unknown.join("\n");
  return [
    ...unknown,
    ...missing.flatMap(([name]) =>
      meant.includes(`did you mean ${name}?`) ? [] : [`${name} is missing, which ${command} needs; give it`],
    ),
  ];
}

/** Says what is wrong with a value that has no references; undefined where nothing is. */
export function valueFault({ type, array, choices }: ArgumentForm, value: Value): string | undefined {
  if (isList(value)) {
    if (array !== true) return `got a list of ${value.length}, wanted one value`;
    return value.length === 0
      ? "got an empty list, wanted at least one value"
      : value
          .map((each) => valueFault({ type, choices: choices ?? [] }, each))
          .find((each) => each !== undefined);
  }
  const got = JSON.stringify(value);
  if (value === "") return "got an empty text; give it a value, or leave it out";
  if (type === "boolean") return typeof value === "boolean" ? undefined : `got ${got}, wanted true or false`;
  if (typeof value === "boolean") return `got ${got}, wanted ${type === "number" ? "a number" : "text"}`;
  if (type === "number") return isNumber(value) ? undefined : `got ${got}, wanted a number`;
  if (choices && choices.length > 0 && !choices.map(String).includes(String(value)))
    return `got ${got}, wanted one of ${choices.join(", ")}${suggestion(String(value), choices.map(String))}`;
  return undefined;
}

/** Tells whether a value is a finite number, or the text of one. */
export const isNumber = (value: string | number): boolean =>
  String(value).trim() !== "" && Number.isFinite(Number(value));

/**
 * Returns the command line of a step: the arguments in their order, then the flags as they were given.
 *
 * @param values that `valueFault` finds nothing wrong with
 */
export function commandLine(
  command: string,
  form: CommandForm,
  values: ReadonlyMap<string, Value>,
): string[] {
  const words = [command];
  for (const name of Object.keys(form.positionals))
    words.push(...textsOf(values.get(name) ?? []).map((text) => (text.startsWith("-") ? `./${text}` : text)));
  for (const [name, value] of values) {
    if (Object.hasOwn(form.positionals, name)) continue;
    if (value === true) words.push(`--${name}`);
    else if (value === false) words.push(...(form.options[name]?.default === true ? [`--no-${name}`] : []));
    else
      for (const text of textsOf(value))
        words.push(...(text.startsWith("-") ? [`--${name}=${text}`] : [`--${name}`, text]));
  }
  return words;
}

/** The values as words. */
export const textsOf = (value: Value): string[] => [value].flat().map(String);
