/** yargs as the command line uses it; bundled into one file, so that it loads quickly. */
import yargs, { type Argv } from "yargs";
import { PickbenchError } from "../../system/errors.js";

/**
 * The command line's parser, as yet without a command. It reads arguments and nothing else: help pages and the version
 * are shown elsewhere.
 *
 * @param word says what is wrong with the arguments, from the parser's message
 */
export function parserOf(args: readonly string[], word: (message: string) => string): Argv {
  return yargs(args)
    .scriptName("pickbench")
    .strict()
    .exitProcess(false)
    .detectLocale(false)
    .help(false)
    .version(false)
    .fail((message, error) => {
      throw error ?? new PickbenchError("BadUsage", word(message));
    });
}
