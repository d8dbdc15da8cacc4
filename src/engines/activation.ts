/** Output activations: how a network's logits become the probabilities or values that particles are picked from. */
import type { Network } from "../nets/architecture.js";
import type { Value } from "../nets/value.js";

/** Output activations: softmax over classes, an independent sigmoid per particle type, or the value itself. */
export const activations = ["softmax", "sigmoid", "none"] as const;
export type Activation = (typeof activations)[number];

/**
 * Appends the output activation to a network's logits, and linear upsampling to the input's resolution. The last `offsets`
 * channels are offsets to a particle's centre and stay as they are; a network with offsets keeps its own stride, since
 * its votes are counted there. Logits that are one number a channel stay so.
 */
export function activated({ graph, logits }: Network, activation: Activation, offsets = 0): Value {
  const classes = logits.channels - offsets;
  const judged = judge(activation);
  if (offsets > 0)
    return graph.concat(
      judged(graph.selectChannels(logits, 0, classes)),
      graph.selectChannels(logits, classes, offsets),
    );
  const { stride } = logits;
  return stride?.some((step) => step > 1) ? graph.upsampleLinear(judged(logits), stride) : judged(logits);

  function judge(kind: Activation): (value: Value) => Value {
    if (kind === "softmax") return graph.softmax;
    return kind === "sigmoid" ? graph.sigmoid : (value) => value;
  }
}
