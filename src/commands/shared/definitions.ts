/** What a command defines for its parser, noted as data: for plain arguments, help pages, completion and the docs. */

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
