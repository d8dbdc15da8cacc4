import { beforeAll, describe, expect, test } from "vitest";
import { Emitter, type Tensor } from "../../../src/engines/onnx/emitter.js";
import type { Block } from "../../../src/engines/onnx/imageConvolution.js";
import { ruleOf } from "../../../src/engines/onnx/operations.js";
import { type Array5, machineBlock, openSession } from "../../../src/engines/onnx/session.js";
import { fromChannelMajor } from "../../../src/engines/onnx/zMajor.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import type { Value } from "../../../src/nets/value.js";
import type { Shape3 } from "../../../src/volume.js";
import { fixture, formula, numbers } from "../../nets/formula.js";

/** Made with PyTorch by tests/fixtures/nets/convolutions.py. */
interface Fixture {
  readonly size: Shape3;
  readonly cases: Readonly<Record<string, Case>>;
}

interface Case {
  readonly kind: "convolution" | "transposedConvolution";
  readonly channels: readonly [number, number];
  readonly kernel: Shape3;
  readonly stride: Shape3;
  readonly dilation: Shape3;
  readonly groups: number;
  readonly bias: boolean;
  readonly results: Readonly<Record<string, Seen>>;
}

/** An array by its sizes, its length and its product with the formula's numbers. */
interface Seen {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly product: number;
}

const { size, cases } = fixture<Fixture>("convolutions");
const samples = 2;

describe.each(["blocked", "unblocked"])("convolutions, %s, have PyTorch's output and gradients", (kind) => {
  let block: Block = null;
  beforeAll(async () => {
    block = kind === "blocked" ? await machineBlock() : null;
  });

  test.each(Object.entries(cases))("%s", async (_, { results, ...shape }) => {
    const found = await run(shape, block);
    expect(Object.keys(found).sort()).toEqual(Object.keys(results).sort());
    for (const [name, { shape: dims, norm, product }] of Object.entries(results)) {
      const { data } = found[name]!;
      expect(found[name]!.dims, name).toEqual(dims);
      const probe = formula(`probe/${name}`, data.length);
      expect(Math.abs(Math.hypot(...data) / norm - 1), `norm of ${name}`).toBeLessThan(1e-5);
      const difference = data.reduce((sum, value, i) => sum + value * probe[i]!, 0) - product;
      expect(Math.abs(difference) / norm, `product of ${name}`).toBeLessThan(1e-5);
    }
  });
});

/** The operation's output and its gradients with respect to `x` and its parameters, in PyTorch's order of axes. */
async function run(shape: Omit<Case, "results">, block: Block): Promise<Record<string, Array5>> {
  const e = new Emitter();
  const value = declared(shape);
  const feeds: Record<string, Array5> = {};
  const given = (name: string, dims: readonly number[]): Tensor => {
    feeds[name] = numbers(name, dims);
    return e.input(name, dims);
  };
  const parameters = new Map<string, Tensor>();
  const parameter = ({ name, shape: dims }: { name: string; shape: readonly number[] }): Tensor => {
    if (!parameters.has(name)) parameters.set(name, given(name, dims));
    return parameters.get(name)!;
  };
  const output = (name: string, tensor: Tensor) => e.output(`new.${name}`, tensor);
  const lowering = { e, block, parameter, training: null };
  const rule = ruleOf(value);
  const x = fromChannelMajor(e, given("x", [samples, shape.channels[0], ...size]));
  const result = rule.forward(value.operation, [x], lowering);
  const y = "output" in result ? result.output : result;
  output("output", channelMajor(e, y));
  const [n, z, channels, ...slice] = y.dims;
  const gradient = fromChannelMajor(e, given("gradient", [n!, channels!, z!, ...slice]));
  const context = { inputs: [x], output: y, saved: [], gradient, needed: [true] };
  const [inputGradient] = rule.backward(value.operation, {
    ...lowering,
    ...context,
    addParameterGradient: ({ name }, tensor) => output(name, tensor),
  });
  output("x", channelMajor(e, inputGradient!));
  const session = await openSession(e.parts(), { threads: 1 });
  const arrays = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name.slice("new.".length), array]),
  );
}

function declared({ kind, channels: [inner, out], ...options }: Omit<Case, "results">): Value {
  const g = new GraphBuilder();
  return g[kind](g.input("x", inner), "op", out, options);
}

const channelMajor = (e: Emitter, map: Tensor): Tensor => e.transpose(map, [0, 2, 1, 3, 4]);
