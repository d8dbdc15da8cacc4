import type { Argv } from "yargs";

/** The flags of commands that look at a data set as a whole. */
export const withDataset = (argv: Argv) =>
  argv
    .option("data", {
      type: "string",
      demandOption: true,
      describe:
        "folder with static/ and overlay/, or with train/ and test/ inside, a copick configuration, or what else the README names",
    })
    .option("part", { choices: ["train", "test"] as const, describe: "which part, where there are both" });
