import type { ArgumentsCamelCase, Argv } from "yargs";

/** What a file in this folder exports as `command`: its arguments and what it does with them. */
export interface Command<Options> {
  /** Positional arguments after the command's name, in yargs' notation. */
  readonly usage: string;
  readonly options: (argv: Argv) => Argv<Options>;
  /** Arguments that may be given more than once; any other that is, is refused. */
  readonly lists?: readonly (keyof Options & string)[];
  readonly run: (options: ArgumentsCamelCase<Options>) => Promise<void>;
}

/** Keeps `Options` inferred from the declared arguments. */
export const defineCommand = <Options>(command: Command<Options>): Command<Options> => command;

/** What a command reports: one JSON document with `--json`, else lines for people. */
export function report(json: boolean | undefined, value: unknown, lines: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines()}\n`);
}
