import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { densityOf, readDensities, smoothedTo } from "../../../src/data/simulate/density.js";
import { angstrom } from "../../../src/domain/units.js";

const maps = fileURLToPath(new URL("../../../../shared/data/densities", import.meta.url));

describe("readDensities", () => {
  it.skipIf(!existsSync(maps))(
    "knows the maps by their PDB entries (skipped without ../shared)",
    async () => {
      const found = await readDensities(maps, 10);
      expect([...found.keys()].sort()).toEqual([
        "apo-ferritin",
        "beta-amylase",
        "beta-galactosidase",
        "distractor 8vaf",
        "ribosome",
        "thyroglobulin",
        "virus-like-particle",
      ]);
      const sum = found.get("ribosome")!.map.data.reduce((total, value) => total + value, 0);
      expect(sum / 3.3e6).toBeCloseTo(1, 3);
      expect(found.get("apo-ferritin")!.radius).toBeGreaterThan(55);
      expect(found.get("apo-ferritin")!.radius).toBeLessThan(80);
    },
  );
});

describe("smoothedTo", () => {
  it("spreads a fine map to coarser voxels and keeps its sum and centre", () => {
    const step = angstrom(4);
    const data = new Float32Array(12 * 13 * 14);
    data[(5 * 13 + 6) * 14 + 7] = 3;
    data[(5 * 13 + 6) * 14 + 8] = 1;
    data[0] = 0.01;
    const smooth = smoothedTo({ data, shape: [12, 13, 14], spacing: [step, step, step] }, 10);
    const rim = (smooth.shape[0] - 12) / 2;
    const { centre } = densityOf("test", smooth, 1);
    expect(smooth.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(4, 4);
    expect(Math.max(...smooth.data)).toBeLessThan(1.5);
    expect(centre.map((index) => index - rim)).toEqual([
      expect.closeTo(5, 4),
      expect.closeTo(6, 4),
      expect.closeTo(7.25, 4),
    ]);
  });

  it("refuses a map without density by name", () => {
    const step = angstrom(10);
    const empty = { data: new Float32Array(8), shape: [2, 2, 2], spacing: [step, step, step] } as const;
    expect(() => densityOf("ribosome", empty, 1)).toThrow(/density map of ribosome has the sum 0/);
  });
});
