/** Memory that networks take, by the graphs that ONNX Runtime would run: estimated without running them. */
import type { Shape3 } from "../../domain/volume.js";
import type { Network } from "../../nets/architecture.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { elementCount } from "../../nets/value.js";
import type { Activation } from "../activation.js";
import type { TrainerSpec } from "../engine.js";
import { buildTrainable, type LossBuilder, ownRateMask } from "../trainable.js";
import type { Provider } from "./graph/emitter.js";
import { liveBytes } from "./graph/liveMemory.js";
import { inferenceGraph } from "./inferenceGraph.js";
import { providerBlock } from "./session.js";
import { trainingGraph } from "./trainingGraph.js";

const mebi = 2 ** 20;

/** What is known of a training before it starts. */
export type EstimatedTraining = Pick<
  TrainerSpec,
  "network" | "optimiser" | "samples" | "patch" | "isWeighedByChannel" | "start"
>;

/** Returns the MiB that a training step takes at least: state, batch, and all that lives at once. */
export async function trainingMiB(
  spec: EstimatedTraining,
  buildLoss: LossBuilder,
  provider: Provider,
): Promise<number> {
  const trainable = buildTrainable(await loadNetwork(spec.network), buildLoss, spec.isWeighedByChannel);
  const taken = ownRateMask(trainable.layout, spec.start);
  const block = await providerBlock(provider);
  const { optimiser, samples, patch } = spec;
  return liveBytes(trainingGraph(trainable, optimiser, samples, patch, block, provider, taken).parts) / mebi;
}

/** Returns the MiB that a network's inference on a patch takes at least: weights, patch, and all that lives at once. */
export async function inferenceMiB(
  network: Network,
  activation: Activation,
  offsets: number,
  patch: Shape3,
  provider: Provider,
): Promise<number> {
  const zeros = network.parameters.map(
    (parameter) => [parameter.name, new Float32Array(elementCount(parameter))] as const,
  );
  const block = await providerBlock(provider);
  return liveBytes(inferenceGraph(network, new Map(zeros), activation, 1, patch, block, offsets)) / mebi;
}
