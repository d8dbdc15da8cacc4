import yargs, { type Argv } from "yargs";
import { PickbenchError } from "../../system/errors.js";
import { ownVersion } from "../../system/version.js";

/** The command line's parser, as yet without a command. */
export function parserOf(args: readonly string[]): Argv {
  return yargs(args)
    .scriptName("pickbench")
    .usage("$0 <command>\n\nTrains, compares and times particle detectors for cryo-electron tomograms.")
    .strict()
    .demandCommand(1, "name a command")
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .detectLocale(false)
    .fail((message, error) => {
      throw error ?? new PickbenchError("BadUsage", `${message}; --help shows what can be given`);
    })
    .version(ownVersion())
    .epilogue("pickbench <command> --help shows a command's flags and examples");
}
