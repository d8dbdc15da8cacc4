import type { RegisteredCommand } from "./commands/shared/command.js";
import { isPickbenchError } from "./system/errors.js";

interface Entry {
  readonly describe: string;
  readonly load: () => Promise<{ command: RegisteredCommand }>;
}

/** The command table: a command's own file is loaded only when it is called. */
const table: Record<string, Entry> = {
  quickstart: {
    describe: "simulates a small data set and runs the whole chain on it",
    load: () => import("./commands/start/quickstart.js"),
  },
  simulate: {
    describe: "makes simulated tomograms with known particles in the challenge's layout",
    load: () => import("./commands/start/simulate.js"),
  },
  inspect: {
    describe: "lists what a data set holds, reads every chunk and names the broken ones",
    load: () => import("./commands/data/inspect.js"),
  },
  fetch: {
    describe: "brings a data set from https:// or s3:// into a folder, checked and resumable",
    load: () => import("./commands/data/fetch.js"),
  },
  portal: {
    describe: "finds and downloads datasets of the CryoET Data Portal",
    load: () => import("./commands/data/portal.js"),
  },
  copick: {
    describe: "writes a copick configuration of a data set, with its particles",
    load: () => import("./commands/data/copick.js"),
  },
  volume: {
    describe: "converts a volume between MRC and OME-Zarr, slab by slab",
    load: () => import("./commands/data/volume.js"),
  },
  run: {
    describe: "trains, tunes, predicts, picks and scores the held-out runs of an experiment",
    load: () => import("./commands/train/run.js"),
  },
  repeat: {
    describe: "runs what a record holds again and says whether the result is the same",
    load: () => import("./commands/train/repeat.js"),
  },
  train: {
    describe: "trains the networks of an experiment and tunes their picking",
    load: () => import("./commands/train/train.js"),
  },
  tune: {
    describe: "tunes the picking of a trained run again",
    load: () => import("./commands/train/tune.js"),
  },
  predict: {
    describe: "writes probability volumes as OME-Zarr",
    load: () => import("./commands/detect/predict.js"),
  },
  pick: {
    describe: "picks particles from predicted probabilities, as copick JSON with scores",
    load: () => import("./commands/detect/pick.js"),
  },
  fuse: {
    describe: "makes one list of the picks of several pickers: a weighted consensus",
    load: () => import("./commands/detect/fuse.js"),
  },
  submit: {
    describe: "predicts, picks and writes a submission CSV",
    load: () => import("./commands/detect/submit.js"),
  },
  ensemble: {
    describe: "joins checkpoints into one: mean of probabilities, of logits, or of weights (a soup)",
    load: () => import("./commands/train/ensemble.js"),
  },
  export: {
    describe: "writes a checkpoint's networks as ONNX files that any runtime takes",
    load: () => import("./commands/detect/export.js"),
  },
  score: {
    describe: "scores a submission CSV by the challenge's rule",
    load: () => import("./commands/judge/score.js"),
  },
  diagnose: {
    describe: "says why picks score as they do: confidences, displacement, confusion, misses",
    load: () => import("./commands/judge/diagnose.js"),
  },
  report: {
    describe: "writes one page to look at of one run or several: scores, curves, errors, pictures, record",
    load: () => import("./commands/judge/report.js"),
  },
  convert: {
    describe: "brings positions from one program's format to another's",
    load: () => import("./commands/data/convert.js"),
  },
  open: {
    describe: "writes what Neuroglancer, ChimeraX, napari and IMOD show a run with: truth and picks",
    load: () => import("./commands/data/open.js"),
  },
  leaderboard: {
    describe: "ranks the submissions from their records",
    load: () => import("./commands/judge/leaderboard.js"),
  },
  nets: {
    describe: "lists the architectures: parameters, arithmetic, memory, receptive field, source",
    load: () => import("./commands/machine/nets.js"),
  },
  compare: {
    describe: "trains architectures side by side, with the same data, budget and seeds",
    load: () => import("./commands/train/compare.js"),
  },
  search: {
    describe: "finds values for an experiment's parameters, trial by trial, on its tune runs",
    load: () => import("./commands/train/search.js"),
  },
  engines: {
    describe: "says which engines this machine can run, and how to get the others",
    load: () => import("./commands/machine/engines.js"),
  },
  bench: {
    describe: "times networks and the rest of the chain, beside the Python peers that are installed",
    load: () => import("./commands/machine/bench.js"),
  },
};

/** Runs the named command, whose file alone is loaded; the parser's only where the arguments are not plain. */
async function run(args: readonly string[]): Promise<void> {
  const called = args.find((arg) => !arg.startsWith("-")) ?? "";
  const entry = Object.hasOwn(table, called) ? table[called] : undefined;
  const command = entry && (await entry.load()).command;
  const given = args[0] === called ? command?.plain(args) : undefined;
  if (given) return command!.run(given);
  const { parserOf } = await import("./commands/shared/parser.js");
  const parser = parserOf(args);
  if (command === undefined)
    for (const [name, { describe }] of Object.entries(table)) parser.command(name, describe);
  else command.register(parser, called, entry!.describe);
  await parser.parseAsync();
  await command?.finished();
}

/** Runs one command line. Exit code 0 on success, 1 on the user's mistake, 2 on ours, 130 where the user stopped it. */
export async function main(args: string[]): Promise<void> {
  try {
    await run(args);
  } catch (error) {
    if (isPickbenchError(error) || isUsageError(error)) {
      process.stderr.write(`pickbench: ${(error as Error).message}\n`);
      process.exitCode = isPickbenchError(error, "Stopped") ? 130 : 1;
      return;
    }
    process.stderr.write(
      `pickbench: this is a defect of ours, please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 2;
  }
}

/** yargs throws its own errors for unknown commands and flags, and for missing or malformed arguments. */
function isUsageError(error: unknown): boolean {
  return error instanceof Error && error.name === "YError";
}
