/** Cases of convolutions for tests of an engine. */
import type { GraphBuilder } from "../../../src/nets/graph.js";
import { type Build, cases, type OperationCase } from "./operationCase.js";

const one = [1, 1, 1] as const;
const two = [2, 2, 2] as const;
const flat = [1, 2, 2] as const;
const cube = (size: number) => [size, size, size] as const;

const convolution =
  (from: number, to: number, options: Parameters<GraphBuilder["convolution"]>[3] = {}): Build =>
  (g, lead) =>
    g.convolution(lead(from), "op", to, options);

/** A transposed convolution on a map that is coarser than the patch by the stride. */
const transposed =
  (from: number, to: number, options: Parameters<GraphBuilder["transposedConvolution"]>[3] = {}): Build =>
  (g, lead) => {
    const { stride } = options;
    return g.transposedConvolution(
      stride ? g.averagePool(lead(from), stride) : lead(from),
      "op",
      to,
      options,
    );
  };

/** Convolutions of every shape that the engine implements in a different way. */
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
    "5³, 2 → 3 channels": convolution(2, 3, { kernel: cube(5) }),
    "5³, 16 → 16 channels": convolution(16, 16, { kernel: cube(5) }),
    "1×15×15, 1 → 5 channels": convolution(1, 5, { kernel: [1, 15, 15] }),
    "1×15×15, 16 → 16 channels": convolution(16, 16, { kernel: [1, 15, 15] }),
    "2³, 3 → 2 channels": convolution(3, 2, { kernel: cube(2) }),
    "4³, 16 → 16 channels": convolution(16, 16, { kernel: cube(4) }),
    "1×4×4, 3 → 5 channels, no bias": convolution(3, 5, { kernel: [1, 4, 4], bias: false }),
    "4×3×2, 5 → 3 channels": convolution(5, 3, { kernel: [4, 3, 2] }),
    "1³ stride 2, 5 → 3 channels": convolution(5, 3, { kernel: one, stride: two }),
    "2³ stride 2, 16 → 16 channels": convolution(16, 16, { kernel: two, stride: two }),
    "4³ stride 2, 16 → 16 channels": convolution(16, 16, { kernel: cube(4), stride: two }),
    "5³ stride 2, 3 → 5 channels": convolution(3, 5, { kernel: cube(5), stride: two }),
    "7³ stride 2, 2 → 3 channels": convolution(2, 3, { kernel: cube(7), stride: two }),
    "3³ stride 1×2×2, 16 → 16 channels": convolution(16, 16, { stride: flat }),
    "1×4×4 stride 1×2×2, 3 → 5 channels": convolution(3, 5, { kernel: [1, 4, 4], stride: flat }),
    "7³ stride 1×2×2, 3 → 2 channels": convolution(3, 2, { kernel: cube(7), stride: flat }),
    "3³ stride 2×1×2, 3 → 2 channels": convolution(3, 2, { stride: [2, 1, 2] }),
    "3³ dilation 2, 16 → 16 channels": convolution(16, 16, { dilation: two }),
    "3³ dilation 1×2×3, 5 → 3 channels": convolution(5, 3, { dilation: [1, 2, 3] }),
    "2×4×3 dilation 3×1×4, 3 → 5 channels": convolution(3, 5, { kernel: [2, 4, 3], dilation: [3, 1, 4] }),
    "3³ dilation 1×3×1, stride 2×1×1, 3 → 2 channels": convolution(3, 2, {
      dilation: [1, 3, 1],
      stride: [2, 1, 1],
    }),
    "3³ in 2 groups, 32 → 32 channels": convolution(32, 32, { groups: 2 }),
    "3³ in 3 groups, 6 → 9 channels": convolution(6, 9, { groups: 3 }),
    "4³ stride 2 in 2 groups, 4 → 6 channels": convolution(4, 6, { kernel: cube(4), stride: two, groups: 2 }),
    "3³ dilation 2 in 2 groups, 4 → 2 channels, no bias": convolution(4, 2, {
      dilation: two,
      groups: 2,
      bias: false,
    }),
    "depthwise 3³, 16 channels": convolution(16, 16, { groups: 16 }),
    "depthwise 3³, 5 channels": convolution(5, 5, { groups: 5 }),
    "depthwise 5×1×3, 16 channels, no bias": convolution(16, 16, {
      kernel: [5, 1, 3],
      groups: 16,
      bias: false,
    }),
    "depthwise 7³, 16 channels": convolution(16, 16, { kernel: cube(7), groups: 16 }),
    "depthwise 4³, 3 channels": convolution(3, 3, { kernel: cube(4), groups: 3 }),
    "depthwise 3³ dilation 2×1×2, 16 channels": convolution(16, 16, { dilation: [2, 1, 2], groups: 16 }),
    "depthwise 3³ stride 2, 16 channels": convolution(16, 16, { stride: two, groups: 16 }),
    "depthwise 3³ stride 1×2×2, 3 → 6 channels": convolution(3, 6, { stride: flat, groups: 3 }),
    "1³ on the means of each sample": (g, lead) => {
      const x = lead(5);
      return g.multiply(x, g.convolution(g.globalAverage(x), "op", 5, { kernel: one }));
    },
    "1³ on sums, 5 → 3 channels": (g, lead) =>
      g.convolution(g.affine(g.sum(lead(5)), 0.01), "op", 3, { kernel: one }),
  }),
  ...cases("transposedConvolution", {
    "3³, 16 → 16 channels": transposed(16, 16),
    "3³, 7 → 5 channels, no bias": transposed(7, 5, { bias: false }),
    "3³, 16 → 7 channels": transposed(16, 7),
    "3³ stride 2, 32 → 16 channels": transposed(32, 16, { stride: two }),
    "3³ stride 2, 16 → 7 channels": transposed(16, 7, { stride: two }),
    "3³ stride 2, 7 → 5 channels, no bias": transposed(7, 5, { stride: two, bias: false }),
    "3³ stride 2, 1 → 16 channels": transposed(1, 16, { stride: two }),
    "2³, 5 → 3 channels": transposed(5, 3, { kernel: two }),
    "4³, 16 → 16 channels": transposed(16, 16, { kernel: cube(4) }),
    "2³ stride 2, 16 → 16 channels": transposed(16, 16, { kernel: two, stride: two }),
    "2³ stride 2, 3 → 5 channels, no bias": transposed(3, 5, { kernel: two, stride: two, bias: false }),
    "4³ stride 2, 16 → 16 channels": transposed(16, 16, { kernel: cube(4), stride: two }),
    "3³ stride 1×2×2, 5 → 3 channels": transposed(5, 3, { stride: flat }),
    "1×2×2 stride 1×2×2, 16 → 16 channels": transposed(16, 16, { kernel: flat, stride: flat }),
    "1×4×4 stride 1×2×2, 3 → 5 channels": transposed(3, 5, { kernel: [1, 4, 4], stride: flat }),
    "3³ stride 2×1×2, 3 → 2 channels": transposed(3, 2, { stride: [2, 1, 2] }),
  }),
];
