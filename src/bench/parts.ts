import type { BenchPart } from "./part.js";

interface Entry {
  readonly describe: string;
  readonly load: () => Promise<{ part: BenchPart }>;
}

/** The parts there are, in the order they run; a part's file is loaded only when it runs. */
export const parts: Readonly<Record<string, Entry>> = {
  networks: {
    describe: "a training step and an inference of each network, beside PyTorch",
    load: () => import("./networks.js"),
  },
  pick: {
    describe: "watershed picking of one volume, beside SciPy and scikit-image",
    load: () => import("./pick.js"),
  },
  read: {
    describe: "reading a tomogram, beside zarr-python",
    load: () => import("./read.js"),
  },
  score: {
    describe: "scoring a submission, beside SciPy",
    load: () => import("./score.js"),
  },
};
