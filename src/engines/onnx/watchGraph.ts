/** The ONNX graph that watches a training: losses and output of one example by given weights, as when predicting. */
import type { Parameter } from "../../nets/value.js";
import { type Activation, activated } from "../activation.js";
import type { TrainerSpec, WatchResult } from "../engine.js";
import type { Trainable } from "../trainable.js";
import { Emitter, type Provider, type Tensor } from "./graph/emitter.js";
import { lowerForward } from "./lower.js";
import { type Array5, openSession, providerBlock } from "./session.js";
import { batchTensors, parametersIn, partName, partsIn } from "./trainingGraph.js";

/** A loaded graph that watches. */
export interface WatchSession {
  /** Computes one example, fed by the names of the trainable's inputs, with flat weights. */
  run(weights: Array5, example: Readonly<Record<string, Array5>>): Promise<WatchResult>;
  release(): Promise<void>;
}

/** The output that is returned beside the losses. */
interface Output {
  readonly activation: Activation;
  /** Number of offset channels, which are the last outputs. */
  readonly offsets: number;
}

/** Opens a session of its own, of one example; without ONNX Runtime's memory plan, which would keep its memory. */
export async function openWatchSession(
  { network, objectives, parts, batchInputs, layout }: Trainable,
  { patch, threads }: TrainerSpec,
  { activation, offsets }: Output,
  provider: Provider,
): Promise<WatchSession> {
  const e = new Emitter(provider);
  const tensors = parametersIn(e, e.input("weights", [layout.total]), layout);
  const inputs = batchTensors(e, batchInputs, 1, patch);
  const output = activated(network, activation, offsets);
  const { loss } = objectives[0]!;
  const block = await providerBlock(provider);
  const parameter = (wanted: Parameter): Tensor => tensors.get(wanted)!;
  const wanted = [loss, ...parts.map(({ value }) => value), output];
  const forward = lowerForward(wanted, inputs, { e, block, parameter, training: null });
  e.output("loss", e.reshape(forward.get(loss)!.output, [1]));
  for (const { name, value } of parts) e.output(partName(name), e.reshape(forward.get(value)!.output, [1]));
  e.output("output", forward.get(output)!.output);
  const session = await openSession(e.parts(), { threads, provider, memoryPattern: false });
  return {
    async run(weights, example) {
      const results = await session.run({ weights, ...example });
      return {
        loss: results.loss!.data[0]!,
        parts: partsIn(results, parts),
        output: results.output!.data,
      };
    },
    release: () => session.release(),
  };
}
