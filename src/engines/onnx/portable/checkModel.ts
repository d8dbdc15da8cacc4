import { randomFor } from "../../../domain/random.js";
import { type Shape3, voxelCount } from "../../../domain/volume.js";
import type { Network } from "../../../nets/architecture.js";
import { activated } from "../../activation.js";
import { valueGraph } from "../inferenceGraph.js";
import { createFromModel, openSession, tensorOf } from "../session.js";
import { outputNameOf, type PortableOptions } from "./portableModel.js";

/** How a model's output differs from the engine's own on one random volume. */
export interface ModelCheck {
  readonly patch: Shape3;
  readonly largestDifference: number;
  /** The largest absolute value of the engine's output. */
  readonly largestValue: number;
}

/** Runs a model's bytes in ONNX Runtime beside the engine, whose lowering shares nothing with the model's. */
export async function checkModel(bytes: Uint8Array, options: PortableOptions): Promise<ModelCheck> {
  const { network, weights, activation, offsets = 0 } = options;
  const patch = smallPatch(network);
  const random = randomFor(0, "engines/onnx/portable/checkModel");
  const data = Float32Array.from({ length: voxelCount(patch) }, () => random.normal());
  const image = { data, dims: [1, 1, ...patch] };

  const value = activation === null ? network.logits : activated(network, activation, offsets);
  const engine = await openSession(valueGraph(network, value, weights, 1, patch), { memoryPattern: false });
  const { output } = await engine.run({ image });
  await engine.release();

  const model = await createFromModel(bytes);
  const results = await model.run({ image: tensorOf(image) });
  await model.release();
  const { data: exported } = results[outputNameOf(options)]!;

  const [, depth, channels, height, width] = output!.dims as [number, number, number, number, number];
  let largestDifference = 0;
  let largestValue = 0;
  output!.data.forEach((ours, at) => {
    const voxel = at % (height * width);
    const channel = Math.floor(at / (height * width)) % channels;
    const slice = Math.floor(at / (height * width * channels));
    const theirs = (exported as Float32Array)[(channel * depth + slice) * height * width + voxel]!;
    largestDifference = Math.max(largestDifference, Math.abs(ours - theirs));
    largestValue = Math.max(largestValue, Math.abs(ours));
  });
  return { patch, largestDifference, largestValue };
}

/** A few thousand voxels, at least two along every axis of the coarsest maps, and no cube: swapped axes show. */
function smallPatch({ multiple }: Network): Shape3 {
  const size = (least: number, axis: 0 | 1 | 2) =>
    multiple[axis] * Math.max(2, Math.ceil(least / multiple[axis]));
  const width = size(24, 2);
  return [size(4, 0), size(16, 1), width === size(16, 1) ? width + multiple[2] : width];
}
