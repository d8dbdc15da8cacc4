import { describe, expect, it } from "vitest";
import {
  type Contrast,
  commonContrast,
  contrastAtPicks,
  contrastOfVoxels,
  differingContrast,
  otherContrast,
} from "../../src/data/contrast.js";
import { randomFor } from "../../src/domain/random.js";
import { angstrom } from "../../src/domain/units.js";
import { positionToIndex, type Shape3, type Volume, voxelCount } from "../../src/domain/volume.js";

const shape: Shape3 = [40, 80, 80];
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
const ribosome = { name: "ribosome", radius: angstrom(60), weight: 1, color: [0, 0, 0] as const };
const particles = [ribosome] as unknown as Parameters<typeof contrastAtPicks>[2];
const picks = [100, 200, 300].flatMap((z) =>
  [150, 400, 650].flatMap((y) =>
    [150, 400, 650].map((x) => ({ type: "ribosome", x: angstrom(x), y: angstrom(y), z: angstrom(z) })),
  ),
);

/** Noise with a ball of the given height at each pick. */
function tomogram(height: number, noise = 1): Volume {
  const random = randomFor(3, "contrast test");
  const data = Float32Array.from({ length: voxelCount(shape) }, () => noise * random.normal());
  for (const pick of picks) {
    const [cz, cy, cx] = positionToIndex(pick, spacing);
    for (let z = 0; z < shape[0]; z++)
      for (let y = Math.ceil(cy - 6); y <= cy + 6; y++)
        for (let x = Math.ceil(cx - 6); x <= cx + 6; x++)
          if (Math.hypot(z - cz, y - cy, x - cx) < 5) data[(z * shape[1] + y) * shape[2] + x]! += height;
  }
  return { data, shape, spacing };
}

describe("contrast", () => {
  it.each<[number, number, Contrast]>([
    [-3, 1, "dark"],
    [3, 1, "bright"],
    [-0.7, 2, "dark"],
    [0, 1, "unknown"],
  ])("of picks where particles have a height of %d in noise of %d is %s", (height, noise, wanted) => {
    const volume = tomogram(height, noise);
    expect(contrastAtPicks(volume, picks, particles)).toBe(wanted);
    const scaled = { ...volume, data: volume.data.map((value) => 7e-6 * value + 1) };
    expect(contrastAtPicks(scaled, picks, particles)).toBe(wanted);
  });

  it("without picks, is told by the skewness, or unknown where noise hides it", () => {
    expect(contrastOfVoxels(tomogram(-5))).toBe("dark");
    expect(contrastOfVoxels(tomogram(5))).toBe("bright");
    expect(contrastOfVoxels(tomogram(-0.7, 2))).toBe("unknown");
    expect(contrastOfVoxels({ ...tomogram(0), data: new Float32Array(voxelCount(shape)) })).toBe("unknown");
  });

  it("is not led astray by blank voxels", () => {
    const volume = tomogram(-4);
    const blank = Uint8Array.from(volume.data, (_, at) => (at % shape[2] < 30 ? 1 : 0));
    const filled = {
      ...volume,
      data: volume.data.map((value, at) => (blank[at] === 1 ? 100 : value)),
      blank,
    };
    expect(contrastOfVoxels(filled)).toBe("dark");
    expect(contrastAtPicks(filled, picks, particles)).toBe("dark");
  });

  it("runs that differ are named, the fewer as inverted", () => {
    const byRun = new Map<string, Contrast>([
      ["TS_1", "dark"],
      ["TS_2", "bright"],
      ["TS_3", "dark"],
      ["TS_4", "unknown"],
    ]);
    expect(differingContrast(byRun)).toMatch(
      /bright in TS_2 and dark in TS_1, TS_3.*contrast of TS_2 inverted/,
    );
    byRun.delete("TS_2");
    expect(differingContrast(byRun)).toBeNull();
  });

  it("training and prediction that differ are told; unknown and mixed ones are not", () => {
    expect(otherContrast("TS_9", "bright", "dark")).toMatch(/TS_9: .*inverted/);
    expect(otherContrast("TS_9", "dark", "bright")).toMatch(/TS_9: .*training as where they are bright/);
    for (const [here, trained] of [
      ["dark", "dark"],
      ["unknown", "dark"],
      ["bright", "unknown"],
      ["bright", "mixed"],
    ] as const)
      expect(otherContrast("TS_9", here, trained)).toBeNull();
    expect(commonContrast(["dark", "unknown", "dark"])).toBe("dark");
    expect(commonContrast(["dark", "bright"])).toBe("mixed");
    expect(commonContrast([])).toBe("unknown");
  });
});
