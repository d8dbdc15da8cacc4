import { describe, expect, it } from "vitest";
import {
  type Normalisation,
  normalisationSchema,
  ofTomogram,
  rescale,
} from "../../src/data/normalisation.js";

const values = Float32Array.of(4, 2, 4, 4, 5, 5, 7, 9);

describe("grey values for networks trained elsewhere", () => {
  // Mean 5, population standard deviation 2; NumPy's percentile(values, [25, 75]) is [4, 5.5].
  it.each<[string, Normalisation, number[]]>([
    ["none", "none", [4, 2, 4, 4, 5, 5, 7, 9]],
    ["zScore", "zScore", [-0.5, -1.5, -0.5, -0.5, 0, 0, 1, 2]],
    ["minMax", { kind: "minMax", per: "tile" }, [2 / 7, 0, 2 / 7, 2 / 7, 3 / 7, 3 / 7, 5 / 7, 1]],
    ["mean and std", { mean: 1, std: 4 }, [0.75, 0.25, 0.75, 0.75, 1, 1, 1.5, 2]],
    ["percentiles", { percentiles: [25, 75], per: "tomogram" }, [0, 0, 0, 0, 2 / 3, 2 / 3, 1, 1]],
  ])("%s", (_, normalisation, wanted) => {
    const got = rescale(values.slice(), normalisation);
    wanted.forEach((value, i) => {
      expect(got[i]).toBeCloseTo(value, 6);
    });
  });

  it("equal values become 0", () => {
    for (const normalisation of ["zScore", "minMax"] as const)
      expect(rescale(Float32Array.of(3, 3, 3), normalisation)).toEqual(Float32Array.of(0, 0, 0));
  });

  it("those of a slice are measured plane by plane, without blank voxels", () => {
    const perSlice = { kind: "zScore", per: "slice" } as const;
    const two = Float32Array.of(...values, ...values.map((value) => 10 * value + 3));
    const wanted = rescale(values.slice(), "zScore");
    expect([...rescale(two, perSlice, undefined, 8)].map((value) => Math.fround(value))).toEqual([
      ...wanted,
      ...wanted,
    ]);
    // Of 1, 3 and a blank voxel: mean 2, deviation 1; a plane that is all blank becomes 0.
    const blank = Uint8Array.of(0, 0, 1, 1, 1, 1);
    expect(rescale(Float32Array.of(1, 3, 99, 4, 4, 4), perSlice, blank, 3)).toEqual(
      Float32Array.of(-1, 1, 0, 0, 0, 0),
    );
    expect(ofTomogram(perSlice)).toEqual(perSlice);
  });

  it("those of a tile leave the tomogram as it is", () => {
    expect(ofTomogram({ kind: "zScore", per: "tile" })).toBe("none");
    expect(ofTomogram({ percentiles: [1, 99], per: "tile" })).toBe("none");
    expect(ofTomogram("zScore")).toBe("zScore");
    expect(ofTomogram({ mean: 0, std: 1 })).toEqual({ mean: 0, std: 1 });
  });

  it("is measured over the tomogram where nothing else is said, and refuses what it does not know", () => {
    expect(normalisationSchema.parse({ kind: "minMax" })).toEqual({ kind: "minMax", per: "tomogram" });
    for (const wrong of [
      "zscore",
      { mean: 1 },
      { mean: 0, std: 0 },
      { percentiles: [99, 1] },
      { percentiles: [0, 101] },
    ])
      expect(normalisationSchema.safeParse(wrong).success).toBe(false);
  });
});
