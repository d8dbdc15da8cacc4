import type { Architecture } from "./architecture.js";
import { organisersBuild } from "./baseline.js";

/** The organisers' U-Net with two convolutions a unit and dropout: norm, dropout, activation, as in MONAI. */
export const baselineResidual: Architecture = {
  name: "baseline-residual",
  description: "the challenge organisers' U-Net with two convolutions in each residual unit and dropout 0.3",
  source: "MONAI UNet with channels 48/64/80/80, strides 2/2/1, two residual units, dropout 0.3",
  ...organisersBuild({ units: 2, dropout: 0.3 }),
};
