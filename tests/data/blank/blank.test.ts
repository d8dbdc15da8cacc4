import { describe, expect, it } from "vitest";
import { blankShare, findBlank, isBlankAt } from "../../../src/data/blank/blank.js";
import type { TomogramReader } from "../../../src/data/model.js";
import { rescale } from "../../../src/data/normalisation.js";
import { measureVolume, normalise } from "../../../src/data/normalise.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3 } from "../../../src/domain/volume.js";

const shape: Shape3 = [24, 60, 76];
const [depth, height, width] = shape;
const size = depth * height * width;

/** Normal noise, averaged over 2×2×2 voxels, with a standard deviation of 1. */
function smoothNoise(seed: number): Float32Array {
  const random = randomFor(seed, "blank");
  const noise = Float32Array.from({ length: size }, () => random.normal());
  const at = (z: number, y: number, x: number): number =>
    noise[(Math.min(z, depth - 1) * height + Math.min(y, height - 1)) * width + Math.min(x, width - 1)]!;
  return fromVoxels((z, y, x) => {
    let sum = 0;
    for (const bits of [0, 1, 2, 3, 4, 5, 6, 7])
      sum += at(z + (bits & 1), y + ((bits >> 1) & 1), x + (bits >> 2));
    return sum / Math.sqrt(8);
  });
}

function fromVoxels(value: (z: number, y: number, x: number) => number): Float32Array {
  const values = new Float32Array(size);
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) values[at++] = value(z, y, x);
  return values;
}

type Region = (z: number, y: number, x: number) => boolean;
const maskOf = (region: Region): Uint8Array =>
  Uint8Array.from(fromVoxels((z, y, x) => (region(z, y, x) ? 1 : 0)));
const filled = (
  values: Float32Array,
  region: Region,
  fill: number | ((z: number) => number),
): Float32Array => {
  const mask = maskOf(region);
  return values.map((value, at) => {
    if (mask[at] === 0) return value;
    return typeof fill === "number" ? fill : fill(Math.floor(at / (height * width)));
  });
};
/** Share of voxels in which a found mask and the true one differ. */
const wrong = (found: Uint8Array | undefined, truth: Uint8Array): number =>
  truth.reduce((sum, each, at) => sum + Math.abs(each - (found?.[at] ?? 0)), 0) / truth.length;

/** Count of places in which two arrays differ; quick, unlike a difference of large arrays in words. */
const differences = (a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): number => {
  if (!a || !b || a.length !== b.length) return -1;
  let count = 0;
  for (let at = 0; at < a.length; at++) if (!Object.is(a[at], b[at])) count++;
  return count;
};

const regions: [string, Region][] = [
  ["a slab in y", (_, y) => y < 24],
  ["most of the volume", (_, y) => y < 48],
  ["a face of one plane in z", (z) => z === 0],
  ["a margin of one voxel in x", (_, __, x) => x === width - 1],
  ["a margin of two voxels in y", (_, y) => y < 2],
  ["a frame in the planes", (_, y, x) => y < 5 || y > 53 || x < 3 || x > 66],
  ["margins of a volume tilted about y", (z, _, x) => x < 1.5 * z || x > width - 20 + z],
  ["margins of a volume turned about z", (_, y, x) => x + y < 20 || x - y > 56],
  ["all but a cylinder", (_, y, x) => (y - 30) ** 2 + (x - 38) ** 2 > 28 ** 2],
  [
    "all but an ellipsoid",
    (z, y, x) => ((z - 12) / 12) ** 2 + ((y - 30) / 28) ** 2 + ((x - 38) / 36) ** 2 > 1,
  ],
  ["a hole inside", (z, y, x) => (z - 12) ** 2 + (y - 30) ** 2 + (x - 38) ** 2 < 100],
];

