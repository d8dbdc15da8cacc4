/** Twenty small tomograms, a network trained on four of them, and what a submission of all is without a queue. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { cached } from "./cached.js";
import { type Ended, pickbenchProcess } from "./commandLine.js";
import { allowTiny, tinyExperiment } from "./tinyRun.js";

export interface QueueScene {
  /** For whatever a test writes. */
  readonly folder: string;
  readonly data: string;
  /** Of the network, and of a search of its rate. */
  readonly experiment: string;
  /** Arguments of `submit` but for its --out. */
  readonly submit: readonly string[];
  /** The CSV that `submit` writes without a queue. */
  readonly csv: string;
}

const phantoms = {
  runs: 20,
  shape: [40, 64, 64],
  spacing: 10,
  seed: 1,
  part: "train",
  flat: true,
  counts: new Map([
    ...(["beta-amylase", "beta-galactosidase", "thyroglobulin", "virus-like-particle"] as const).map(
      (type) => [type, 0] as const,
    ),
    ["apo-ferritin", 3],
    ["ribosome", 1],
  ]),
} as const;

const changes = {
  predict: { tile: [40, 64, 64], overlap: 8 },
  budget: "8 steps",
  search: { "optimiser.rate": { log: [1e-3, 3e-2] } },
};

/** Makes the scene; all but its folder is made once for all tests. */
export async function queueScene(): Promise<QueueScene> {
  const recipe = JSON.stringify([{ ...phantoms, counts: [...phantoms.counts] }, changes]);
  const made = await cached("queue", recipe, async (out) => {
    await simulateDataset({ ...phantoms, out: join(out, "data") });
    const experiment = await tinyExperiment(join(out, "tiny.yaml"), changes);
    const submissions = join(out, "submissions");
    const run = [
      "run",
      experiment,
      "--data",
      join(out, "data"),
      "--out",
      join(out, "model"),
      "--threads",
      "1",
    ];
    await well(...run, "--submissions", submissions, "--quiet");
    await well(...submitOf(out), "--out", join(out, "local.csv"), "--quiet");
  });
  const folder = await mkdtemp(join(tmpdir(), "pickbench queue's "));
  const experiment = join(made, "tiny.yaml");
  return {
    folder,
    data: join(made, "data"),
    experiment,
    submit: submitOf(made),
    csv: join(made, "local.csv"),
  };
}

const submitOf = (made: string): string[] => [
  ...["submit", join(made, "model", "best.safetensors"), ...allowTiny(made)],
  ...["--data", join(made, "data"), "--threads", "1"],
];

/** Runs the command line, which must end well. */
export async function well(...args: readonly string[]): Promise<Ended> {
  const ended = await pickbenchProcess(...args);
  if (ended.code !== 0)
    throw new Error(`pickbench ${args.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}

/** Where the tasks of a plan stand, as `queue status` says. */
export async function statusOf(plan: string): Promise<{
  readonly counts: Readonly<Record<string, number>>;
  readonly tasks: readonly {
    readonly name: string;
    readonly status: string;
    readonly attempts: number;
    readonly message: string | null;
    /** Slurm's. */
    readonly job: string | null;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
  }[];
}> {
  return JSON.parse((await well("queue", "status", plan, "--json")).stdout);
}
