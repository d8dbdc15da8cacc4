import type { GraphBuilder } from "../../../src/nets/graph.js";
import { type Build, cases, type OperationCase } from "./operationCase.js";

const one = [1, 1, 1] as const;
const two = [2, 2, 2] as const;

const convolution =
  (from: number, to: number, options: Parameters<GraphBuilder["convolution"]>[3] = {}): Build =>
  (g, lead) =>
    g.convolution(lead(from), "op", to, options);

/** On a map of half the patch's size where it doubles it. */
const transposed =
  (from: number, to: number, options: Parameters<GraphBuilder["transposedConvolution"]>[3] = {}): Build =>
  (g, lead) =>
    g.transposedConvolution(options.stride ? g.averagePool(lead(from)) : lead(from), "op", to, options);

/** Convolutions of every shape that the engine writes in its own way. */
export const convolutionCases: readonly OperationCase[] = [
  ...cases("convolution", {
    "3³, 16 → 16 channels": convolution(16, 16),
    "3³, 32 → 16 channels": convolution(32, 16),
    "3³, 16 → 32 channels, no bias": convolution(16, 32, { bias: false }),
    "3³, 7 → 5 channels": convolution(7, 5),
    "3³, 5 → 7 channels, no bias": convolution(5, 7, { bias: false }),
    "3³, 16 → 20 channels": convolution(16, 20),
    "3³, 1 → 16 channels": convolution(1, 16),
    "3³, 32 → 1 channel": convolution(32, 1),
    "3³, 32 → 7 channels": convolution(32, 7),
    "3³ stride 2, 16 → 32 channels": convolution(16, 32, { stride: two }),
    "3³ stride 2, 7 → 5 channels, no bias": convolution(7, 5, { stride: two, bias: false }),
    "3³ stride 2, 1 → 16 channels": convolution(1, 16, { stride: two }),
    "1³, 16 → 32 channels": convolution(16, 32, { kernel: one }),
    "1³, 7 → 5 channels, no bias": convolution(7, 5, { kernel: one, bias: false }),
    "1×3×3, 16 → 16 channels": convolution(16, 16, { kernel: [1, 3, 3] }),
    "3×1×1, 5 → 7 channels": convolution(5, 7, { kernel: [3, 1, 1] }),
    "5³, 2 → 3 channels": convolution(2, 3, { kernel: [5, 5, 5] }),
  }),
  ...cases("transposedConvolution", {
    "3³, 16 → 16 channels": transposed(16, 16),
    "3³, 7 → 5 channels, no bias": transposed(7, 5, { bias: false }),
    "3³, 16 → 7 channels": transposed(16, 7),
    "3³ stride 2, 32 → 16 channels": transposed(32, 16, { stride: two }),
    "3³ stride 2, 16 → 7 channels": transposed(16, 7, { stride: two }),
    "3³ stride 2, 7 → 5 channels, no bias": transposed(7, 5, { stride: two, bias: false }),
    "3³ stride 2, 1 → 16 channels": transposed(1, 16, { stride: two }),
  }),
];
