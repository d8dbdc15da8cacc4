import type { Network } from "../nets/architecture.js";
import { spatial, type Value } from "../nets/value.js";

/** What turns logits into what is picked from: a share per class, an independent one per type, or the value itself. */
export const activations = ["softmax", "sigmoid", "none"] as const;
export type Activation = (typeof activations)[number];

/**
 * A network's logits as what is picked from, at the input's resolution. The last `offsets` channels are ways to a centre
 * and stay as they are; with them the output keeps the network's own stride, for its votes to be counted.
 */
export function activated({ graph, logits }: Network, activation: Activation, offsets = 0): Value {
  const classes = logits.channels - offsets;
  const judged = judge(activation);
  if (offsets > 0)
    return graph.concat(
      judged(graph.selectChannels(logits, 0, classes)),
      graph.selectChannels(logits, classes, offsets),
    );
  const stride = spatial(logits);
  return stride.some((step) => step > 1) ? graph.upsampleLinear(judged(logits), stride) : judged(logits);

  function judge(kind: Activation): (value: Value) => Value {
    if (kind === "softmax") return graph.softmax;
    return kind === "sigmoid" ? graph.sigmoid : (value) => value;
  }
}
