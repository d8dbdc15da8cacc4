/** The parts of the bench. The room `bench` measures speed and memory beside peers and the machine's peak. */
import type { BenchOptions, BenchPart } from "./measured.js";

interface Entry {
  readonly describe: string;
  /** Whether it runs only where it is named. */
  readonly isNamed?: true;
  readonly load: () => Promise<{ part: BenchPart }>;
}

/** The parts in the order they run; a part's file is loaded only when it runs. */
export const parts: Readonly<Record<string, Entry>> = {
  networks: {
    describe: "a training step and an inference of each network, beside PyTorch",
    load: () => import("./parts/networks.js"),
  },
  predict: {
    describe: "a full tomogram, Zarr to CSV, beside the time that the challenge allows",
    load: () => import("./parts/predict.js"),
  },
  pick: {
    describe: "watershed picking of one volume, beside SciPy and scikit-image",
    load: () => import("./parts/pick.js"),
  },
  read: {
    describe: "reading a tomogram, beside zarr-python and zarrita",
    load: () => import("./parts/read.js"),
  },
  score: {
    describe: "scoring a submission, beside SciPy",
    load: () => import("./parts/score.js"),
  },
  start: {
    describe: "starting the command line, beside starting Node alone and importing PyTorch",
    load: () => import("./parts/start.js"),
  },
  augment: {
    describe: "making training patches, beside the training step that needs them",
    load: () => import("./parts/augment.js"),
  },
  growth: {
    describe:
      "time and memory of whole commands against voxels, tomograms, features, picks and threads, within --limit; only where it is named",
    load: () => import("./parts/growth.js"),
    isNamed: true,
  },
  card: {
    describe:
      "a graphics card: steps, inference, a tomogram and a run on every engine that starts, beside PyTorch with CUDA, within --limit; only where it is named",
    load: () => import("./parts/card.js"),
    isNamed: true,
  },
};

/** Parts that `short` times, each with what it times of it: what takes seconds, each thing beside a peer. */
export const shortForm: readonly { readonly part: string; readonly options: Partial<BenchOptions> }[] = [
  { part: "networks", options: { nets: ["baseline", "plain"], sizes: [32] } },
  { part: "read", options: { volume: [64, 256, 256] } },
  { part: "score", options: {} },
];
