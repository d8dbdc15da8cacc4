/** What a command defines for its parser, noted as data: for plain arguments, help pages, completion and the docs. */
import type { Argv } from "yargs";

/** A flag's or a positional argument's definition, as yargs takes it. */
export interface Definition {
  readonly type?: unknown;
  readonly array?: unknown;
  readonly alias?: unknown;
  readonly choices?: readonly unknown[];
  readonly demandOption?: unknown;
  readonly default?: unknown;
  readonly describe?: unknown;
}

/** A command line to copy, and what it is for. */
export interface Example {
  readonly command: string;
  readonly describe: string;
}

/** Everything that a command defines. */
export interface Definitions {
  readonly positionals: Readonly<Record<string, Definition>>;
  readonly options: Readonly<Record<string, Definition>>;
  readonly examples: readonly Example[];
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
export function definitionsOf(define: (argv: Argv) => unknown): Definitions {
  const recorder = new Recorder();
  define(recorder as unknown as Argv);
  return recorder;
}
