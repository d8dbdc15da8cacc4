import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Averaged, checkProbabilities, LogitPool } from "../../../src/infer/predict/averaging.js";

const numbers = z.array(z.array(z.array(z.number())));
const { shares, ...pools } = z
  .object({
    shares: z.array(z.number()),
    softmax: numbers,
    sigmoid: numbers,
    softmaxOfMean: numbers.element,
    sigmoidOfMean: numbers.element,
  })
  .parse(JSON.parse(await readFile(new URL("../../fixtures/ensemble/pools.json", import.meta.url), "utf8")));

const channels = [null, "a", "b", "c"];
const network = (activation: "softmax" | "sigmoid", share: number): Averaged => ({
  activation,
  channels,
  share,
});

/** The voxels of the fixture as two planes of a tile: (z, channels, plane). */
function tileOf(maps: readonly (readonly number[])[]): Float32Array {
  const half = maps[0]!.length / 2;
  return Float32Array.from([0, 1].flatMap((z) => maps.flatMap((map) => map.slice(z * half, (z + 1) * half))));
}

test.each(["softmax", "sigmoid"] as const)(
  "pooled %s outputs are PyTorch's of the mean of logits",
  (activation) => {
    const members = shares.map((share) => network(activation, share));
    const pool = new LogitPool(["a", "b", "c"], members);
    for (let tile = 0; tile < 2; tile++) {
      for (const [m, said] of pools[activation].entries()) pool.add(m, tileOf(said), 2);
      const wanted = pools[`${activation}OfMean`];
      const types = pool.channels.map((type) => wanted[channels.indexOf(type)]!);
      const [got, expected] = [pool.take(2), tileOf(types)];
      expect(got).toHaveLength(expected.length);
      for (const [i, value] of got.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
    }
  },
);

test("a network that does not predict a type does not count there", () => {
  const [said] = pools.sigmoid;
  const without = { activation: "sigmoid", channels: ["b"], share: 3 } as const;
  const pool = new LogitPool(["a", "b", "c"], [network("sigmoid", 1), without]);
  pool.add(0, tileOf(said!), 2);
  pool.add(1, tileOf([said![3]!]), 2);
  const got = pool.take(2);
  const half = said![0]!.length / 2;
  const logit = (p: number) => Math.log(p / (1 - p));
  for (let i = 0; i < half; i++) {
    expect(got[i]).toBeCloseTo(said![1]![i]!, 5);
    const b = logit(said![2]![i]!) / 4 + (3 * logit(said![3]![i]!)) / 4;
    expect(got[half + i]).toBeCloseTo(1 / (1 + Math.exp(-b)), 5);
    expect(got[2 * half + i]).toBeCloseTo(said![3]![i]!, 5);
  }
});

test("certain and impossible stay finite, and what is no number stays none", () => {
  const pool = new LogitPool(["a", "b", "c"], [network("softmax", 1), network("softmax", 1)]);
  const sure = Float32Array.from([0, 1, 0, 0]);
  pool.add(0, sure, 1);
  pool.add(1, sure, 1);
  expect(pool.take(1)[0]).toBeCloseTo(1, 6);
  pool.add(0, sure, 1);
  pool.add(1, Float32Array.from([0, Number.NaN, 0, 0]), 1);
  expect(pool.take(1)[0]).toBeNaN();
});

test("heat maps and votes have no logits", () => {
  const named = (at: number) => `network ${at}`;
  const heat = { activation: "none", channels } as const;
  const votes = { ...network("sigmoid", 1), radii: [null, 1] };
  expect(() => checkProbabilities([network("softmax", 1), heat], named, "leave it")).toThrow(
    "network 1 gives heat maps, which are no probabilities and have no logits; leave it",
  );
  expect(() => checkProbabilities([votes], named, "leave it")).toThrow("network 0 gives votes for centres");
});
