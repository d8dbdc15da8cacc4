/** The command table: names, groups, arguments and what each command does. A command's own file is loaded only when it is called. */
import type { CommandDescription, TableEntry } from "./shared/describe.js";

export const table: Readonly<Record<string, TableEntry>> = {
  quickstart: {
    group: "start",
    synopsis: "",
    describe: "simulates a small data set and runs the whole chain on it",
    load: () => import("./start/quickstart.js"),
  },
  simulate: {
    group: "start",
    synopsis: "--out DIR",
    describe: "makes simulated tomograms with known particles in the challenge's layout",
    load: () => import("./start/simulate.js"),
  },
  inspect: {
    group: "data",
    synopsis: "--data DIR",
    describe: "lists what a data set holds, reads every chunk and names the broken ones",
    load: () => import("./data/inspect.js"),
  },
  fetch: {
    group: "data",
    synopsis: "URL",
    describe:
      "brings a data set from https:// or s3://, or the challenge's, into a folder, checked and resumable",
    load: () => import("./data/fetch.js"),
  },
  portal: {
    group: "data",
    synopsis: "find|get [TARGET]",
    describe: "finds and downloads datasets of the CryoET Data Portal",
    load: () => import("./data/portal.js"),
  },
  convert: {
    group: "data",
    synopsis: "FROM TO",
    describe: "brings positions from one program's format to another's",
    load: () => import("./data/convert.js"),
  },
  volume: {
    group: "data",
    synopsis: "FROM TO",
    describe: "converts a volume between MRC and OME-Zarr, slab by slab",
    load: () => import("./data/volume.js"),
  },
  copick: {
    group: "data",
    synopsis: "--data DIR --out FILE",
    describe: "writes a copick configuration of a data set, with its particles",
    load: () => import("./data/copick.js"),
  },
  manifest: {
    group: "data",
    synopsis: "--data DIR --license NAME --creator NAME",
    describe: "writes a data set as a Croissant manifest, with the hash of every file",
    load: () => import("./data/manifest.js"),
  },
  open: {
    group: "data",
    synopsis: "RUN --data DIR --out DIR",
    describe: "writes what Neuroglancer, ChimeraX, napari and IMOD show a run with: truth and picks",
    load: () => import("./data/open.js"),
  },
  experiment: {
    group: "train",
    synopsis: "new|show|diff [FILE] [OTHER]",
    describe: "writes an experiment that fits a data set, shows one with all defaults, or compares two",
    load: () => import("./train/experiment.js"),
  },
  run: {
    group: "train",
    synopsis: "EXPERIMENT --data DIR",
    describe: "trains, tunes, predicts, picks and scores the held-out runs of an experiment",
    load: () => import("./train/run.js"),
  },
  train: {
    group: "train",
    synopsis: "EXPERIMENT --data DIR",
    describe: "trains the networks of an experiment and tunes their picking",
    load: () => import("./train/train.js"),
  },
  tune: {
    group: "train",
    synopsis: "EXPERIMENT --data DIR",
    describe: "tunes the picking of a trained run again",
    load: () => import("./train/tune.js"),
  },
  compare: {
    group: "train",
    synopsis: "ARCHITECTURE… --data DIR",
    describe: "trains architectures side by side, with the same data, budget and seeds",
    load: () => import("./train/compare.js"),
  },
  search: {
    group: "train",
    synopsis: "EXPERIMENT --data DIR",
    describe: "finds values for an experiment's parameters, trial by trial, on its tune runs",
    load: () => import("./train/search.js"),
  },
  ensemble: {
    group: "train",
    synopsis: "CHECKPOINT… --data DIR --tune A,B --out FILE",
    describe: "joins checkpoints into one: mean of probabilities, of logits, or of weights (a soup)",
    load: () => import("./train/ensemble.js"),
  },
  log: {
    group: "train",
    synopsis: "RUN… --to tensorboard|csv|mlflow",
    describe: "hands the logs of runs to TensorBoard, a table or MLflow",
    load: () => import("./train/log.js"),
  },
  repeat: {
    group: "train",
    synopsis: "RECORD --data DIR",
    describe: "runs what a record holds again and says whether the result is the same",
    load: () => import("./train/repeat.js"),
  },
  predict: {
    group: "detect",
    synopsis: "CHECKPOINT… --data DIR --out DIR",
    describe: "writes probability volumes as OME-Zarr",
    load: () => import("./detect/predict.js"),
  },
  pick: {
    group: "detect",
    synopsis: "PROBABILITIES… --out DIR",
    describe: "picks particles from predicted probabilities, as copick JSON with scores",
    load: () => import("./detect/pick.js"),
  },
  fuse: {
    group: "detect",
    synopsis: "PICKS… --out FILE",
    describe: "makes one list of the picks of several pickers: a weighted consensus",
    load: () => import("./detect/fuse.js"),
  },
  submit: {
    group: "detect",
    synopsis: "CHECKPOINT… --data DIR --out FILE",
    describe: "predicts, picks and writes a submission CSV",
    load: () => import("./detect/submit.js"),
  },
  export: {
    group: "detect",
    synopsis: "CHECKPOINT [MODEL]",
    describe: "writes a checkpoint's networks as ONNX files that any runtime takes, or as Ais's models",
    load: () => import("./detect/export.js"),
  },
  import: {
    group: "detect",
    synopsis: "FILE --out DIR",
    describe: "makes checkpoints of Ais's models, and data to train on of its training sets",
    load: () => import("./detect/import.js"),
  },
  models: {
    group: "detect",
    synopsis: "[NAME]",
    describe: "lists the trained networks that come along, or prints the card of one",
    load: () => import("./detect/models.js"),
  },
  segment: {
    group: "features",
    synopsis: "FEATURES --out DIR",
    describe: "segments a set of features: maps with competition and interactions, and one identity a voxel",
    load: () => import("./features/segment.js"),
  },
  mesh: {
    group: "features",
    synopsis: "MAPS… --out DIR",
    describe: "makes closed surfaces of maps of features: OBJ, STL or glTF",
    load: () => import("./features/mesh.js"),
  },
  context: {
    group: "features",
    synopsis: "PICKS --out FILE",
    describe: "says what surrounds particles, as columns, and selects by it",
    load: () => import("./features/context.js"),
  },
  mask: {
    group: "features",
    synopsis: "MAPS… --out DIR",
    describe: "makes masks of areas from maps of features: where to search",
    load: () => import("./features/mask.js"),
  },
  match: {
    group: "features",
    synopsis: "TEMPLATE --data DIR --out DIR",
    describe: "finds particles by templates: density maps, turned and correlated, in an area or everywhere",
    load: () => import("./features/match.js"),
  },
  survey: {
    group: "survey",
    synopsis: "build|find|show|export|subset|sql [TARGET]",
    describe: "catalogues tomograms, their features and particles, and finds among thousands",
    load: () => import("./survey/survey.js"),
  },
  studio: {
    group: "judge",
    synopsis: "[PATH…]",
    describe: "opens a page to look at tomograms, judge picks, annotate, and browse surveys and runs",
    load: () => import("./judge/studio.js"),
  },
  score: {
    group: "judge",
    synopsis: "SUBMISSION --truth PATH",
    describe: "scores a submission CSV by the challenge's rule",
    load: () => import("./judge/score.js"),
  },
  diagnose: {
    group: "judge",
    synopsis: "PICKS --truth PATH",
    describe: "says why picks score as they do: confidences, displacement, confusion, misses",
    load: () => import("./judge/diagnose.js"),
  },
  report: {
    group: "judge",
    synopsis: "RUN…",
    describe: "writes one page to look at of one run or several: scores, curves, errors, pictures, record",
    load: () => import("./judge/report.js"),
  },
  leaderboard: {
    group: "judge",
    synopsis: "",
    describe: "ranks the submissions from their records",
    load: () => import("./judge/leaderboard.js"),
  },
  trace: {
    group: "judge",
    synopsis: "FILE",
    describe: "says and draws how an output came about, from the raw files on, and what has changed since",
    load: () => import("./judge/trace.js"),
  },
  cite: {
    group: "judge",
    synopsis: "FILE",
    describe: "writes BibTeX of the methods that an output owes to others, and a methods paragraph",
    load: () => import("./judge/cite.js"),
  },
  workflow: {
    group: "automate",
    synopsis: "run|show|new|import [FILE]",
    describe: "runs steps, each a command, as a graph: what is up to date is not done again",
    load: async () => {
      const { workflowOf } = await import("./automate/workflow.js");
      return { command: workflowOf(() => table) };
    },
  },
  watch: {
    group: "automate",
    synopsis: "DIR --out DIR",
    describe: "has a workflow done on each tomogram that becomes complete in a folder, once",
    load: async () => {
      const { watchOf } = await import("./automate/watch.js");
      return { command: watchOf(() => table) };
    },
  },
  nets: {
    group: "machine",
    synopsis: "[NAME…]",
    describe: "lists the architectures: parameters, arithmetic, memory, receptive field, source",
    load: () => import("./machine/nets.js"),
  },
  engines: {
    group: "machine",
    synopsis: "",
    describe: "says which engines this machine can run, and how to get the others",
    load: () => import("./machine/engines.js"),
  },
  queue: {
    group: "machine",
    synopsis: "status|log|cancel|resume PLAN",
    describe:
      "looks after work that --queue does as tasks: where they stand, what they say, ending, going on",
    load: () => import("./machine/queue.js"),
  },
  bench: {
    group: "machine",
    synopsis: "[WHAT] [BEFORE] [AFTER]",
    describe:
      "times networks and the rest of the chain, beside the Python peers that are installed; compares results",
    load: () => import("./machine/bench.js"),
  },
  completion: {
    group: "machine",
    synopsis: "bash|zsh|fish",
    describe: "prints what makes a shell complete pickbench's commands and flags",
    load: async () => {
      const { completionOf } = await import("./machine/completion.js");
      return { command: completionOf(describeCommands) };
    },
  },
};

/** Describes every command in the table's order, whose files are all loaded for it. */
export async function describeCommands(): Promise<CommandDescription[]> {
  const { describeCommand } = await import("./shared/describe.js");
  const loaded = Object.entries(table).map(async ([name, entry]) =>
    describeCommand(name, entry, (await entry.load()).command),
  );
  return Promise.all(loaded);
}
