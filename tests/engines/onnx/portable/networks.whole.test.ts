import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Shape3 } from "../../../../src/domain/volume.js";
import { inferenceGraph } from "../../../../src/engines/onnx/inferenceGraph.js";
import { checkModel } from "../../../../src/engines/onnx/portable/checkModel.js";
import { type PortableOptions, portableModel } from "../../../../src/engines/onnx/portable/portableModel.js";
import { type Array5, openSession } from "../../../../src/engines/onnx/session.js";
import { buildNetwork, type Network } from "../../../../src/nets/architecture.js";
import {
  architectureNamed,
  architectures,
  type NetworkSpec,
} from "../../../../src/nets/library/catalogue.js";
import { elementCount, inOrder, parametersOf } from "../../../../src/nets/value.js";
import {
  largestDifference,
  quickWeightsOf,
  runModel,
  swapped,
} from "../../../support/engines/portableRun.js";
import { numbers } from "../../../support/formula.js";

const variants: readonly (readonly [string, NetworkSpec])[] = [
  ...architectures.map(({ name }) => [name, { architecture: name, outputs: 3 }] as const),
  ["plain of 5 slices", { architecture: "plain", outputs: 3, slices: 5 }],
  ["plain at half the resolution", { architecture: "plain", outputs: 3, stride: 2 }],
];
const networkOf = (spec: NetworkSpec): Network => buildNetwork(architectureNamed(spec.architecture), spec);

/** Two sizes that differ along every axis. A norm over few voxels magnifies rounding: its coarsest maps have six. */
function patchesOf({ multiple, logits }: Network): readonly Shape3[] {
  const normed = inOrder(logits).some(({ operation }) => operation.kind === "instanceNorm");
  const counts = normed
    ? [
        [1, 2, 3],
        [2, 3, 1],
      ]
    : [
        [1, 1, 2],
        [2, 2, 1],
      ];
  return counts.map((count) => {
    const size = (axis: 0 | 1 | 2) => count[axis]! * multiple[axis] * Math.ceil(4 / multiple[axis]);
    return [size(0), size(1), size(2)];
  });
}

/** What the engine says, as (outputs, z, y, x). */
async function engineOutput(
  network: Network,
  weights: Map<string, Float32Array>,
  image: Array5,
): Promise<Float32Array> {
  const patch = image.dims.slice(2) as [number, number, number];
  const graph = inferenceGraph(network, weights, "none", 1, patch);
  const session = await openSession(graph, { memoryPattern: false });
  const { output } = await session.run({ image });
  await session.release();
  return swapped(output!.data, output!.dims.slice(1));
}

describe("an exported network equals the engine", () => {
  test.each(variants)("%s at two sizes", async (_, spec) => {
    const network = networkOf(spec);
    const weights = quickWeightsOf(network);
    const { bytes } = portableModel({ network, weights, activation: "none" });
    for (const patch of patchesOf(network)) {
      const image = numbers("image", [1, 1, ...patch], 2);
      const exported = await runModel(bytes, image);
      expect(exported.dims).toEqual([1, 3, ...patch]);
      const difference = largestDifference(exported.data, await engineOutput(network, weights, image));
      expect(difference).toBeLessThan(1e-4);
    }
  });

  const half = networkOf({ architecture: "plain", outputs: 5, stride: 2 });
  const halves: readonly (readonly [string, Omit<PortableOptions, "network" | "weights">])[] = [
    ["logits", { activation: null }],
    ["probabilities", { activation: "softmax" }],
    ["probabilities_and_offsets", { activation: "softmax", offsets: 3 }],
    ["value", { activation: "none" }],
  ];
  test.each(halves)("half the resolution, as %s", async (name, head) => {
    const options = { network: half, weights: quickWeightsOf(half), ...head };
    const { bytes, parts } = portableModel(options);
    const axes = ["probabilities", "value"].includes(name)
      ? ["z", "y", "x"]
      : ["z_over_2", "y_over_2", "x_over_2"];
    expect(parts.outputs).toMatchObject([{ name, dims: ["batch", 5, ...axes] }]);
    const check = await checkModel(bytes, options);
    expect(check.largestDifference).toBeLessThan(1e-5 * Math.max(1, check.largestValue));
  });

  test("and where it does not, the check sees it", async () => {
    const network = networkOf({ architecture: "plain", outputs: 3 });
    const weights = quickWeightsOf(network);
    const { bytes } = portableModel({ network, weights, activation: null });
    const others = new Map(weights).set("head.bias", Float32Array.of(0, 0.5, 0));
    expect(
      (await checkModel(bytes, { network, weights: others, activation: null })).largestDifference,
    ).toBeGreaterThan(0.3);
  });
});

const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("../../../fixtures/engines/portable/check.py", import.meta.url));
const hasOnnx = spawnSync(python, ["-c", "import onnx"]).status === 0;
if (!hasOnnx) console.warn(`skipped: ${python} has no onnx package (Debian: python3-onnx)`);

type Sizes = Readonly<Record<string, readonly (string | number)[]>>;
/** See tests/fixtures/engines/portable/check.py. */
interface Reading {
  readonly error: string | null;
  readonly operatorSets: readonly (readonly [string, number])[];
  readonly domains: readonly string[];
  readonly inputs: Sizes;
  readonly outputs: Sizes;
  readonly constants: Readonly<Record<string, readonly number[]>>;
  readonly metadata: Readonly<Record<string, string>>;
}

describe.skipIf(!hasOnnx)("python3-onnx", () => {
  const folder = mkdtempSync(join(tmpdir(), "portable-"));
  const pathOf = (name: string) => join(folder, `${name.replaceAll(" ", "-")}.onnx`);
  let readings: Readonly<Record<string, Reading>>;

  beforeAll(() => {
    for (const [name, spec] of variants) {
      const network = networkOf(spec);
      const options: PortableOptions = { network, weights: quickWeightsOf(network), activation: "softmax" };
      const metadata = { name, types: '["µ", null]' };
      writeFileSync(pathOf(name), portableModel(options, { metadata }).bytes);
    }
    const paths = variants.map(([name]) => pathOf(name));
    const output = execFileSync(python, [script, ...paths], { maxBuffer: 2 ** 28 });
    readings = JSON.parse(output.toString()) as Record<string, Reading>;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(variants)("finds %s valid, standard, of open sizes and with its metadata", (name, spec) => {
    const { error, operatorSets, domains, inputs, outputs, constants, metadata } = readings[pathOf(name)]!;
    expect(error).toBeNull();
    expect(operatorSets).toEqual([["", 17]]);
    expect(domains).toEqual([""]);
    expect(inputs).toEqual({ image: ["batch", 1, "z", "y", "x"] });
    expect(outputs).toEqual({ probabilities: ["batch", 3, "z", "y", "x"] });
    expect(metadata).toEqual({ name, types: '["µ", null]' });
    const values = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
    for (const parameter of inOrder(networkOf(spec).logits).flatMap(({ operation }) =>
      parametersOf(operation),
    ))
      expect(values(constants[parameter.name]!), parameter.name).toBe(elementCount(parameter));
  });
});
