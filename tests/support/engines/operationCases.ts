/** Cases of every operation of the engine. */
import { convolutionCases } from "./convolutionCases.js";
import { cases, type OperationCase } from "./operationCase.js";

const one = [1, 1, 1] as const;
const two = [2, 2, 2] as const;

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
      "map and one a sample": (g, lead) => g[operation](lead(3), g.globalAverage(lead(3))),
      "one a sample and map": (g, lead) => g[operation](g.globalAverage(lead(1)), lead(3)),
      "one a sample and reduced": (g, lead) => g[operation](g.globalAverage(lead(3)), g.sum(lead(1))),
      "reduced and one a sample": (g, lead) =>
        g[operation](lead(3), g[operation](g.affine(g.sum(lead(1)), 0.01), g.globalAverage(lead(3)))),
      "reduced and reduced": (g, lead) => g[operation](g.sum(lead(3)), g.sum(lead(1))),
    },
    { positive: true },
  );

/** Cases of every operation of the engine; a new operation without an entry here fails a test. */
export const operationCases: readonly OperationCase[] = [
  ...convolutionCases,
  ...cases("instanceNorm", {
    plain: (g, lead) => g.instanceNorm(lead(5), "op"),
    affine: (g, lead) => g.instanceNorm(lead(5), "op", { affine: true }),
    "large epsilon": (g, lead) => g.instanceNorm(lead(2), "op", { affine: true, epsilon: 0.5 }),
  }),
  ...cases("groupNorm", {
    "three groups of two": (g, lead) => g.groupNorm(lead(6), "op", 3),
    "one group": (g, lead) => g.groupNorm(lead(5), "op", 1),
    "without scale, large epsilon": (g, lead) =>
      g.groupNorm(lead(6), "op", 2, { affine: false, epsilon: 0.5 }),
  }),
  ...cases("layerNorm", {
    affine: (g, lead) => g.layerNorm(lead(6), "op"),
    "without scale, large epsilon": (g, lead) => g.layerNorm(lead(6), "op", { affine: false, epsilon: 0.5 }),
  }),
  ...cases("batchNorm", {
    affine: (g, lead) => g.batchNorm(lead(5), "op"),
    "without scale, large epsilon": (g, lead) => g.batchNorm(lead(3), "op", { affine: false, epsilon: 0.5 }),
  }),
  ...cases("relu", { "both signs": (g, lead) => g.relu(lead(4)) }),
  ...cases("prelu", {
    "one slope": (g, lead) => g.prelu(lead(4), "op"),
    "a slope each": (g, lead) => g.prelu(lead(4), "op", { perChannel: true }),
  }),
  ...cases("leakyRelu", {
    "the usual slope": (g, lead) => g.leakyRelu(lead(4)),
    "slope 0.3": (g, lead) => g.leakyRelu(lead(4), 0.3),
  }),
  ...cases("gelu", { "both signs": (g, lead) => g.gelu(g.affine(lead(4), 2)) }),
  ...cases("abs", { "both signs": (g, lead) => g.abs(lead(4)) }),
  ...cases("dropout", { "0.3": (g, lead) => g.dropout(lead(4), "op", 0.3) }),
  ...cases(
    "maxPool",
    {
      "2×2×2": (g, lead) => g.maxPool(lead(3)),
      "1×2×2": (g, lead) => g.maxPool(lead(3), [1, 2, 2]),
      "2×1×1": (g, lead) => g.maxPool(lead(3), [2, 1, 1]),
      "3×3×3, stride 1": (g, lead) => g.maxPool(lead(3), [3, 3, 3], one),
      "3×3×3, stride 2": (g, lead) => g.maxPool(lead(3), [3, 3, 3], two),
      "1×3×4, stride 1×3×2": (g, lead) => g.maxPool(lead(3), [1, 3, 4], [1, 3, 2]),
      "1×1×1, stride 2": (g, lead) => g.maxPool(lead(3), one, two),
    },
    { step: 1e-3 },
  ),
  ...cases("averagePool", {
    "2×2×2": (g, lead) => g.averagePool(lead(3)),
    "1×2×2": (g, lead) => g.averagePool(lead(3), [1, 2, 2]),
    "2×1×1": (g, lead) => g.averagePool(lead(3), [2, 1, 1]),
    "1×3×4": (g, lead) => g.averagePool(lead(3), [1, 3, 4]),
  }),
  ...cases("globalAverage", {
    "of a map": (g, lead) => g.globalAverage(g.sigmoid(lead(3))),
    "squeeze and excite": (g, lead) => g.squeezeExcite(lead(8), "op"),
  }),
  ...cases("upsampleNearest", {
    "2×2×2": (g, lead) => g.upsampleNearest(g.averagePool(lead(3))),
    "1×2×2": (g, lead) => g.upsampleNearest(g.averagePool(lead(3), [1, 2, 2]), [1, 2, 2]),
    "2×1×1": (g, lead) => g.upsampleNearest(g.averagePool(lead(3), [2, 1, 1]), [2, 1, 1]),
    "4×3×1": (g, lead) => g.upsampleNearest(g.averagePool(lead(3), [4, 3, 1]), [4, 3, 1]),
  }),
  ...cases("upsampleLinear", {
    "2×2×2": (g, lead) => g.upsampleLinear(g.averagePool(lead(3))),
    "1×2×2": (g, lead) => g.upsampleLinear(g.averagePool(lead(3), [1, 2, 2]), [1, 2, 2]),
    "4×3×2": (g, lead) => g.upsampleLinear(g.averagePool(lead(3), [4, 3, 2]), [4, 3, 2]),
  }),
  ...cases("neighbourSlices", {
    three: (g, lead) => g.neighbourSlices(lead(2), 3),
    "more than there are": (g, lead) => g.neighbourSlices(lead(2), 11),
  }),
  ...cases("concat", {
    "two maps": (g, lead) => g.concat(lead(3), lead(2)),
    "a map twice, beside another": (g, lead) => {
      const twice = lead(2);
      return g.concat(twice, lead(1), twice);
    },
  }),
  ...cases("selectChannels", {
    "the first": (g, lead) => g.selectChannels(lead(5), 0, 2),
    "two of five": (g, lead) => g.selectChannels(lead(5), 2, 2),
    "the last": (g, lead) => g.selectChannels(lead(5), 4, 1),
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
    { positive: true },
  ),
  ...cases("exp", { "both signs": (g, lead) => g.exp(lead(3)) }),
  ...cases("log", { positive: (g, lead) => g.log(lead(3)) }, { positive: true }),
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
