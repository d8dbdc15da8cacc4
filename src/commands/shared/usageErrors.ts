/** What is wrong with a command's arguments, in the words of the command line rather than the parser's. */
import { suggestion } from "../../system/nearest.js";
import type { Definitions } from "./definitions.js";
import { commonFlags } from "./describe.js";

interface Called {
  readonly name: string;
  readonly args: readonly string[];
  readonly definitions: Definitions;
}

/** yargs' messages, and what is said instead; the groups of a pattern go to the function. */
const rules: readonly (readonly [pattern: RegExp, say: (called: Called, ...groups: string[]) => string])[] = [
  [/^Unknown arguments?: (.+)$/, (called, names) => unknownArgument(called, names!.split(", ")[0]!)],
  [/^Unknown command: (.+)$/, ({ name }, word) => `${name} takes no argument ${JSON.stringify(word)}`],
  [
    /^Missing required arguments?: (.+)$/,
    (called, names) =>
      misspelt(called) ??
      `${called.name} needs ${listed(names!.split(", ").map((each) => shown(called, each)))}`,
  ],
  [
    /^Not enough non-option arguments/,
    (called) =>
      `${called.name} needs ${listed(requiredPositionals(called).map((each) => each.toUpperCase()))}`,
  ],
  [/^Not enough arguments following: (.+)$/, (_, flag) => `--${flag} needs a value`],
  [
    /^Arguments (\S+) and (\S+) are mutually exclusive$/,
    (_, a, b) => `--${a} and --${b} exclude each other; leave one`,
  ],
  [
    /^(?:Implications failed|Missing dependent arguments):\s+(\S+) -> (\S+)/,
    (_, flag, other) => `--${flag} needs --${other}`,
  ],
  [
    /^Invalid values:\s+Argument: (\S+), Given: (.+), Choices: (.+)/,
    (called, flag, given, choices) => wrongChoice(called, flag!, given!, choices!),
  ],
];

/** Returns one sentence for what yargs says is wrong. */
export function usageSentence(message: string, called: Called): string {
  for (const [pattern, say] of rules) {
    const found = pattern.exec(message);
    if (found) return withAdvice(say(called, ...found.slice(1)), called.name);
  }
  return withAdvice(message.replace(/\s+/g, " "), called.name);
}

const withAdvice = (sentence: string, name: string): string =>
  `${sentence}${sentence.endsWith("?") ? "" : ";"} pickbench help ${name} shows what can be given`;

function unknownArgument(called: Called, word: string): string {
  const { name, args, definitions } = called;
  const dashes = ["--", "-"].find((each) => args.some((arg) => arg.split("=")[0] === `${each}${word}`));
  if (dashes === undefined && !args.some((arg) => arg.startsWith(`--${word}`)))
    return `${name} takes no argument ${JSON.stringify(word)}`;
  const flag = word.replace(/^no-/, "");
  return `${name} has no flag ${dashes ?? "--"}${word}${suggestion(flag, flagsOf(definitions), "--")}`;
}

/** A flag that there is not explains one that is missing. */
function misspelt(called: Called): string | undefined {
  const known = flagsOf(called.definitions).flatMap((flag) => [flag, `no-${flag}`, camelCase(flag)]);
  const words = called.args.filter((arg) => /^--\w/.test(arg)).map((arg) => arg.slice(2).split("=")[0]!);
  const unknown = words.find((word) => !known.includes(word));
  return unknown === undefined ? undefined : unknownArgument(called, unknown);
}

const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const flagsOf = ({ options }: Definitions): string[] => [
  ...Object.entries(options).flatMap(([name, { alias = [] }]) => [name, ...[alias].flat().map(String)]),
  ...commonFlags.map(({ name }) => name),
];

const shown = ({ definitions }: Called, name: string): string =>
  Object.hasOwn(definitions.positionals, name) ? name.toUpperCase() : `--${name}`;

const requiredPositionals = ({ definitions }: Called): string[] =>
  Object.entries(definitions.positionals).flatMap(([name, { demandOption }]) => (demandOption ? [name] : []));

function wrongChoice(called: Called, flag: string, given: string, choices: string): string {
  const known = choices.split(", ").map((each) => each.replace(/^"|"$/g, ""));
  const meant = suggestion(given.replace(/^"|"$/g, ""), known);
  return `${shown(called, flag)} is ${given}, wanted one of ${known.join(", ")}${meant}`;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
