import { describe, expect, it } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { fitSlab, parseSlab } from "../../../src/infer/slab/choose.js";
import type { Slab } from "../../../src/infer/slab/slab.js";
import type { SlabReader } from "../../../src/infer/slab/sources.js";
import { spacingOf } from "../../support/pickingFixtures.js";

const shape = [60, 128, 160] as const;
const settings = { form: "plane", margin: 0 } as const;

/** Faces of a tilted, wedge-shaped sample, in Å. */
const low = (x: number, y: number) => 120 + 0.06 * x - 0.03 * y;
const high = (x: number, y: number) => 430 - 0.04 * x + 0.05 * y;

const readerOf = (value: (z: number, y: number, x: number) => number): SlabReader => ({
  shape,
  spacing: spacingOf(10),
  async eachSlab(visit) {
    for (let z0 = 0; z0 < shape[0]; z0 += 20) {
      const values = new Float32Array(20 * shape[1] * shape[2]);
      for (let i = 0; i < values.length; i++) {
        const x = i % shape[2];
        const y = Math.floor(i / shape[2]) % shape[1];
        values[i] = value(z0 + Math.floor(i / (shape[1] * shape[2])), y, x);
      }
      visit(z0, values);
    }
  },
});

const isInside = (z: number, y: number, x: number) => {
  const [px, py, pz] = [10 * x + 5, 10 * y + 5, 10 * z + 5];
  return pz >= low(px, py) && pz <= high(px, py);
};

/** The greatest distance between a slab's faces and the true ones, in the middle and near the corners. */
const errorOf = (slab: Slab) =>
  Math.max(
    ...[
      [800, 640],
      [100, 100],
      [1500, 100],
      [100, 1180],
      [1500, 1180],
    ].flatMap(([x, y]) => {
      const [a, b] = slab.span(x!, y!);
      return [Math.abs(a - low(x!, y!)), Math.abs(b - high(x!, y!))];
    }),
  );

describe("the sample's slab", () => {
  it("goes through the faces of a mask, or of what a mask leaves, whatever a third of its columns say", async () => {
    const noise = randomFor(1, "slab", 0);
    const wrong = Array.from({ length: shape[1] * shape[2] }, () => noise.uniform() < 0.3);
    const map = readerOf((z, y, x) => (isInside(z, y, x) && !wrong[y * shape[2] + x] ? 0.9 : 0.1));
    expect(errorOf(await fitSlab(parseSlab("ice:0.5"), settings, { run: "a", map }))).toBeLessThan(6);
    const outside = readerOf((z, y, x) => (isInside(z, y, x) ? 0 : 1));
    expect(errorOf(await fitSlab(parseSlab("!void:0.5"), settings, { run: "a", map: outside }))).toBeLessThan(
      6,
    );
  });

  it("holds all but 4 % of the picks", async () => {
    const random = randomFor(2, "slab", 0);
    const places = Float64Array.from(
      Array.from({ length: 3000 }, () => {
        const [x, y] = [random.between(0, 1600), random.between(0, 1280)];
        return [x, y, random.between(low(x, y), high(x, y))];
      }).flat(),
    );
    for (const form of ["plane", "curved"] as const) {
      const slab = await fitSlab({ kind: "picks" }, { form, margin: 0 }, { run: "a", places });
      const inside = Array.from(
        { length: 3000 },
        (_, i) => slab.distance(places[3 * i]!, places[3 * i + 1]!, places[3 * i + 2]!) <= 0,
      );
      expect(inside.filter(Boolean).length / 3000).toBeCloseTo(0.96, 2);
      expect(errorOf(slab)).toBeLessThan(form === "plane" ? 25 : 45);
      const wider = await fitSlab({ kind: "picks" }, { form, margin: 30 }, { run: "a", places });
      expect(wider.distance(800, 640, 600)).toBeCloseTo(slab.distance(800, 640, 600) - 30, 9);
    }
  });

  it("lies where there is contrast, and is refused where there is none", async () => {
    const random = randomFor(3, "slab", 0);
    const tomogram = readerOf((z, y, x) => random.normal() * (isInside(z, y, x) ? 1.3 : 1));
    expect(errorOf(await fitSlab({ kind: "contrast" }, settings, { run: "a", tomogram }))).toBeLessThan(20);
    const even = readerOf(() => random.normal());
    await expect(fitSlab({ kind: "contrast" }, settings, { run: "a", tomogram: even })).rejects.toThrow(
      "a: tomogram: the contrast tells no sample",
    );
  });

  it("measures distances at right angles to its faces, below 0 inside", async () => {
    const map = readerOf((z, _, x) => (Math.abs(z - 20 - x / 8) <= 6 ? 1 : 0));
    const slab = await fitSlab(parseSlab("ice:0.5"), settings, { run: "a", map });
    const [, top] = slab.span(800, 640);
    const tilt = Math.hypot(1, 1 / 8);
    expect(slab.distance(800, 640, top)).toBeCloseTo(0, 9);
    expect(slab.distance(800, 640, top + 50)).toBeCloseTo(50 / tilt, 0);
    expect(slab.distance(800, 640, top - 30)).toBeCloseTo(-30 / tilt, 0);
  });

  it("refuses what it cannot be fitted to", async () => {
    const input = { run: "a", places: Float64Array.of(1, 2, 3) };
    await expect(fitSlab({ kind: "picks" }, settings, input)).rejects.toThrow(
      "1 points for the sample's surface, wanted 6",
    );
    const line = Float64Array.from(Array.from({ length: 50 }, (_, i) => [i, 2 * i, i % 7]).flat());
    await expect(fitSlab({ kind: "picks" }, settings, { run: "a", places: line })).rejects.toThrow(
      "lie on one line",
    );
    await expect(fitSlab({ kind: "contrast" }, settings, input)).rejects.toThrow(
      "has no tomogram; name the data set by --data",
    );
    for (const text of ["ice", "ice:", "!:5", "ice:x", "a:1:2"])
      expect(() => parseSlab(text)).toThrow("--slab is");
  });
});
