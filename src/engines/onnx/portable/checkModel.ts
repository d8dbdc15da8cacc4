/** Check of an exported model: its output beside the engine's own, on one random volume. */
import { randomFor } from "../../../domain/random.js";
import { type Shape3, voxelCount } from "../../../domain/volume.js";
import type { Network } from "../../../nets/architecture.js";
import { activated } from "../../activation.js";
import { valueGraph } from "../inferenceGraph.js";
import { createFromModel, openSession, tensorOf } from "../session.js";
import { outputNameOf, type PortableOptions } from "./portableModel.js";

/** Largest difference between a model's output and the engine's own on one random volume. */
export interface ModelCheck {
  readonly patch: Shape3;
  readonly largestDifference: number;
  /** Largest absolute value of the engine's output. */
  readonly largestValue: number;
}

/** Compares a model, run by ONNX Runtime, with the engine, whose lowering shares no code with the exported model's. */
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

/** Chooses a patch of a few thousand voxels, two or more an axis of the coarsest map; no cube: swapped axes must show. */
function smallPatch({ multiple }: Network): Shape3 {
  const size = (least: number, axis: 0 | 1 | 2) =>
    multiple[axis] * Math.max(2, Math.ceil(least / multiple[axis]));
  const width = size(24, 2);
  return [size(4, 0), size(16, 1), width === size(16, 1) ? width + multiple[2] : width];
}
