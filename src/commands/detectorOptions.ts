import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { type Dataset, openDataset } from "../data/dataset.js";
import { resolveEngine } from "../engines/available.js";
import type { EngineName } from "../engines/engine.js";
import { PickbenchError } from "../errors.js";
import { engineOption } from "./engineOption.js";

/** The flags that `predict` and `submit` share. */
export const withDetectorOptions = (argv: Argv) =>
  argv
    .positional("checkpoint", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "one or more best.safetensors; several are averaged",
    })
    .option("data", {
      type: "string",
      demandOption: true,
      describe: "the data set: a folder with static/, one with test/ inside, or a copick configuration",
    })
    .option("runs", { type: "string", describe: "only these, separated by commas" })
    .option("tomogram", { type: "string", describe: "reconstruction, over the checkpoint's" })
    .option("engine", engineOption)
    .option("threads", {
      type: "number",
      default: Math.min(8, availableParallelism()),
      describe: "threads of the engine",
    });

/** The engine that the flags mean; `auto` where none is named. */
export const engineOf = (choice: (typeof engineOption.choices)[number] | undefined): Promise<EngineName> =>
  resolveEngine(choice ?? "auto");

/** Opens the data, its test part where it has parts, and the runs asked for. */
export async function openRuns(
  path: string,
  asked: string | undefined,
): Promise<{ dataset: Dataset; runs: string[] }> {
  const dataset = await openDataset(path, { part: "test" }).catch(() => openDataset(path));
  const names = dataset.runs.filter(({ tomograms }) => tomograms.length > 0).map(({ name }) => name);
  if (asked === undefined) {
    if (names.length === 0)
      throw new PickbenchError(
        "BadDataset",
        `${path}: none of its runs has a tomogram; name a data set with static/ExperimentRuns`,
        { path },
      );
    return { dataset, runs: names };
  }
  const runs = [...new Set(asked.split(",").map((name) => name.trim()))];
  for (const run of runs)
    if (!names.includes(run))
      throw new PickbenchError(
        "BadUsage",
        `--runs: ${path} has no tomogram of ${JSON.stringify(run)}; it has ${names.join(", ")}`,
      );
  return { dataset, runs };
}
