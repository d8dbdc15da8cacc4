/** The form of a command: its arguments, and what it does with them. */
import type { ArgumentsCamelCase, Argv } from "yargs";
import { PickbenchError } from "../../system/errors.js";
import type { Definition, Definitions, Example } from "./definitions.js";
import { type CommandFiles, type RunningMaking, withMaking } from "./making.js";
import { camelCased, type Given, plainArguments } from "./plainArguments.js";
import { print } from "./print.js";

/** A command's arguments and what it does with them. */
interface Command<Options> {
  /** Positional arguments after the command's name, in yargs' notation. */
  readonly usage: string;
  readonly options: (argv: Argv) => Argv<Options>;
  /** Arguments that may be given more than once; any other that is, is refused. */
  readonly lists?: readonly (keyof Options & string)[];
  /** Arguments that name what is read: files, folders, addresses, models. */
  readonly reads?: readonly (keyof Options & string)[];
  /**
   * Arguments that name a file or folder that is written; beside each, OUT.made.json will say how it was made.
   */
  readonly writes?: readonly (keyof Options & string)[];
  /** Whether it writes where no argument says so; it tells where by `making.wrote`. */
  readonly writesUnasked?: boolean;
  /** Argument that names the runs of data sets that count, separated by commas; `runs` if absent. */
  readonly selects?: keyof Options & string;
  readonly run: (options: ArgumentsCamelCase<Options>, making: RunningMaking) => Promise<void>;
}

/** What a file in this folder exports as `command`; what its options are is its own affair. */
export interface RegisteredCommand {
  /** Its arguments, flags and examples. */
  readonly definitions: () => Definitions;
  /** The arguments, where they are written so plainly that they need no parser; the first is the command's name. */
  readonly plain: (args: readonly string[]) => Given | undefined;
  /** Arguments that name what is read, and what is written. */
  readonly files: CommandFiles;
  /** Runs the command with what `plain` gave for `args`. */
  readonly run: (given: Given, args: readonly string[]) => Promise<void>;
  readonly register: (parser: Argv, entry: RegisteredAs) => void;
  /** Ends with what the parser started; at once if it started nothing. */
  readonly finished: () => Promise<void>;
}

interface RegisteredAs {
  readonly name: string;
  readonly describe: string;
  /** The command line, without the program's name. */
  readonly args: readonly string[];
}

/** The parser does not get to see the promise: of a handler that gives one it renders the help, which takes longer than to parse. */
export function defineCommand<Options>(command: Command<Options>): RegisteredCommand {
  let running = Promise.resolve();
  const files = {
    reads: command.reads ?? [],
    writes: command.writes ?? [],
    writesUnasked: command.writesUnasked === true,
    selects: command.selects ?? "runs",
  };
  const start = (given: ArgumentsCamelCase<Options>, args: readonly string[]) =>
    withMaking({ args, given, files }, (making) => command.run(given, making));
  return {
    files,
    definitions: () => definitionsOf(command.options),
    plain: (args) => plainArguments(args, command.usage, definitionsOf(command.options)),
    run: (given, args) => start(given as ArgumentsCamelCase<Options>, args),
    register(parser, { name, describe, args }) {
      parser.command(`${name} ${command.usage}`.trim(), describe, command.options, (given) => {
        checkGivenOnce(given, command.lists ?? []);
        running = start(given, args);
      });
    },
    finished: () => running,
  };
}

/** Stands in for yargs and notes what it is told. */
class Recorder implements Definitions {
  readonly positionals: Record<string, Definition> = {};
  readonly options: Record<string, Definition> = {};
  readonly examples: Example[] = [];

  positional(name: string, definition: Definition): this {
    this.positionals[name] = definition;
    return this;
  }

  option(name: string, definition: Definition): this {
    this.options[name] = definition;
    return this;
  }

  example(command: string, describe: string): this {
    this.examples.push({ command: command.replace("$0", "pickbench"), describe });
    return this;
  }
}

/** Returns what `define` would define for yargs. */
function definitionsOf(define: (argv: Argv) => unknown): Definitions {
  const recorder = new Recorder();
  define(recorder as unknown as Argv);
  return recorder;
}

/** yargs makes a list of a flag that is given twice. @throws BadUsage for one that takes one value, or an empty one */
function checkGivenOnce(given: Given, lists: readonly string[]): void {
  for (const [name, value] of Object.entries(given)) {
    if (name === "_" || lists.some((list) => list === name || camelCased(list) === name)) continue;
    if (Array.isArray(value))
      throw new PickbenchError(
        "BadUsage",
        `--${name} is given ${value.length} times, wanted once; leave one`,
      );
    if (value === "") throw new PickbenchError("BadUsage", `--${name} is empty; give it a value`);
  }
}

/** What a command reports: one JSON document with `--json`, else lines for people. */
export function report(json: boolean | undefined, value: unknown, lines: () => string): void {
  print("stdout", json ? JSON.stringify(value) : lines());
}
