import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBlank } from "../../../src/data/blank/blank.js";
import { withBlank } from "../../../src/data/normalisation.js";
import { measureValues, normalise } from "../../../src/data/normalise.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../../src/domain/volume.js";
import { cropped, dataBox } from "../../../src/infer/predict/dataBox.js";
import { openPredictor, type PredictedSlab, type Predictor } from "../../../src/infer/predict/predictor.js";
import { buildNetwork } from "../../../src/nets/architecture.js";
import { architectureNamed } from "../../../src/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../../src/nets/weights.js";

const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
const shape: Shape3 = [40, 44, 36];
const [, height, width] = shape;
const random = randomFor(5, "blank prediction");
const data = Float32Array.from({ length: voxelCount(shape) }, () => random.normal());

type Region = (z: number, y: number, x: number) => boolean;
const isIn = (region: Region, at: number): boolean =>
  region(Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width);

/** The volume with a region filled, as a network sees it. */
function view(region: Region, fill: number): Volume {
  const values = data.map((value, at) => (isIn(region, at) ? fill : value));
  const volume = withBlank({ data: values, shape, spacing }, true);
  const held = data.filter((_, at) => !isIn(region, at));
  normalise(volume.data, measureValues(held, "data"), volume.blank);
  return volume;
}

const regions: [string, Region][] = [
  ["the first planes", (z) => z < 18],
  ["the last planes and a side", (z, _, x) => z >= 22 || x < 9],
  ["a margin that is turned", (_, y, x) => x + y < 24],
  ["all but a cylinder", (_, y, x) => (y - 22) ** 2 + (x - 18) ** 2 > 14 ** 2],
];

describe.each(["float32", "int8"] as const)("prediction in %s of a volume with blank voxels", (precision) => {
  let predictor: Predictor;
  beforeAll(async () => {
    const layout = layOut(buildNetwork(architectureNamed("baseline"), { outputs: 2 }).parameters);
    const weights = namedWeights(layout, initialWeights(layout, 1));
    const network = { architecture: "baseline" as const, outputs: 2 };
    predictor = await openPredictor(
      [{ network, activation: "softmax", weights, channels: [null, "ribosome"], radii: null }],
      {
        tile: [32, 32, 32],
        overlap: 8,
        flips: false,
        rotations: false,
        engine: "onnx-cpu",
        threads: 2,
        precision,
      },
    );
  });
  afterAll(() => predictor.close());

  async function predicted(volume: Volume): Promise<Float32Array> {
    const whole = new Float32Array(voxelCount(shape));
    let z = 0;
    await predictor.predict(volume, ({ zStart, shape: [planes], values }: PredictedSlab) => {
      expect(zStart).toBe(z);
      z += planes;
      whole.set(values.get("ribosome")!, zStart * height * width);
    });
    expect(z).toBe(shape[0]);
    return whole;
  }

  it.each(regions)("%s: 0 in them, and the same elsewhere, whatever stands in them", async (_, region) => {
    const seen: Float32Array[] = [];
    for (const fill of [0, 0.3, 1e3, Number.NaN]) seen.push(await predicted(view(region, fill)));
    for (const each of seen) expect(Buffer.from(each.buffer).equals(Buffer.from(seen[0]!.buffer))).toBe(true);
    expect(seen[0]!.some((value, at) => isIn(region, at) && value !== 0)).toBe(false);
    expect(seen[0]!.some((value) => value > 0)).toBe(true);
  });

  it("a blank slab leaves what the rest gives by itself", async () => {
    const volume = view((z) => z < 18, 7);
    const box = dataBox(volume);
    expect(box).toEqual({ start: [18, 0, 0], end: [...shape] });
    const rest = cropped(volume, box);
    const alone: number[] = [];
    await predictor.predict({ data: rest.data, shape: rest.shape, spacing }, ({ values }) => {
      alone.push(...values.get("ribosome")!);
    });
    const whole = await predicted(volume);
    expect(
      Buffer.from(Float32Array.from(alone).buffer).equals(
        Buffer.from(whole.slice(18 * height * width).buffer),
      ),
    ).toBe(true);
  });
});

it("the box of a volume without blank voxels is the volume, which is not copied", () => {
  expect(findBlank({ data, shape }, false)).toBeNull();
  const volume = { data, shape, spacing };
  expect(cropped(volume, dataBox(volume))).toBe(volume);
});
