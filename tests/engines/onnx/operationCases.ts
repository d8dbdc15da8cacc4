import type { GraphBuilder, OperationKind, Value } from "../../../src/nets/graph.js";

/** One way of using an operation, with trained parameters before it so that its input's gradient counts too. */
export interface OperationCase {
  readonly operation: Exclude<OperationKind, "input">;
  readonly name: string;
  /** `lead` gives a map of so many channels from a trained 1×1×1 convolution; its values stay 0.3 away from 0. */
  readonly build: (g: GraphBuilder, lead: (channels: number) => Value) => Value;
  /** Whether lead values are all positive, else both signs occur. */
  readonly positive?: boolean;
}

type Build = OperationCase["build"];

function cases(
  operation: OperationCase["operation"],
  builds: Readonly<Record<string, Build>>,
  positive = false,
): OperationCase[] {
  return Object.entries(builds).map(([name, build]) => ({ operation, name, build, positive }));
}

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

type Binary = "add" | "subtract" | "multiply" | "divide";

const binary = (operation: Binary): OperationCase[] =>
  cases(
    operation,
    {
      "map and map": (g, lead) => g[operation](lead(3), lead(3)),
      "map and one channel": (g, lead) => g[operation](lead(3), lead(1)),
      "one channel and map": (g, lead) => g[operation](lead(1), lead(3)),
      "map and reduced": (g, lead) => g[operation](lead(3), g.affine(g.sum(lead(3)), 0.01)),
      "reduced and map": (g, lead) => g[operation](g.affine(g.sum(lead(3)), 0.01), lead(3)),
      "one channel and reduced": (g, lead) => g[operation](lead(1), g.affine(g.sum(lead(3)), 0.01)),
      "map and one reduced channel": (g, lead) => g[operation](lead(3), g.affine(g.sum(lead(1)), 0.01)),
      "reduced and reduced": (g, lead) => g[operation](g.sum(lead(3)), g.sum(lead(1))),
    },
    true,
  );

/** Every operation of the engine; a new one without an entry here fails a test. */
export const operationCases: readonly OperationCase[] = [
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
  ...cases("instanceNorm", {
    plain: (g, lead) => g.instanceNorm(lead(5), "op"),
    affine: (g, lead) => g.instanceNorm(lead(5), "op", { affine: true }),
    "large epsilon": (g, lead) => g.instanceNorm(lead(2), "op", { affine: true, epsilon: 0.5 }),
  }),
  ...cases("prelu", { "one slope": (g, lead) => g.prelu(lead(4), "op") }),
  ...cases("relu", { "both signs": (g, lead) => g.relu(lead(4)) }),
  ...cases("averagePool", {
    "2×2×2": (g, lead) => g.averagePool(lead(3)),
    "1×2×2": (g, lead) => g.averagePool(lead(3), [1, 2, 2]),
    "2×1×1": (g, lead) => g.averagePool(lead(3), [2, 1, 1]),
  }),
  ...cases("upsampleNearest", {
    "2×2×2": (g, lead) => g.upsampleNearest(g.averagePool(lead(3))),
    "1×2×2": (g, lead) => g.upsampleNearest(g.averagePool(lead(3), [1, 2, 2]), [1, 2, 2]),
  }),
  ...cases("concat", {
    "two maps": (g, lead) => g.concat(lead(3), lead(2)),
    "a map twice, beside another": (g, lead) => {
      const twice = lead(2);
      return g.concat(twice, lead(1), twice);
    },
  }),
  ...binary("add"),
  ...binary("subtract"),
  ...binary("multiply"),
  ...binary("divide"),
  ...cases("multiply", {
    "a map with itself": (g, lead) => {
      const x = lead(3);
      return g.multiply(x, x);
    },
  }),
  ...cases("affine", {
    "scale and offset": (g, lead) => g.affine(lead(3), -1.7, 0.4),
    "scale alone": (g, lead) => g.affine(lead(3), 0.3),
    "of a reduced value": (g, lead) => g.affine(g.sum(lead(3)), 0.3, 2),
  }),
  ...cases("channelScale", {
    "with a zero": (g, lead) => g.channelScale(lead(3), [0.5, 0, -2]),
    "of a reduced value": (g, lead) => g.channelScale(g.sum(lead(3)), [0.5, 1, -2]),
  }),
  ...cases(
    "power",
    { "2.5": (g, lead) => g.power(lead(3), 2.5), "1": (g, lead) => g.power(lead(3), 1) },
    true,
  ),
  ...cases("exp", { "both signs": (g, lead) => g.exp(lead(3)) }),
  ...cases("log", { positive: (g, lead) => g.log(lead(3)) }, true),
  ...cases("softplus", { "both signs": (g, lead) => g.softplus(lead(3)) }),
  ...cases("sigmoid", { "both signs": (g, lead) => g.sigmoid(lead(3)) }),
  ...cases("softmax", {
    "seven channels": (g, lead) => g.softmax(lead(7)),
    "of large values": (g, lead) => g.softmax(g.affine(lead(3), 4, 200)),
  }),
  ...cases("logSoftmax", {
    "seven channels": (g, lead) => g.logSoftmax(lead(7)),
    "of large values": (g, lead) => g.logSoftmax(g.affine(lead(3), 4, 200)),
  }),
  ...cases("sum", { "of a map": (g, lead) => g.sum(g.sigmoid(lead(3))) }),
  ...cases("sumChannels", {
    "of a map": (g, lead) => g.sumChannels(g.sigmoid(lead(3))),
    "of a reduced value": (g, lead) => g.sumChannels(g.sum(g.sigmoid(lead(3)))),
  }),
];
