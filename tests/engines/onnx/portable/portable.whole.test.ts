import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../../src/domain/volume.js";
import { portableModel } from "../../../../src/engines/onnx/portable/portableModel.js";
import { rules } from "../../../../src/engines/onnx/portable/rules.js";
import { buildNetwork, type Network } from "../../../../src/nets/architecture.js";
import { architectureNamed, architectures } from "../../../../src/nets/library/catalogue.js";
import { inOrder } from "../../../../src/nets/value.js";
import { networkOfCase, portableCases } from "../../../support/engines/portableCases.js";
import { largestDifference, runModel, swapped, weightsOf } from "../../../support/engines/portableRun.js";
import { fixture, floatFixture, formula, numbers } from "../../../support/formula.js";

const logitsModel = (network: Network): Uint8Array =>
  portableModel({ network, weights: weightsOf(network), activation: null }).bytes;

describe("each operation is PyTorch's", () => {
  /** See tests/fixtures/engines/portable/make.py. */
  const torch = JSON.parse(
    readFileSync(new URL("../../../fixtures/engines/portable/operations.json", import.meta.url), "utf8"),
  ) as Record<string, { shape: number[]; absolute: number; values: number[] }>;

  test("every operation that a network can hold has a case, and every case PyTorch's answer", () => {
    expect(Object.keys(portableCases)).toEqual(Object.keys(torch));
    const kinds = Object.values(portableCases).flatMap((build) =>
      inOrder(networkOfCase(build).logits).map(({ operation }) => operation.kind),
    );
    expect(new Set(kinds)).toEqual(new Set(["input", ...Object.keys(rules)]));
  });

  test.each(Object.entries(portableCases))("%s", async (name, build) => {
    const { shape, absolute, values } = torch[name]!;
    const { data, dims } = await runModel(
      logitsModel(networkOfCase(build)),
      numbers("image", [2, 3, 4, 8, 12], 2),
    );
    expect(dims).toEqual(shape);
    const spread = values.map((_, i) => data[Math.floor((i * (data.length - 1)) / 59)]!);
    expect(largestDifference(spread, values)).toBeLessThan(1e-4);
    const sum = data.reduce((total, value) => total + Math.abs(value), 0);
    expect(Math.abs(sum / absolute - 1)).toBeLessThan(1e-5);
  });
});

/** Each of tests/fixtures/nets says its twin's output in its own way: whole, every so many numbers, or by products. */
describe("an exported network gives its PyTorch twin's output", () => {
  const challenge = fixture<{
    readonly patch: Shape3;
    readonly every: number;
    readonly networks: Readonly<Record<string, { readonly outputs: readonly (readonly number[])[] }>>;
  }>("challenge");
  const ais = fixture<{
    readonly outputs: number;
    readonly networks: Readonly<
      Record<string, { readonly patch: Shape3; readonly norm: number; readonly products: readonly number[] }>
    >;
  }>("ais-networks");
  const whole = ["plain", "baseline"];

  const outputOf = (name: string, outputs: number, patch: Shape3) =>
    runModel(
      logitsModel(buildNetwork(architectureNamed(name), { outputs })),
      numbers("image", [1, 1, ...patch], 2),
    );

  test("and every architecture has one", () => {
    const twins = [...whole, ...Object.keys(challenge.networks), ...Object.keys(ais.networks)];
    expect(new Set(twins)).toEqual(new Set(architectures.map(({ name }) => name)));
  });

  test.each(whole)("%s", async (name) => {
    const { patch } = fixture<{ readonly patch: Shape3 }>(name);
    const { data } = await outputOf(name, 7, patch);
    expect(largestDifference(data, floatFixture(name))).toBeLessThan(1e-4);
  });

  test.each(Object.entries(challenge.networks))("%s", async (name, { outputs: [wanted] }) => {
    const { data } = await outputOf(name, 7, challenge.patch);
    expect(data.length).toBeGreaterThan((wanted!.length - 1) * challenge.every);
    const probes = wanted!.map((_, i) => data[i * challenge.every]!);
    expect(largestDifference(probes, wanted!)).toBeLessThan(1e-4);
  });

  test.each(Object.entries(ais.networks))("%s", async (name, { patch, norm, products }) => {
    const { data, dims } = await outputOf(name, ais.outputs, patch);
    const slices = swapped(data, dims.slice(1));
    const squares = products.map((product, at) => {
      const probe = formula(`probe/output/${at}`, slices.length);
      return (slices.reduce((sum, value, i) => sum + value * probe[i]!, 0) - product) ** 2;
    });
    const distance = Math.sqrt((3 * squares.reduce((a, b) => a + b)) / squares.length);
    expect(distance / norm).toBeLessThan(1e-4);
  });
});

test("the samples of a batch do not see each other", async () => {
  const bytes = logitsModel(buildNetwork(architectureNamed("baseline"), { outputs: 3 }));
  const patch = [8, 8, 12];
  const image = numbers("image", [1, 1, ...patch], 2);
  const alone = await runModel(bytes, image);
  const other = image.data.map((value) => value * value - 1);
  const both = await runModel(bytes, {
    data: Float32Array.of(...other, ...image.data),
    dims: [2, 1, ...patch],
  });
  expect(largestDifference(both.data.subarray(alone.data.length), alone.data)).toBeLessThan(1e-5);
});
