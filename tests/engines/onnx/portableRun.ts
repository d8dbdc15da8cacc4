import * as ort from "onnxruntime-node";
import type { Array5 } from "../../../src/engines/onnx/session.js";
import type { Network } from "../../../src/nets/architecture.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import { formulaWeights } from "../../nets/formula.js";

/** A network's weights by the formula. */
export function weightsOf(network: Network): Map<string, Float32Array> {
  const layout = layOut(network.parameters);
  return namedWeights(layout, formulaWeights(layout));
}

/** The one output of a model, by ONNX Runtime alone. */
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

/** (z, channel, y, x), the engines' order, as (channel, z, y, x), or the other way with the first two swapped. */
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
