import { type Shape3, type Spacing3, type Volume, voxelCount } from "../volume.js";
import type { Predictor } from "./predictor.js";
import { levels } from "./slabPrediction.js";

/** A volume's predictions held in memory, 16 bits a voxel and type: five types of 184×630×630 take 730 MB. */
export interface ProbabilityMaps {
  readonly types: readonly string[];
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** One type's probabilities in floats, equal in every bit to those of the slabs. */
  volume(type: string): Volume;
}

/** Predicts a tomogram into memory; `views` are as `Predictor.predict` takes them. */
export async function predictMaps(
  predictor: Predictor,
  views: Volume | readonly Volume[],
  onProgress?: (done: number, total: number) => void,
): Promise<ProbabilityMaps> {
  const { shape, spacing } = [views].flat()[0]!;
  const plane = shape[1] * shape[2];
  const maps = new Map(predictor.types.map((type) => [type, new Uint16Array(voxelCount(shape))]));
  await predictor.predict(
    views,
    ({ zStart, values }) => {
      for (const [type, slab] of values) {
        const map = maps.get(type)!.subarray(zStart * plane);
        for (let i = 0; i < slab.length; i++) map[i] = slab[i]! * levels + 0.5;
      }
    },
    onProgress,
  );
  return {
    types: predictor.types,
    shape,
    spacing,
    volume(type) {
      const map = maps.get(type);
      if (!map) throw new RangeError(`no map of ${type}; there are ${predictor.types.join(", ")}`);
      const data = new Float32Array(map.length);
      for (let i = 0; i < map.length; i++) data[i] = map[i]! / levels;
      return { data, shape, spacing };
    },
  };
}
