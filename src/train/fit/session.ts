/** Training sessions: what one is opened for in its thread, and how long its steps take. */
import { openPatchStream, type PatchSource } from "../../data/patches/stream.js";
import type { EngineName } from "../../engines/engine.js";
import { borrowThread, builtModule } from "../../system/threads/threads.js";
import { averageDecay } from "../experiment/budget.js";
import type { Experiment } from "../experiment/schema.js";
import { hasOwnRate } from "../experiment/startChoice.js";
import type { TakenWeights } from "../transfer/transfer.js";
import { type ExperimentNetwork, patchSpecOf } from "./networks.js";
import type { OpenRequest, StepRequest } from "./trainWorker.js";

/** What a training session is opened for. */
export interface TrainedSpec {
  readonly experiment: Experiment;
  readonly network: ExperimentNetwork;
  readonly seed: number;
  readonly engine: EngineName;
  readonly threads: number;
  /** Weights taken from a trained network; all are drawn at random if absent. */
  readonly taken?: TakenWeights | undefined;
}

/** Returns the request that opens a training session in its thread. */
export function openRequest({ experiment, network, seed, engine, threads, taken }: TrainedSpec): OpenRequest {
  const { optimiser, patch } = experiment;
  return {
    engine,
    spec: {
      network: network.network,
      optimiser,
      samples: patch.batch,
      patch: patch.shape,
      seed,
      threads,
      start: taken && { ...taken, hasOwnRate: hasOwnRate(experiment.from) },
      isWeighedByChannel: network.features.length > 0,
    },
    losses: experiment.loss,
    activation: network.activation,
    offsetWeight: network.radii && experiment.head.offsetWeight,
  };
}

/** Steps that are timed, after a first one in which the engine makes itself ready. */
const timed = 3;

/**
 * Measures the time in ms that a training step takes here, as the median of a few real ones. They are made in a session of
 * their own, so that the training begins as if there had been none.
 */
export async function measureStep(spec: TrainedSpec, sources: readonly PatchSource[]): Promise<number> {
  const { experiment, network, seed } = spec;
  const stream = await openPatchStream(patchSpecOf(experiment, network, seed), sources);
  const thread = borrowThread(builtModule(import.meta.url, "./trainWorker.js"));
  try {
    await thread.call("open", openRequest(spec));
    const times: number[] = [];
    for (let step = 0; step <= timed; step++) {
      const batch = await stream.batch(step);
      const from = performance.now();
      const decay = averageDecay(experiment.optimiser, step);
      const request: StepRequest = { batch, step, rate: 0, averageDecay: decay };
      await thread.call("step", request);
      times.push(performance.now() - from);
    }
    return times.slice(1).toSorted((a, b) => a - b)[(timed - 1) / 2]!;
  } finally {
    await Promise.all([thread.close(), stream.close()]);
  }
}
