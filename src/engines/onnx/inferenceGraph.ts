/** The ONNX graph of a network for inference, its weights constant, for patches of one size. */
import type { Shape3 } from "../../domain/volume.js";
import type { Network } from "../../nets/architecture.js";
import { foldNorms } from "../../nets/foldNorms.js";
import { withoutIdleBiases } from "../../nets/idleBiases.js";
import type { Parameter, Value } from "../../nets/value.js";
import { type Activation, activated } from "../activation.js";
import { lowerBlocked } from "./blocked/lower.js";
import type { Block } from "./convolution/imageConvolution.js";
import { fromChannelMajor } from "./convolution/zMajor.js";
import { Emitter, type Tensor } from "./graph/emitter.js";
import type { GraphParts } from "./graph/model.js";
import { lowerForward } from "./lower.js";

/**
 * Writes the network with its weights as constants, for patches of one size: `image` (samples, 1, z, y, x) in, `output`
 * (samples, z, outputs, y, x) out, as `activated` returns it.
 */
export function inferenceGraph(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  activation: Activation,
  samples: number,
  patch: Shape3,
  block: Block = null,
  offsets = 0,
): GraphParts {
  return valueGraph(network, activated(network, activation, offsets), weights, samples, patch, block);
}

/** Writes the graph of any value of the network: `output` is (samples, z, channels, y, x) at the value's own stride. */
export function valueGraph(
  network: Network,
  value: Value,
  given: ReadonlyMap<string, Float32Array>,
  samples: number,
  patch: Shape3,
  block: Block = null,
): GraphParts {
  const e = new Emitter();
  const { output, weights } = foldNorms(withoutIdleBiases(value), given);
  if (block !== null && samples === 1) {
    const map = fromChannelMajor(e, e.input("image", [samples, network.input.channels, ...patch]));
    const [written] = lowerBlocked(e, block, [output], new Map([["image", map]]), weights);
    e.output("output", written!);
    return e.parts();
  }
  const tensors = new Map<Parameter, Tensor>();
  const parameter = (wanted: Parameter): Tensor => {
    const known = tensors.get(wanted);
    if (known) return known;
    const tensor = e.floats(weights.get(wanted.name)!, wanted.shape, `weights:${wanted.name}`);
    tensors.set(wanted, tensor);
    return tensor;
  };
  const image = fromChannelMajor(e, e.input("image", [samples, network.input.channels, ...patch]));
  const lowering = { e, block, parameter, training: null };
  const forward = lowerForward([output], new Map([["image", image]]), lowering);
  e.output("output", forward.get(output)!.output);
  return e.parts();
}
