/** A small search with a template of random blobs, for tests of matching. */
import { randomRotation } from "../../src/data/simulate/rotation.js";
import { randomFor } from "../../src/domain/random.js";
import type { Rotation } from "../../src/domain/rotation.js";
import type { Shape3 } from "../../src/domain/volume.js";
import { sharedFloats } from "../../src/formats/sharedFloats.js";
import type { SearchJob } from "../../src/matching/search/best.js";
import { cubeEdge } from "../../src/matching/search/kernels.js";
import type { Sampled, Template, TemplateMask } from "../../src/matching/template.js";
import { frequencyWeights, type Weighting } from "../../src/matching/weights.js";

/** Draws a map of few Gaussian blobs within a radius of a cube's middle. */
export function blobs(seed: number, edge: number, radius: number): Sampled {
  const random = randomFor(seed, "blobs");
  const centres = Array.from({ length: 7 }, () =>
    [0, 0, 0].map(() => edge / 2 + random.between(-radius, radius) * 0.55),
  );
  const data = Float32Array.from({ length: edge ** 3 }, (_, at) => {
    const place = [Math.floor(at / edge ** 2), Math.floor(at / edge) % edge, at % edge];
    return centres.reduce(
      (sum, centre, blob) =>
        sum +
        (1 + blob / 7) *
          Math.exp((-0.5 * centre.reduce((far, c, axis) => far + (c - place[axis]!) ** 2, 0)) / 1.2),
      0,
    );
  });
  return { data, shape: [edge, edge, edge] };
}

interface SceneOptions {
  readonly shape?: Shape3;
  readonly rotations?: number;
  readonly mask?: TemplateMask;
  readonly weighting?: Weighting;
}

/** Makes a search of noise for a template: the job with its tomogram, and the rotations as lists. */
export function matchingScene({
  shape = [30, 44, 52],
  rotations = 6,
  mask,
  weighting = {},
}: SceneOptions = {}): {
  job: SearchJob;
  turns: Rotation[];
} {
  const template: Template = {
    name: "blobs",
    path: "blobs.mrc",
    map: blobs(1, 15, 5),
    step: 1.1,
    centre: [7.3, 6.9, 7.1],
    reach: 6.5,
    radius: 5,
    mask: mask ?? { kind: "sphere", radius: 4.6, edge: 0.5 },
  };
  const random = randomFor(5, "scene");
  const turns = Array.from({ length: rotations }, () => randomRotation(random));
  const volume = sharedFloats(shape[0] * shape[1] * shape[2]);
  for (let at = 0; at < volume.length; at++) volume[at] = random.normal();
  const weights = frequencyWeights(cubeEdge(template), 10, weighting);
  return {
    job: { template, weights, sign: -1, rotations: Float64Array.from(turns.flat()), volume, shape },
    turns,
  };
}
