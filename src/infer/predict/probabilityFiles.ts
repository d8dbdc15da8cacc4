/** Writing of probabilities to files: OME-Zarr, Ais's MRC, or copick's segmentations. */
import { aisSeparator } from "../../data/layouts/volumeFolder.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { createMrc } from "../../formats/mrc/writer.js";
import type { SlabWriter } from "../../formats/voxelTypes.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { checkedName, inside, type NameOrigin } from "../../system/paths/names.js";

/** Formats: one OME-Zarr a run; Ais's MRC files, one a type; copick's segmentations, one a type and one of labels. */
export const probabilityFormats = ["zarr", "mrc", "copick"] as const;
export type ProbabilityFormat = (typeof probabilityFormats)[number];

/** Where and how one run's probabilities are written. */
export interface ProbabilityTarget {
  readonly folder: string;
  readonly run: string;
  /** Types and features that are predicted. */
  readonly types: readonly string[];
  /** Those of them that are features, which have no labels; none if absent. */
  readonly features?: readonly string[];
  /** Particles of the data set with copick's labels; other types get the labels after them. */
  readonly particles: readonly { readonly name: string; readonly label: number }[];
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Voxel spacing in Å as copick's file names have it. */
  readonly voxelSpacing: number;
  /** Session of copick. */
  readonly session: string;
  readonly zarr: 2 | 3;
  /** Voxels of MRC files: round(255·p), as by default, or p. */
  readonly voxels?: MrcVoxels;
}

/** What voxels of MRC files can be. */
export const mrcVoxels = ["bytes", "float32"] as const;
export type MrcVoxels = (typeof mrcVoxels)[number];

/** Open files that take the slabs of all types of one run. */
interface ProbabilityFiles {
  readonly paths: readonly string[];
  writeSlab(zStart: number, values: ReadonlyMap<string, Float32Array>): Promise<void>;
  close(): Promise<void>;
  discard(): Promise<void>;
}

interface Part {
  readonly path: string;
  readonly writer: SlabWriter;
  /** For each channel of the file, returns the values of a slab that go into it. */
  readonly channels: readonly ((values: ReadonlyMap<string, Float32Array>) => Float32Array)[];
}

/** Where the files of a run go, before any is begun. @throws as `createProbabilities` */
export function probabilityPaths(
  format: ProbabilityFormat,
  target: Pick<ProbabilityTarget, "folder" | "run" | "types" | "features" | "voxelSpacing" | "session">,
): string[] {
  if (format === "zarr") return [zarrPath(target)];
  if (format === "mrc") return target.types.map((type) => aisPath(target, type));
  const labels = labelledTypes(target).length > 0 ? [labelsPath(target)] : [];
  return [...target.types.map((type) => copickPath(target, type, "")), ...labels];
}

/** Types that have labels: all but features, of which a voxel may have several. */
const labelledTypes = ({
  types,
  features = [],
}: Pick<ProbabilityTarget, "types" | "features">): readonly string[] =>
  types.filter((type) => !features.includes(type));

type Named = Pick<ProbabilityTarget, "folder" | "run">;

const runOrigin: NameOrigin = { what: "run" };
const typeOrigin: NameOrigin = {
  what: "type",
  remedy: "write with --format zarr, which keeps types within the file",
};
const sessionOrigin: NameOrigin = {
  what: "session",
  remedy: "give another --session",
  tag: "BadUsage",
  separator: "_",
};

const zarrPath = ({ folder, run }: Named): string =>
  inside(folder, `${checkedName(run, runOrigin)}.zarr`, runOrigin);

const aisPath = ({ folder, run }: Named, type: string): string => {
  const file = `${checkedName(run, runOrigin)}${aisSeparator}${checkedName(type, typeOrigin)}.mrc`;
  return inside(folder, file, typeOrigin);
};

/**
 * Creates the files of one run's probabilities.
 *
 * @throws PickbenchError BadDataset where the name of a run, type or session cannot be part of a file's name
 */
