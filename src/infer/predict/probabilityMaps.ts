/** A tomogram's probabilities in memory, kept sparsely for picking. */
import type { Shape3, Spacing3, Volume } from "../../domain/volume.js";
import type { PredictedSlab, Predictor } from "./predictor.js";
import { denseVolume, type SparseMap, SparseMapBuilder } from "./sparseMap.js";

/** A volume's probabilities in memory: of each type the voxels above its floor. */
export interface ProbabilityMaps {
  readonly types: readonly string[];
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** The tomogram's blank voxels, as in `Volume`. */
  readonly blank?: Uint8Array | undefined;
  /** Returns one type's probabilities as picking takes them. */
  sparse(type: string): SparseMap;
  /** Returns one type's probabilities in floats, bitwise those of the slabs; 0 away from voxels above the floor. */
  volume(type: string): Volume;
}

/** A floor below every probability. */
const keepAll = -1;

/**
 * Predicts a tomogram into memory. The maps serve picking at each type's floor or above; a type without a floor is kept
 * whole, 16 bits a voxel: 146 MB for 184×630×630.
 *
 * @param views as `Predictor.predict` takes them
 */
export async function predictMaps(
  predictor: Predictor,
  views: Volume | readonly Volume[],
  onProgress?: (done: number, total: number) => void,
  floors: ReadonlyMap<string, number> = new Map(),
): Promise<ProbabilityMaps> {
  const { shape, spacing, blank } = [views].flat()[0]!;
  return gatherMaps({ types: predictor.types, shape, spacing, blank, floors }, (onSlab) =>
    predictor.predict(views, onSlab, onProgress),
  );
}

/** Types and volume of maps, with the floor of each type that is not kept whole. */
interface MapsFrame {
  readonly types: readonly string[];
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly blank?: Uint8Array | undefined;
  readonly floors: ReadonlyMap<string, number>;
}

/** Gathers maps from slabs that `feed` passes on in z order, each once. */
export async function gatherMaps(
  { types, shape, spacing, blank, floors }: MapsFrame,
  feed: (onSlab: (slab: Pick<PredictedSlab, "values">) => void) => Promise<void>,
): Promise<ProbabilityMaps> {
  const builders = new Map(
    types.map((type) => [type, new SparseMapBuilder(shape, spacing, floors.get(type) ?? keepAll)]),
  );
  await feed(({ values }) => {
    for (const [type, slab] of values) builders.get(type)!.add(slab);
  });
  const maps = new Map([...builders].map(([type, builder]) => [type, builder.finish()]));
  const sparse = (type: string): SparseMap => {
    const map = maps.get(type);
    if (!map) throw new RangeError(`no map of ${type}; there are ${types.join(", ")}`);
    return map;
  };
  return { types, shape, spacing, blank, sparse, volume: (type) => denseVolume(sparse(type)) };
}
