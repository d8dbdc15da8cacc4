import { describe, expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { BlockCorrelator } from "../../src/matching/blocks/correlator.js";
import { goodLength } from "../../src/matching/blocks/pffft.js";

describe("correlation of blocks", () => {
  test.each([
    [1, 16],
    [97, 128],
    [112, 128],
    [129, 144],
    [145, 160],
    [200, 240],
    [630, 640],
  ])("takes %d voxels in a length of %d", (asked, length) => expect(goodLength(asked)).toBe(length));

  test("equals the sum that defines it, with two kernels and two blocks at once", async () => {
    const random = randomFor(3, "blocks");
    const shape = [16, 32, 48] as const;
    const reach = 3;
    const places = Int32Array.from({ length: 3 * 90 }, () => random.integer(2 * reach + 1) - reach);
    const unique = new Map<string, number[]>();
    for (let at = 0; at < 90; at++) {
      const place = [...places.slice(3 * at, 3 * at + 3)];
      unique.set(place.join(), place);
    }
    const support = { reach, places: Int32Array.from([...unique.values()].flat()) };
    const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
    const kernels = [draw(unique.size), draw(unique.size)];
    const blocks = [draw(16 * 32 * 48), draw(16 * 32 * 48)];
    const correlator = await BlockCorrelator.open(shape, support, 2);
    for (const [at, block] of blocks.entries()) correlator.load(at, block);
    correlator.setKernels(kernels[0]!, kernels[1]);
    expect(correlator.valid).toEqual([10, 26, 42]);
    let farthest = 0;
    let seen = 0;
    for (const [at, block] of blocks.entries()) {
      const rows = Int32Array.from({ length: 10 * 26 }, (_, row) => row).filter((row) => row % 3 !== 1);
      correlator.correlate(at, rows, (index, floats, from) => {
        const row = rows[index]!;
        for (let x = 0; x < 42; x++) {
          const sums = [0, 0];
          for (let p = 0; p < unique.size; p++) {
            const [dz, dy, dx] = support.places.slice(3 * p, 3 * p + 3);
            const z = Math.floor(row / 26) + reach + dz!;
            const value = block[(z * 32 + (row % 26) + reach + dy!) * 48 + x + reach + dx!]!;
            for (const k of [0, 1]) sums[k]! += kernels[k]![p]! * value;
          }
          for (const k of [0, 1])
            farthest = Math.max(farthest, Math.abs(floats[from + 2 * x + k]! / (16 * 32 * 48) - sums[k]!));
          seen++;
        }
      });
    }
    correlator.close();
    expect(seen).toBe(2 * 173 * 42);
    expect(farthest).toBeLessThan(2e-5);
  });
});
