import type { Network } from "../../../nets/architecture.js";
import type { Shape3 } from "../../../volume.js";
import { type Activation, activated } from "../../activation.js";
import { Emitter } from "../emitter.js";
import type { GraphParts } from "../model.js";
import { fromChannelMajor } from "../zMajor.js";
import type { Calibration } from "./calibration.js";
import { lowerBytes } from "./lower.js";

/** What `inferenceGraph` writes, for one sample, from the image to the logits in bytes. */
export function byteGraph(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  activation: Activation,
  patch: Shape3,
  offsets: number,
  calibration: Calibration,
): GraphParts {
  const e = new Emitter();
  const image = fromChannelMajor(e, e.input("image", [1, network.input.channels, ...patch]));
  const output = activated(network, activation, offsets);
  e.output(
    "output",
    lowerBytes(e, network, output, image, weights, (value) => calibration.of(value)),
  );
  return e.parts();
}
