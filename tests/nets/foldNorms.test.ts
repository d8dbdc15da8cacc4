import { expect, test } from "vitest";
import { foldNorms } from "../../src/nets/foldNorms.js";
import { GraphBuilder } from "../../src/nets/graph.js";
import { inOrder, type OperationOf, type Value } from "../../src/nets/value.js";

const statistics = { "norm.running_mean": [3, -1], "norm.running_var": [4, 0.25] };
const affine = { "norm.weight": [2, 1], "norm.bias": [1, -2] };
const weightsOf = (values: Record<string, number[]>): Map<string, Float32Array> =>
  new Map(Object.entries(values).map(([name, numbers]) => [name, Float32Array.from(numbers)]));

const kinds = (output: Value): string[] => inOrder(output).map(({ operation }) => operation.kind);

test("a batch norm multiplies the kernels before it and moves the biases: w·s/σ and (b − mean)·s/σ + shift", () => {
  const g = new GraphBuilder();
  const convolution = g.convolution(g.input("image", 1), "a", 2, { kernel: [1, 1, 1] });
  const output = g.relu(g.batchNorm(convolution, "norm", { epsilon: 0 }));
  const given = weightsOf({ "a.weight": [5, 7], "a.bias": [1, 2], ...statistics, ...affine });
  const folded = foldNorms(output, given);
  expect(kinds(folded.output)).toEqual(["input", "convolution", "relu"]);
  const { weight, bias } = folded.output.inputs[0]!.operation as OperationOf<"convolution">;
  expect([...folded.weights.get(weight.name)!]).toEqual([5, 14]);
  expect([...folded.weights.get(bias!.name)!]).toEqual([-1, 4]);
  expect([...given.get("a.weight")!]).toEqual([5, 7]);
});

test("of a transposed kernel the second axis is the output's", () => {
  const g = new GraphBuilder();
  const wide = g.concat(g.input("image", 1), g.input("other", 1));
  const up = g.transposedConvolution(wide, "a", 2, { kernel: [1, 1, 1], stride: [1, 1, 1], bias: false });
  const given = weightsOf({ "a.weight": [5, 7, 11, 13], ...statistics, ...affine });
  const folded = foldNorms(g.batchNorm(up, "norm", { epsilon: 0 }), given);
  const { weight, bias } = folded.output.operation as OperationOf<"transposedConvolution">;
  expect([...folded.weights.get(weight.name)!]).toEqual([5, 14, 11, 26]);
  expect([...folded.weights.get(bias!.name)!]).toEqual([-2, 0]);
});

test("a convolution that is used elsewhere too keeps its norm", () => {
  const g = new GraphBuilder();
  const convolution = g.convolution(g.input("image", 1), "a", 2);
  const output = g.add(g.batchNorm(convolution, "norm"), convolution);
  const given = weightsOf({ "a.weight": new Array(54).fill(1), "a.bias": [0, 0], ...statistics, ...affine });
  expect(foldNorms(output, given).output).toBe(output);
});
