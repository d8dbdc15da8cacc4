/** The command table as data: what help pages, shell completion and the generated docs are made of. */
import type { RegisteredCommand } from "./command.js";
import type { Definition, Definitions, Example } from "./definitions.js";

/** Groups in the order that help pages show, with what their commands are for. */
export const groups = {
  start: "try it",
  data: "look at tomograms and picks, bring them here, convert them",
  train: "train detectors and combine them",
  detect: "find particles",
  features: "segment features and use them: context, areas, meshes, templates",
  survey: "look over thousands of tomograms",
  judge: "score and understand what was found",
  automate: "run many commands as one",
  machine: "networks, engines and speeds on this machine",
} as const;

export interface TableEntry {
  readonly group: keyof typeof groups;
  /** Its arguments as help pages show them: those that must be given, and the verbs it has. */
  readonly synopsis: string;
  readonly describe: string;
  readonly load: () => Promise<{ command: RegisteredCommand }>;
}

/** A flag or a positional argument. */
export interface ArgumentDescription {
  readonly name: string;
  readonly type: "text" | "number" | "yes or no";
  readonly describe: string;
  readonly isRequired: boolean;
  /** Whether several may be given. */
  readonly isList: boolean;
  /** Values that it takes; empty where any goes. */
  readonly choices: readonly string[];
  /** What it is where it is not given; undefined where nothing is. */
  readonly default: string | number | boolean | undefined;
  /** Other names that it has. */
  readonly aliases: readonly string[];
}

/** A command with all that it takes. */
export interface CommandDescription {
  readonly name: string;
  readonly group: TableEntry["group"];
  /** Arguments that must be given, as help pages show them. */
  readonly synopsis: string;
  readonly describe: string;
  readonly positionals: readonly ArgumentDescription[];
  readonly flags: readonly ArgumentDescription[];
  readonly examples: readonly Example[];
}

/** A flag of the whole program. */
interface CommonFlag {
  readonly name: string;
  /** One letter for it. */
  readonly short?: string;
  readonly describe: string;
  /** Whether it says something of a command; else it stands alone. */
  readonly isOfCommands: boolean;
}

/** Flags that no command defines, as all have them. */
export const commonFlags: readonly CommonFlag[] = [
  { name: "help", short: "h", describe: "shows this page", isOfCommands: true },
  {
    name: "debug",
    describe: "prints what caused an error, with the lines of code",
    isOfCommands: true,
  },
  { name: "version", describe: "prints the version", isOfCommands: false },
];

/** A way to write a flag, and what it does then. */
interface FlagForm {
  readonly form: string;
  readonly does: string;
}

/** Lists every way to write a flag; of one that is on by itself, what turns it off is the last. */
export function flagForms({
  name,
  aliases,
  type,
  default: fallback,
  describe,
}: ArgumentDescription): FlagForm[] {
  const forms = [name, ...aliases].map((each) => ({ form: `--${each}`, does: describe }));
  const isOn = type === "yes or no" && fallback === true;
  return isOn ? [...forms, { form: `--no-${name}`, does: `do not ${describe}` }] : forms;
}

/** Describes one command of the table. */
export function describeCommand(
  name: string,
  { group, synopsis, describe }: TableEntry,
  command: RegisteredCommand,
): CommandDescription {
  const { positionals, options, examples }: Definitions = command.definitions();
  const all = (of: Readonly<Record<string, Definition>>) =>
    Object.entries(of).map(([each, definition]) => describeArgument(each, definition));
  return {
    name,
    group,
    synopsis,
    describe,
    examples,
    positionals: all(positionals),
    flags: all(options),
  };
}

function describeArgument(name: string, definition: Definition): ArgumentDescription {
  const { type, choices = [], default: fallback, alias = [] } = definition;
  return {
    name,
    type: type === "number" || type === "boolean" ? typeNames[type] : "text",
    describe: String(definition.describe ?? ""),
    isRequired: definition.demandOption === true,
    isList: definition.array === true,
    choices: choices.map(String),
    default:
      typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean"
        ? fallback
        : undefined,
    aliases: [alias].flat().map(String),
  };
}

const typeNames = { number: "number", boolean: "yes or no" } as const;
