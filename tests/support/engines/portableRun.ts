/** Weights and runs of exported models. */
import * as ort from "onnxruntime-node";
import type { Array5 } from "../../../src/engines/onnx/session.js";
import type { Network } from "../../../src/nets/architecture.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import { formulaWeights, numbers } from "../formula.js";

/** Returns a network's weights by the formula. */
export function weightsOf(network: Network): Map<string, Float32Array> {
  const layout = layOut(network.parameters);
  return namedWeights(layout, formulaWeights(layout));
}

const table = numbers("weights", [2 ** 16]).data;

/** Returns weights like the formula's, but faster: every parameter walks one table from its own start. */
export function quickWeightsOf(network: Network): Map<string, Float32Array> {
  const named = new Map<string, Float32Array>();
  for (const [at, { name, shape }] of network.parameters.entries()) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const kernel = shape.length === 5;
    const size = kernel ? Math.sqrt(3 / (values.length / shape[0]!)) : 0.1;
    const middle = kernel || name.endsWith(".bias") ? 0 : 1;
    for (let i = 0; i < values.length; i++)
      values[i] = middle + size * table[(i * 7919 + at * 4001 + (i >> 16)) % table.length]!;
    named.set(name, values);
  }
  return named;
}

/** Runs a model by ONNX Runtime alone and returns its only output. */
export async function runModel(bytes: Uint8Array, image: Array5): Promise<Array5> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 2, logSeverityLevel: 4 });
  const input = new ort.Tensor("float32", image.data, image.dims);
  const { [session.outputNames[0]!]: output } = await session.run({ image: input });
  await session.release();
  return { data: output!.data as Float32Array, dims: output!.dims };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values beside ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Swaps the first two axes: (z, channel, y, x), the engines' order, becomes (channel, z, y, x), or the reverse. */
export function swapped(data: Float32Array, [first, second, y, x]: readonly number[]): Float32Array {
  const [outer, inner, slice] = [first!, second!, y! * x!];
  const moved = new Float32Array(data.length);
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      const from = (i * inner + j) * slice;
      moved.set(data.subarray(from, from + slice), (j * outer + i) * slice);
    }
  return moved;
}
