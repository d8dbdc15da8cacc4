import { convolutionCases } from "./convolutionCases.js";
import { cases, type OperationCase } from "./operationCase.js";

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
  ...convolutionCases,
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