describe("blank voxels of continuous data", () => {
  const data = smoothNoise(1);

  it("there are none", () => {
    expect(findBlank({ data, shape }, false)).toBeNull();
    expect(findBlank({ data: data.map((value) => 7e-6 * value), shape }, true)).toBeNull();
  });

  it.each(regions)("%s, whatever its value, to the last voxel but tips", (_, region) => {
    const truth = maskOf(region);
    const masks = [0, 0.125, 1e3, -2.5e-6].map(
      (fill) => findBlank({ data: filled(data, region, fill), shape }, false)?.mask,
    );
    for (const mask of masks) {
      expect(wrong(mask, truth)).toBeLessThan(2e-3);
      expect(differences(mask, masks[0])).toBe(0);
    }
  });

  it("NaN, wherever it is, where it is allowed", () => {
    const holes: Region = (z, y, x) => (z * 7 + y * 3 + x) % 50 === 0;
    const { mask, count } = findBlank({ data: filled(data, holes, Number.NaN), shape }, true)!;
    expect(differences(mask, maskOf(holes))).toBe(0);
    expect(count).toBe(maskOf(holes).reduce((sum, each) => sum + each, 0));
    expect(findBlank({ data: filled(data, holes, Number.NaN), shape }, false)).toBeNull();
  });

  it("margins filled with each plane's own mean, as IMOD's newstack fills them", () => {
    const margin: Region = (_, y, x) => x + y < 40 || x - y > 40;
    const found = findBlank({ data: filled(data, margin, (z) => 0.01 * z - 0.1), shape }, false);
    expect(wrong(found?.mask, maskOf(margin))).toBeLessThan(0.02);
  });

  it("two margins of different values", () => {
    const both = filled(
      filled(data, (_, y) => y < 9, 0),
      (z) => z > 20,
      5,
    );
    const truth = maskOf((z, y) => y < 9 || z > 20);
    expect(differences(findBlank({ data: both, shape }, false)?.mask, truth)).toBe(0);
  });

  it("not beads clipped to the greatest value", () => {
    const bead: Region = (z, y, x) => (z - 12) ** 2 + (y - 30) ** 2 + (x - 38) ** 2 < 26;
    expect(findBlank({ data: filled(data, bead, 4), shape }, false)).toBeNull();
  });

  it("all of a constant volume", () => {
    expect(findBlank({ data: data.map(() => 3), shape }, false)!.count).toBe(size);
  });
});

describe("blank voxels of integers", () => {
  const levels = (scale: number) => smoothNoise(2).map((value) => Math.round(value * scale));

  it.each([18, 5, 2, 1, 0.5])(
    "there are none at %d levels a standard deviation, though 0 is common",
    (scale) => {
      expect(findBlank({ data: levels(scale), shape }, false)).toBeNull();
    },
  );

  it.each([18, 5, 2, 1].flatMap((scale) => [0, -128].map((fill) => [scale, fill] as const)))(
    "a slab at %d levels a standard deviation, filled with %d",
    (scale, fill) => {
      const slab: Region = (_, y) => y < 27;
      const found = findBlank({ data: filled(levels(scale), slab, fill), shape }, false);
      expect(wrong(found?.mask, maskOf(slab))).toBeLessThan(scale >= 2 ? 0.01 : 0.06);
    },
  );
});

describe("statistics leave blank voxels out", () => {
  const data = smoothNoise(3);
  const slab: Region = (_, y) => y < 24;
  const reader = { ref: { run: "TS_1", tomoType: "wbp" } } as TomogramReader;
  const view = (fill: number) => {
    const values = filled(data, slab, fill);
    const blank = findBlank({ data: values, shape }, true)!.mask;
    return { data: values, shape, spacing: [angstrom(10), angstrom(10), angstrom(10)] as const, blank };
  };

  it("the same data are normalised to the same bits, whatever stands in the blank, which becomes 0", () => {
    const seen = [0, 0.02, 1e3, -1e6, Number.NaN].map((fill) => {
      const volume = view(fill);
      return normalise(volume.data, measureVolume(volume, reader), volume.blank);
    });
    for (const each of seen) expect(differences(each, seen[0])).toBe(0);
    const truth = maskOf(slab);
    expect(seen[0]!.every((value, at) => truth[at] === 0 || value === 0)).toBe(true);
  });

  it.each([
    "zScore",
    "minMax",
    "none",
    { percentiles: [1, 99] as [number, number], per: "tomogram" as const },
  ] as const)("%j of networks trained elsewhere is that of the data alone", (normalisation) => {
    const inSlab = maskOf(slab);
    const alone = rescale(
      data.filter((_, at) => inSlab[at] === 0),
      normalisation,
    );
    for (const fill of [0, 1e3, Number.NaN]) {
      const { data: values, blank } = view(fill);
      const got = rescale(values, normalisation, blank).filter((_, at) => blank[at] === 0);
      expect(differences(got, alone)).toBe(0);
    }
  });

  it("tells share and places", () => {
    const volume = view(0);
    expect(blankShare(volume)).toBeCloseTo(0.4, 6);
    const at = (y: number) => ({ x: angstrom(300), y: angstrom(y), z: angstrom(100) });
    expect(isBlankAt(volume, at(239))).toBe(true);
    expect(isBlankAt(volume, at(241))).toBe(false);
  });
});
