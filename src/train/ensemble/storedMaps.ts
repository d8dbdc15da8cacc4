/** Members' probabilities on disk, 16 bits a voxel and one file a type, and their average over members. */
import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type Shape3, type Spacing3, type Volume, voxelCount } from "../../domain/volume.js";
import { type Averaged, type Averaging, LogitPool, totalShares } from "../../infer/predict/averaging.js";
import type { Predictor } from "../../infer/predict/predictor.js";
import { gatherMaps, type ProbabilityMaps } from "../../infer/predict/probabilityMaps.js";
import { levels, roundInto } from "../../infer/predict/slabPrediction.js";
import { writeFolderWhole } from "../../system/files.js";

/** One member's maps of one run. */
export interface StoredMaps {
  readonly folder: string;
  /** Types in the order of the files. */
  readonly types: readonly string[];
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

const fileOf = (folder: string, index: number): string => join(folder, `${index}.u16`);

/** Predicts a run into a folder, unless the folder exists. */
export async function storeMaps(
  folder: string,
  predictor: Predictor,
  views: readonly Volume[],
  checkStop: () => void,
): Promise<StoredMaps> {
  const { types } = predictor;
  const { shape, spacing } = views[0]!;
  const stored = { folder, types, shape, spacing };
  if (existsSync(folder)) return stored;
  await writeFolderWhole(folder, async (partial) => {
    const files = await openAll(
      types.map((_, index) => fileOf(partial, index)),
      "w",
    );
    try {
      await predictor.predict(views, async ({ values }) => {
        checkStop();
        for (const [index, type] of types.entries())
          await files[index]!.write(Uint16Array.from(values.get(type)!, (value) => value * levels + 0.5));
      });
    } finally {
      await closeAll(files);
    }
  });
  return stored;
}

/** Reads a type's whole map; k stands for the probability k/65535. */
export async function readStoredType(
  { folder, types, shape }: StoredMaps,
  type: string,
): Promise<Uint16Array> {
  const file = await open(fileOf(folder, types.indexOf(type)), "r");
  try {
    return await readLevels(file, 0, voxelCount(shape));
  } finally {
    await file.close();
  }
}

/** A member's maps, their activation, and the member's share. */
interface BlendedMember extends Pick<Averaged, "activation"> {
  readonly maps: StoredMaps;
  readonly share: number;
}

/** Limit of voxels held at once, per member and type. */
const blockVoxels = 2 ** 20;

/** Averages the stored predictions of several members for one run; those of a single member stay as they are. */
export async function blendMaps(
  members: readonly BlendedMember[],
  averaging: Averaging,
  floors: ReadonlyMap<string, number>,
): Promise<ProbabilityMaps> {
  const { shape, spacing } = members[0]!.maps;
  const types = [...new Set(members.flatMap(({ maps }) => maps.types))].sort();
  const plane = shape[1] * shape[2];
  const planes = Math.max(1, Math.floor(blockVoxels / plane));
  const join = averaging === "logits" && members.length > 1 ? pooled : averaged;
  const files = await Promise.all(
    members.map(({ maps }) =>
      openAll(
        maps.types.map((_, index) => fileOf(maps.folder, index)),
        "r",
      ),
    ),
  );
  try {
    return await gatherMaps({ types, shape, spacing, floors }, async (onSlab) => {
      for (let z = 0; z < shape[0]; z += planes) {
        const voxels = Math.min(planes, shape[0] - z) * plane;
        const outputs = await Promise.all(
          files.map((ofMember) => Promise.all(ofMember.map((file) => readBlock(file, z * plane, voxels)))),
        );
        onSlab({ values: join(members, types, outputs, voxels) });
      }
    });
  } finally {
    await Promise.all(files.map(closeAll));
  }
}

/** Probabilities of the same voxels, per member and type. */
type Outputs = readonly (readonly Float32Array[])[];

function averaged(
  members: readonly BlendedMember[],
  types: readonly string[],
  outputs: Outputs,
  voxels: number,
): Map<string, Float32Array> {
  const totals = totalShares(
    members.map(({ activation, maps, share }) => ({ activation, channels: maps.types, share })),
  );
  const values = new Map<string, Float32Array>();
  for (const type of types) {
    const sums = new Float32Array(voxels);
    for (const [m, { maps, share }] of members.entries()) {
      const from = outputs[m]![maps.types.indexOf(type)];
      const weight = share / totals.get(type)!;
      if (from) for (let i = 0; i < voxels; i++) sums[i]! += weight * from[i]!;
    }
    values.set(type, rounded(sums));
  }
  return values;
}

/** Pools logits. A softmax member's maps leave out the probability of no type: 1 minus their sum. */
function pooled(
  members: readonly BlendedMember[],
  types: readonly string[],
  outputs: Outputs,
  voxels: number,
): Map<string, Float32Array> {
  const networks = members.map(({ activation, maps, share }) => ({
    activation,
    share,
    channels: [...maps.types, null],
  }));
  const pool = new LogitPool(types, networks, 0.5 / levels);
  for (const [m, perType] of outputs.entries()) {
    const all = new Float32Array(voxels * (perType.length + 1));
    const none = all.subarray(voxels * perType.length).fill(1);
    for (const [t, values] of perType.entries()) {
      all.set(values, t * voxels);
      for (let i = 0; i < voxels; i++) none[i]! -= values[i]!;
    }
    pool.add(m, all, 1);
  }
  const together = pool.take(1);
  return new Map(types.map((type, t) => [type, rounded(together.subarray(t * voxels, (t + 1) * voxels))]));
}

function rounded(values: Float32Array): Float32Array {
  const result = new Float32Array(values.length);
  roundInto(result, values);
  return result;
}

async function readBlock(file: FileHandle, first: number, voxels: number): Promise<Float32Array> {
  return Float32Array.from(await readLevels(file, first, voxels), (value) => value / levels);
}

async function readLevels(file: FileHandle, first: number, voxels: number): Promise<Uint16Array> {
  const stored = new Uint16Array(voxels);
  const { bytesRead } = await file.read(stored, 0, stored.byteLength, 2 * first);
  if (bytesRead !== stored.byteLength) throw new Error(`stored maps are cut short at voxel ${first}`);
  return stored;
}

const openAll = (paths: readonly string[], flags: "r" | "w"): Promise<FileHandle[]> =>
  Promise.all(paths.map((path) => open(path, flags)));

const closeAll = async (files: readonly FileHandle[]): Promise<void> => {
  await Promise.all(files.map((file) => file.close()));
};
