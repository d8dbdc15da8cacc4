/** Architecture `eman2`: EMAN2's slice-wise network. */
import type { Architecture } from "../architecture.js";
import { convolution2D, doubled2D, halved2D } from "./planar.js";

/** EMAN2's network as in Ais: 378,081 parameters with 1 output. */
export const eman2: Architecture = {
  name: "eman2",
  description: "three 15×15 convolutions, the last two at half the resolution, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after EMAN2 (Chen et al., Nature Methods 2017)",
  build(g, x, outputs) {
    const fine = g.relu(convolution2D(g, x, "conv1", 40, 15));
    const coarse = g.relu(convolution2D(g, halved2D(g, fine), "conv2", 40, 15));
    return doubled2D(g, convolution2D(g, coarse, "conv3", outputs, 15));
  },
};
