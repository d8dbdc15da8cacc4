import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inferenceGraph } from "../../../src/engines/onnx/inferenceGraph.js";
import { portableModel } from "../../../src/engines/onnx/portable/portableModel.js";
import { rules } from "../../../src/engines/onnx/portable/rules.js";
import { type Array5, openSession } from "../../../src/engines/onnx/session.js";
import { buildNetwork, type Network, type NetworkOptions } from "../../../src/nets/architecture.js";
import { architectureNamed, architectures } from "../../../src/nets/catalogue.js";

import { elementCount, inOrder, parametersOf } from "../../../src/nets/value.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import type { Shape3 } from "../../../src/volume.js";
import { fixture, floatFixture, formulaWeights, numbers } from "../../nets/formula.js";
import { networkOfCase, portableCases } from "./portableCases.js";

const python = "/usr/bin/python3";
const fixturePath = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/engines/portable/${name}`, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "portable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const weightsOf = (network: Network): Map<string, Float32Array> => {
  const layout = layOut(network.parameters);
  return namedWeights(layout, formulaWeights(layout));
};

async function runModel(bytes: Uint8Array, image: Array5): Promise<Array5> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 2, logSeverityLevel: 4 });
  const input = new ort.Tensor("float32", image.data, image.dims);
  const { [session.outputNames[0]!]: output } = await session.run({ image: input });
  await session.release();
  return { data: output!.data as Float32Array, dims: output!.dims };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/** What the engine says, as (outputs, z, y, x). */
async function engineOutput(network: Network, weights: Map<string, Float32Array>, image: Array5) {
  const patch = image.dims.slice(2) as [number, number, number];
  const session = await openSession(inferenceGraph(network, weights, "none", 1, patch), {
    memoryPattern: false,
  });
  const { output } = await session.run({ image });
  await session.release();
  const [, z, channels, y, x] = output!.dims as [number, number, number, number, number];
  const moved = new Float32Array(output!.data.length);
  for (let slice = 0; slice < z; slice++)
    for (let channel = 0; channel < channels; channel++) {
      const from = (slice * channels + channel) * y * x;
      moved.set(output!.data.subarray(from, from + y * x), (channel * z + slice) * y * x);
    }
  return moved;
}

describe("each operation is PyTorch's", () => {
  const torch = JSON.parse(readFileSync(fixturePath("operations.json"), "utf8")) as Record<
    string,
    { shape: number[]; absolute: number; values: number[] }
  >;

  test("every operation that a network can hold has a case, and every case PyTorch's answer", () => {
    const kinds = Object.values(portableCases).flatMap((build) =>
      inOrder(networkOfCase(build).logits).map(({ operation }) => operation.kind),
    );
    expect(Object.keys(portableCases)).toEqual(Object.keys(torch));
    expect(new Set([...kinds])).toEqual(new Set(["input", ...Object.keys(rules)]));
  });

  test.each(Object.entries(portableCases))("%s", async (name, build) => {
    const network = networkOfCase(build);
    const { bytes } = portableModel({ network, weights: weightsOf(network), activation: null });
    const { shape, absolute, values } = torch[name]!;
    const output = await runModel(bytes, numbers("image", [2, 3, 4, 8, 12], 2));
    expect(output.dims).toEqual(shape);
    const count = output.data.length;
    const spread = Float32Array.from(values, (_, i) => output.data[Math.floor((i * (count - 1)) / 59)]!);
    expect(largestDifference(spread, Float32Array.from(values))).toBeLessThan(1e-4);
    const sum = output.data.reduce((total, value) => total + Math.abs(value), 0);
    expect(Math.abs(sum / absolute - 1)).toBeLessThan(1e-5);
  });
});

const variants: readonly (readonly [string, NetworkOptions & { readonly architecture: string }])[] = [
  ...architectures.map(({ name }) => [name, { architecture: name, outputs: 3 }] as const),
  ["plain of 5 slices", { architecture: "plain", outputs: 3, slices: 5 }],
  ["plain at half the resolution", { architecture: "plain", outputs: 3, stride: 2 }],
];
const networkOfVariant = (options: NetworkOptions & { readonly architecture: string }): Network =>
  buildNetwork(architectureNamed(options.architecture), options);

/** Sizes that leave at least two voxels along every axis of the coarsest maps, none equal to another. */
const patchOf = ({ multiple }: Network, [z, y, x]: Shape3): Shape3 => {
  const atLeast = (size: number, axis: 0 | 1 | 2) =>
    multiple[axis] * Math.max(axis + 1, Math.ceil(size / multiple[axis]));
  return [atLeast(z, 0), atLeast(y, 1), atLeast(x, 2)];
};

describe("an exported network of any architecture", () => {
  test.each(variants)("%s equals the engine at two sizes", async (_, options) => {
    const network = networkOfVariant(options);
    const weights = weightsOf(network);
    const { bytes } = portableModel({ network, weights, activation: "none" });
    for (const least of [
      [4, 8, 12],
      [6, 18, 14],
    ] as const) {
      const image = numbers("image", [1, 1, ...patchOf(network, least)], 2);
      const exported = await runModel(bytes, image);
      expect(exported.dims.slice(0, 2)).toEqual([1, 3]);
      const difference = largestDifference(exported.data, await engineOutput(network, weights, image));
      expect(difference).toBeLessThan(1e-4);
    }
  });

  test.each(["plain", "baseline"])("%s gives PyTorch's output, and a batch's samples alone", async (name) => {
    const { patch } = fixture<{ readonly patch: Shape3 }>(name);
    const network = buildNetwork(architectureNamed(name), { outputs: 7 });
    const { bytes } = portableModel({ network, weights: weightsOf(network), activation: null });
    const image = numbers("image", [1, 1, ...patch], 2);
    const output = await runModel(bytes, image);
    expect(largestDifference(output.data, floatFixture(name))).toBeLessThan(1e-4);
    const other = image.data.map((value) => value * value - 1);
    const two = { data: Float32Array.of(...other, ...image.data), dims: [2, 1, ...patch] };
    const second = (await runModel(bytes, two)).data.subarray(output.data.length);
    expect(largestDifference(second, output.data)).toBeLessThan(1e-5);
  });
});

interface Reading {
  readonly error: string | null;
  readonly operatorSets: readonly (readonly [string, number])[];
  readonly domains: readonly string[];
  readonly operators: readonly string[];
  readonly inputs: Readonly<Record<string, readonly (string | number)[]>>;
  readonly outputs: Readonly<Record<string, readonly (string | number)[]>>;
  readonly constants: Readonly<Record<string, readonly number[]>>;
  readonly metadata: Readonly<Record<string, string>>;
}

function readWithPython(paths: readonly string[]): Record<string, Reading> {
  const output = execFileSync(python, [fixturePath("check.py"), ...paths], { maxBuffer: 2 ** 28 });
  return JSON.parse(output.toString()) as Record<string, Reading>;
}

const hasOnnx = spawnSync(python, ["-c", "import onnx"]).status === 0;
if (!hasOnnx) console.warn(`skipped: ${python} has no onnx package (Debian: python3-onnx)`);

describe.skipIf(!hasOnnx)("python3-onnx", () => {
  const pathOf = (name: string) => join(folder, `${name.replaceAll(" ", "-")}.onnx`);
  let readings: Record<string, Reading>;

  beforeAll(() => {
    for (const [name, options] of variants) {
      const network = networkOfVariant(options);
      const metadata = { name, types: '["µ", null]' };
      const exported = { network, weights: weightsOf(network), activation: "softmax" } as const;
      writeFileSync(pathOf(name), portableModel(exported, { metadata }).bytes);
    }
    readings = readWithPython(variants.map(([name]) => pathOf(name)));
  });

  test.each(variants)("finds %s valid, standard, of open sizes and with its metadata", (name, options) => {
    const { error, operatorSets, domains, inputs, outputs, constants, metadata } = readings[pathOf(name)]!;
    expect(error).toBeNull();
    expect(operatorSets).toEqual([["", 17]]);
    expect(domains).toEqual([""]);
    expect(inputs).toEqual({ image: ["batch", 1, "z", "y", "x"] });
    expect(outputs).toEqual({ probabilities: ["batch", 3, "z", "y", "x"] });
    expect(metadata).toEqual({ name, types: '["µ", null]' });
    const network = networkOfVariant(options);
    const values = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
    for (const parameter of inOrder(network.logits).flatMap(({ operation }) => parametersOf(operation)))
      expect(values(constants[parameter.name]!), parameter.name).toBe(elementCount(parameter));
  });
});
