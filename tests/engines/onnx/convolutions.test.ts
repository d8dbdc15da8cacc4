import { beforeAll, describe, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import type { Block } from "../../../src/engines/onnx/convolution/imageConvolution.js";
import type { Tensor } from "../../../src/engines/onnx/graph/emitter.js";
import { type Array5, machineBlock } from "../../../src/engines/onnx/session.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import type { Value } from "../../../src/nets/value.js";
import { expectSeen, runOperation, type Seen } from "../../support/engines/singleOperation.js";
import { fixture, numbers } from "../../support/formula.js";

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

const { size, cases } = fixture<Fixture>("convolutions");
const samples = 2;

describe.each(["blocked", "unblocked"])("convolutions, %s, have PyTorch's output and gradients", (kind) => {
  let block: Block = null;
  beforeAll(async () => {
    block = kind === "blocked" ? await machineBlock() : null;
  });

  test.each(Object.entries(cases))("%s", async (_, { results, ...shape }) => {
    const found = await run(shape, block);
    expectSeen(found, results);
  });
});

/** The operation's output and its gradients with respect to `x` and its parameters, which are inputs here. */
function run(shape: Omit<Case, "results">, block: Block): Promise<Record<string, Array5>> {
  const given = new Map<string, Tensor>();
  return runOperation(declared(shape), {
    x: numbers("x", [samples, shape.channels[0], ...size]),
    block,
    parameter:
      (_, give) =>
      ({ name, shape: dims }) => {
        const known = given.get(name) ?? give(name, numbers(name, dims));
        given.set(name, known);
        return known;
      },
    training: () => null,
    gradients: true,
  });
}

function declared({ kind, channels: [inner, out], ...options }: Omit<Case, "results">): Value {
  const g = new GraphBuilder();
  return g[kind](g.input("x", inner), "op", out, options);
}
