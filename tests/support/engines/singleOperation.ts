/** A single operation on the engine, compared with PyTorch. */
import { expect } from "vitest";
import type { Block } from "../../../src/engines/onnx/convolution/imageConvolution.js";
import { fromChannelMajor } from "../../../src/engines/onnx/convolution/zMajor.js";
import { Emitter, type Tensor } from "../../../src/engines/onnx/graph/emitter.js";
import { ruleOf } from "../../../src/engines/onnx/operations.js";
import type { TrainingLowering } from "../../../src/engines/onnx/rules/rule.js";
import { type Array5, openSession } from "../../../src/engines/onnx/session.js";
import type { Parameter, Value } from "../../../src/nets/value.js";
import { formula, numbers } from "../formula.js";

/** Summary of an array by PyTorch: its sizes, its length, and its product with the formula's numbers. */
export interface Seen {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly product: number;
}

export function expectSeen(
  found: Readonly<Record<string, Array5>>,
  results: Readonly<Record<string, Seen>>,
): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(results).sort());
  for (const [of, { shape, norm, product }] of Object.entries(results)) {
    const { data, dims } = found[of]!;
    expect(dims, of).toEqual(shape);
    const probe = formula(`probe/${of}`, data.length);
    const difference = data.reduce((sum, value, i) => sum + value * probe[i]!, 0) - product;
    expect(Math.abs(Math.hypot(...data) - norm) / norm, `norm of ${of}`).toBeLessThan(1e-5);
    expect(Math.abs(difference) / norm, `product of ${of}`).toBeLessThan(1e-5);
  }
}

/** Adds an array as an input of the graph and returns its tensor. */
export type Give = (name: string, array: Array5) => Tensor;

export interface Operand {
  readonly x: Array5;
  readonly block: Block;
  readonly parameter: (e: Emitter, give: Give) => (parameter: Parameter) => Tensor;
  readonly training: (give: Give) => TrainingLowering | null;
  /** Whether to compute the gradients with respect to `x` and the parameters besides the output. */
  readonly gradients: boolean;
}

/**
 * Runs one operation and returns output and gradients in PyTorch's order of axes; the output's gradient is the
 * formula's.
 */
export async function runOperation(
  value: Value,
  { x, block, parameter, training, gradients }: Operand,
): Promise<Record<string, Array5>> {
  const e = new Emitter();
  const feeds: Record<string, Array5> = {};
  const give: Give = (name, array) => {
    feeds[name] = array;
    return e.input(name, array.dims);
  };
  const output = (name: string, tensor: Tensor) => e.output(`new.${name}`, tensor);
  const lowering = { e, block, parameter: parameter(e, give), training: training(give) };
  const rule = ruleOf(value);
  const input = fromChannelMajor(e, give("x", x));
  const result = rule.forward(value.operation, [input], lowering);
  const forward = "output" in result ? result : { output: result, saved: [] };
  output("output", channelMajor(e, forward.output));
  if (gradients) {
    const [n, z, c, ...slice] = forward.output.dims;
    const gradient = fromChannelMajor(e, give("gradient", numbers("gradient", [n!, c!, z!, ...slice])));
    const [inputGradient] = rule.backward(value.operation, {
      ...lowering,
      ...forward,
      inputs: [input],
      gradient,
      needed: [true],
      addParameterGradient: ({ name }, tensor) => output(name, tensor),
    });
    output("x", channelMajor(e, inputGradient!));
  }
  const session = await openSession(e.parts(), { threads: 1 });
  const arrays = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name.slice("new.".length), array]),
  );
}

const channelMajor = (e: Emitter, map: Tensor): Tensor => e.transpose(map, [0, 2, 1, 3, 4]);
