/** Architecture `unet`: Ais's slice-wise U-Net. */
import type { Architecture } from "../architecture.js";
import type { Value } from "../value.js";
import { convolution2D, doubled2D, halved2D } from "./planar.js";

/** Ais's U-Net, with one 3×3 convolution a level on either side: 922,881 parameters with 1 output. */
export const unet: Architecture = {
  name: "unet",
  description: "a three-level U-Net of 64/128/256 channels, one 3×3 convolution each, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after U-Net (Ronneberger et al., MICCAI 2015)",
  build(g, x, outputs) {
    const layer = (input: Value, name: string, channels: number) =>
      g.relu(convolution2D(g, input, name, channels, 3));
    const a = layer(x, "down1", 64);
    const b = layer(halved2D(g, a), "down2", 128);
    const c = layer(halved2D(g, b), "down3", 256);
    const middle = layer(g.concat(doubled2D(g, c), b), "up2", 128);
    const top = layer(g.concat(doubled2D(g, middle), a), "up1", 64);
    return convolution2D(g, top, "head", outputs, 1);
  },
};
