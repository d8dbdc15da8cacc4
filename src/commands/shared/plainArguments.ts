/** A reader of plainly written arguments, which spares a command the time that yargs takes to load. */
import { parseArgs } from "node:util";
import type { Definition, Definitions } from "./definitions.js";

/** Arguments by name, as yargs gives them. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * Reads arguments that are written plainly: every flag once, known, and with its value; every positional argument there
 * that must be. Node's own reader does it, in a third of the time that yargs takes to load.
 *
 * @param usage positional arguments in yargs' notation
 * @param definitions of the command
 * @returns exactly what yargs would give; undefined for anything unusual, for mistakes and for --help, which yargs words
 */
export function plainArguments(
  args: readonly string[],
  usage: string,
  { positionals, options }: Definitions,
): Given | undefined {
  const places = placesOf(usage, positionals);
  const [called, ...rest] = args;
  const words = places && wordsOf(rest, options);
  if (words === undefined || words.places.length > places!.length) return undefined;
  const given: Record<string, unknown> = { _: [called], $0: "pickbench" };
  for (const [name, definition] of Object.entries(options)) {
    if (!isPlain(definition)) {
      if (words.flags.has(name) || !canBeLeftOut(definition)) return undefined;
      continue;
    }
    const value = givenFor(words.flags.get(name), definition);
    if (value === undefined && (words.flags.has(name) || definition.demandOption)) return undefined;
    if (value !== undefined) given[camelCased(name)] = given[name] = value;
  }
  for (const [i, { name, isRequired }] of places!.entries()) {
    const value = givenFor(words.places[i], positionals[name]!);
    if (value === undefined && (isRequired || i < words.places.length)) return undefined;
    if (value !== undefined) given[name] = value;
  }
  return given;
}

interface Place {
  readonly name: string;
  readonly isRequired: boolean;
}

/** Returns the positional arguments in order; undefined where one is a list, or anything but a text. */
function placesOf(usage: string, positionals: Definitions["positionals"]): Place[] | undefined {
  const places: Place[] = [];
  for (const word of usage.split(" ").filter((each) => each !== "")) {
    const [, bracket, name] = /^([<[])([^.]+)[>\]]$/.exec(word) ?? [];
    const definition = positionals[name ?? ""];
    if (name === undefined || definition === undefined || !isPlain(definition)) return undefined;
    if (givenFor("text", { type: definition.type }) !== "text" || definition.default !== undefined)
      return undefined;
    places.push({ name, isRequired: bracket === "<" });
  }
  return places.length === Object.keys(positionals).length ? places : undefined;
}

const understood = ["type", "choices", "demandOption", "default", "describe"];

/** A choice among words needs no type: yargs reads no word as anything but a text. */
const isPlain = ({ type, choices, ...definition }: Definition): boolean =>
  Object.keys(definition).every((key) => understood.includes(key)) &&
  (choices === undefined
    ? ["string", "number", "boolean"].includes(String(type))
    : [undefined, "string"].includes(type as string) && choices.every(isWord));

const isWord = (choice: unknown): boolean => typeof choice === "string" && /^[a-z]/i.test(choice);

/** Lists, choices, conflicts and the like mean nothing where the flag is not given. */
const canBeLeftOut = ({ demandOption, default: fallback }: Definition): boolean =>
  !demandOption && fallback === undefined;

interface Words {
  readonly places: readonly string[];
  /** True where there is no value. */
  readonly flags: ReadonlyMap<string, string | true>;
}

function wordsOf(args: string[], options: Readonly<Record<string, Definition>>): Words | undefined {
  const places: string[] = [];
  const flags = new Map<string, string | true>();
  try {
    const { tokens } = parseArgs({
      args,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type }]) => [
          name,
          { type: type === "boolean" ? "boolean" : "string" },
        ]),
      ),
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === "option-terminator") return undefined;
      if (token.value !== undefined && !isPlainWord(token.value)) return undefined;
      if (token.kind === "positional") places.push(token.value);
      else if (flags.has(token.name)) return undefined;
      else flags.set(token.name, token.value ?? true);
    }
  } catch {
    return undefined;
  }
  return { places, flags };
}

/** A flag is handed on by both names, `keep-going` and `keepGoing`. */
export const camelCased = (flag: string): string =>
  flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const wholeNumber = /^(0|[1-9]\d{0,14})$/;

/** yargs reads other numbers, these two words, quotes and leading dashes in ways of its own. */
const isPlainWord = (word: string): boolean =>
  /^[^\s"'`-][^"'`\n]*$/.test(word) &&
  (wholeNumber.test(word) || Number.isNaN(Number(word))) &&
  word !== "true" &&
  word !== "false";

function givenFor(word: string | true | undefined, definition: Definition): unknown {
  if (word === undefined) return definition.default;
  if (definition.choices) return definition.choices.includes(word) ? word : undefined;
  if (definition.type !== "number") return word;
  return wholeNumber.test(String(word)) ? Number(word) : undefined;
}
