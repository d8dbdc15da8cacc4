/** Gradients by central differences, and the engine's error against them. */
import { randomFor } from "../../../src/domain/random.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { type Dropout, dropoutMask } from "../../../src/engines/dropoutMask.js";
import type { Block } from "../../../src/engines/onnx/convolution/imageConvolution.js";
import { Emitter } from "../../../src/engines/onnx/graph/emitter.js";
import { type Array5, openSession } from "../../../src/engines/onnx/session.js";
import { maskName, writeGradient } from "../../../src/engines/onnx/trainingGraph.js";
import type { Trainable } from "../../../src/engines/trainable.js";
import { elementCount } from "../../../src/nets/value.js";

/** A loss at one point: a trainable, its batch and its weights. */
export interface Point {
  readonly trainable: Trainable;
  readonly weights: Float32Array;
  readonly batch: Readonly<Record<string, Array5>>;
  readonly samples: number;
  readonly patch: Shape3;
}

export interface LossFunction {
  at(weights: Float32Array): Promise<{ loss: number; gradient: Float32Array }>;
  release(): Promise<void>;
}

/** Returns the engine's loss and gradient as a function of the flat weights. */
export async function lossFunction(point: Point, block: Block): Promise<LossFunction> {
  const { trainable, samples, patch } = point;
  const dims = [trainable.layout.total];
  const e = new Emitter();
  const written = writeGradient(e, block, trainable, e.input("weights", dims), samples, patch);
  e.output("loss", written.loss);
  e.output("gradient", written.gradient);
  const session = await openSession(e.parts(), { threads: 1 });
  const batch = { ...point.batch, ...masksOf(written.dropouts) };
  return {
    async at(flat) {
      const results = await session.run({ ...batch, weights: { data: flat, dims } });
      return { loss: results.loss!.data[0]!, gradient: results.gradient!.data };
    },
    release: () => session.release(),
  };
}

/** Returns the dropout masks of one step. */
export const masksOf = (dropouts: readonly Dropout[], seed = 1, step = 0): Record<string, Array5> =>
  Object.fromEntries(
    dropouts.map((dropout) => [
      maskName(dropout.name),
      { data: dropoutMask(dropout, seed, step), dims: dropout.dims },
    ]),
  );

/** Element count above which parameters are probed along random directions instead of element by element. */
const fewElements = 96;
const directions = 48;
/** Length of a direction: no element moves far along it, and a longer step drowns the loss's rounding. */
const directionLength = 4;

/** Yields directions in one parameter's elements that together measure a vector's length: Σ share·(d·v)² ≈ ‖v‖². */
function* probes(name: string, count: number): Generator<{ direction: Float64Array; share: number }> {
  if (count <= fewElements) {
    for (let i = 0; i < count; i++) {
      const direction = new Float64Array(count);
      direction[i] = 1;
      yield { direction, share: 1 };
    }
    return;
  }
  for (let i = 0; i < directions; i++) {
    const random = randomFor(7, `direction/${name}`, i);
    const size = directionLength / Math.sqrt(count);
    const direction = Float64Array.from({ length: count }, () => (random.uniform() < 0.5 ? -size : size));
    yield { direction, share: count / (directionLength ** 2 * directions) };
  }
}

/**
 * Returns ‖g − g_num‖ / ‖g_num‖ of the worst parameter, with g_num by central differences. A parameter whose gradient
 * is under a twentieth of the whole (a bias that a normalisation removes again) is measured against that twentieth.
 */
export async function relativeGradientError(
  f: LossFunction,
  { trainable, weights }: Point,
  step: number,
): Promise<number> {
  const { gradient } = await f.at(weights);
  const found: { error: number; length: number }[] = [];
  let start = 0;
  for (const parameter of trainable.layout.order.filter(({ trained }) => trained)) {
    const count = elementCount(parameter);
    let error = 0;
    let length = 0;
    for (const { direction, share } of probes(parameter.name, count)) {
      const slope = direction.reduce((sum, d, i) => sum + d * gradient[start + i]!, 0);
      const numeric = await slopeAlong(f, weights, start, direction, step);
      error += share * (slope - numeric) ** 2;
      length += share * numeric ** 2;
    }
    found.push({ error, length });
    start += count;
  }
  const least = found.reduce((sum, { length }) => sum + length, 0) / 20 ** 2;
  return Math.max(...found.map(({ error, length }) => Math.sqrt(error / Math.max(length, least))));
}

/**
 * Returns the central difference of the loss along a direction; the distance is the true one between rounded weights.
 */
async function slopeAlong(
  f: LossFunction,
  weights: Float32Array,
  start: number,
  direction: Float64Array,
  step: number,
): Promise<number> {
  const moved = (sign: 1 | -1): Float32Array => {
    const flat = weights.slice();
    direction.forEach((d, i) => {
      flat[start + i]! += sign * step * d;
    });
    return flat;
  };
  const [ahead, behind] = [moved(1), moved(-1)];
  const along = direction.reduce((sum, d, i) => sum + d * (ahead[start + i]! - behind[start + i]!), 0);
  const distance = along / direction.reduce((sum, d) => sum + d * d, 0);
  return ((await f.at(ahead)).loss - (await f.at(behind)).loss) / distance;
}

/** Returns ‖a − b‖ / ‖b‖. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  const squares = (values: (i: number) => number) => b.reduce((sum, _, i) => sum + values(i) ** 2, 0);
  return Math.sqrt(squares((i) => a[i]! - b[i]!) / squares((i) => b[i]!));
}