export async function createProbabilities(
  format: ProbabilityFormat,
  target: ProbabilityTarget,
): Promise<ProbabilityFiles> {
  probabilityPaths(format, target);
  const parts: Part[] = [];
  const discard = async (): Promise<void> => {
    for (const { writer } of parts) await writer.discard();
  };
  try {
    if (format === "zarr") parts.push(await channelsPart(target));
    if (format === "copick") await addCopickParts(parts, target);
    if (format === "mrc") for (const type of target.types) parts.push(await aisPart(target, type));
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    paths: parts.map(({ path }) => path),
    async writeSlab(zStart, values) {
      for (const { writer, channels } of parts)
        for (const [channel, valuesOf] of channels.entries())
          await writer.writeSlab(zStart, valuesOf(values), channel);
    },
    async close() {
      for (const { writer } of parts) await writer.close();
    },
    discard,
  };
}

const of = (type: string) => (values: ReadonlyMap<string, Float32Array>) => values.get(type)!;

async function channelsPart(target: ProbabilityTarget): Promise<Part> {
  const { types, shape, spacing, zarr } = target;
  const path = zarrPath(target);
  const writer = await createOmeZarr(path, { shape, spacing, channels: types, format: zarr });
  return { path, writer, channels: types.map(of) };
}

/**
 * Creates a file as Ais names and scales it, in 16 bits, since MRC's bytes are signed. 255·p is rounded, where Ais
 * truncates: above ½ then stays above 127, so that as many voxels are picked as of the probabilities.
 */
async function aisPart(target: ProbabilityTarget, type: string): Promise<Part> {
  const { shape, spacing, voxels } = target;
  const path = aisPath(target, type);
  if (voxels === "float32")
    return { path, writer: await createMrc(path, { shape, spacing }), channels: [of(type)] };
  const writer = await createMrc(path, { shape, spacing, mode: 6 });
  return { path, writer, channels: [(values) => values.get(type)!.map((p) => Math.round(255 * p))] };
}

async function addCopickParts(parts: Part[], target: ProbabilityTarget): Promise<void> {
  const { particles, shape, spacing, zarr: format } = target;
  for (const type of target.types) {
    const path = copickPath(target, type, "");
    const writer = await createOmeZarr(path, { shape, spacing, format });
    parts.push({ path, writer, channels: [of(type)] });
  }
  const types = labelledTypes(target);
  if (types.length === 0) return;
  const path = labelsPath(target);
  const others = types.filter((type) => !particles.some(({ name }) => name === type));
  const greatest = particles.reduce((most, { label }) => Math.max(most, label), 0);
  const labels = types.map(
    (type) => particles.find(({ name }) => name === type)?.label ?? greatest + 1 + others.indexOf(type),
  );
  const voxelType = Math.max(...labels) > 255 ? "uint16" : "uint8";
  const voxels = { voxelType, downsampling: "nearest" } as const;
  const writer = await createOmeZarr(path, { shape, spacing, format, ...voxels });
  parts.push({ path, writer, channels: [(values) => labelled(types, labels, values)] });
}

/** What copick's paths of a run's segmentations are made of. */
export type CopickPlace = Pick<ProbabilityTarget, "folder" | "run" | "voxelSpacing" | "session">;

const labelsPath = (place: CopickPlace): string => copickPath(place, "particles", "-multilabel");

/** Returns where copick keeps a run's segmentation; `kind` is -multilabel for labels. */
export function copickPath(
  { folder, run, voxelSpacing, session }: CopickPlace,
  name: string,
  kind: string,
): string {
  const parts = [checkedName(session, sessionOrigin), checkedName(name, { ...typeOrigin, separator: "_" })];
  const file = `${voxelSpacing.toFixed(3)}_${ownUserId}_${parts.join("_")}${kind}.zarr`;
  const segmentations = inside(folder, ["ExperimentRuns", run, "Segmentations"], runOrigin);
  return inside(segmentations, file, typeOrigin);
}

/** Returns, for every voxel, the label of the most probable type where its probability is above ½, else 0. */
function labelled(
  types: readonly string[],
  labels: readonly number[],
  values: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const maps = types.map((type) => values.get(type)!);
  const out = new Float32Array(maps[0]!.length);
  for (let i = 0; i < out.length; i++) {
    let greatest = 0.5;
    for (const [at, map] of maps.entries()) {
      if (map[i]! <= greatest) continue;
      greatest = map[i]!;
      out[i] = labels[at]!;
    }
  }
  return out;
}
