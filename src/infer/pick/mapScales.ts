/** How integers of a map become probabilities: by voxel type and range, over all maps of one type of particle. */
import type { Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { openProbabilities } from "../predict/probabilityStores.js";

/** How stored voxels become the values that are picked. */
export type MapScale =
  | {
      /** A voxel of this value is 1 · p. */
      readonly divisor: number;
      /** Whether negative bytes are unsigned ones that the file calls signed. */
      readonly isUnsigned?: boolean;
    }
  /** A voxel of this label is 1, any other 0. */
  | { readonly label: number };

/** One channel of one store, of one type of particle. */
export interface MapChannel {
  readonly store: string;
  readonly type: string;
  readonly channel: number;
  /** How voxels become probabilities; as they are where absent. */
  readonly scale?: MapScale;
}

/** Stored integers of one channel. */
interface MapRange {
  readonly store: string;
  readonly least: number;
  readonly greatest: number;
}

/** Reads a channel and brings its voxels to scale. */
export async function readScaled(
  store: string,
  channel: number,
  scale: MapScale | undefined,
): Promise<Volume> {
  const volume = await (await openProbabilities(store)).reader.readAll(channel);
  if (scale !== undefined) bringToScale(volume.data, scale);
  return volume;
}

/** Turns stored voxels into the values that are picked, in place. */
export function bringToScale(data: Float32Array, scale: MapScale): void {
  if ("label" in scale) for (let i = 0; i < data.length; i++) data[i] = data[i] === scale.label ? 1 : 0;
  else for (let i = 0; i < data.length; i++) data[i] = unsigned(data[i]!, scale) / scale.divisor;
}

const unsigned = (value: number, { isUnsigned }: { isUnsigned?: boolean }): number =>
  isUnsigned === true && value < 0 ? value + 256 : value;

/**
 * Gives every task whose voxels are integers its scale, and tells it. All maps of one voxel type and particle are judged
 * together, since one in which nothing was found may hold 0 and 1 alone, as a mask does.
 *
 * @param asked greatest value that stands for p = 1, of every map; where undefined, it follows from type and range
 * @throws PickbenchError BadUsage where type and range do not tell the scale
 */
export async function withScales<Task extends MapChannel>(
  tasks: readonly Task[],
  asked: number | undefined,
  reporter: Reporter,
): Promise<Task[]> {
  const groups = new Map<string, { readonly voxelType: string; readonly tasks: Task[] }>();
  const scaled = new Map<Task, MapScale>();
  for (const task of tasks) {
    if (task.scale !== undefined) continue;
    const { isWhole, voxelType } = await openProbabilities(task.store);
    if (asked !== undefined)
      scaled.set(task, {
        divisor: asked,
        ...(voxelType === "int8" && asked > 127 ? { isUnsigned: true } : {}),
      });
    else if (isWhole) {
      const kind = `${voxelType} ${isMrc(task.store)} ${task.type}`;
      groups.set(kind, { voxelType, tasks: [...(groups.get(kind)?.tasks ?? []), task] });
    }
  }
  for (const { voxelType, tasks: alike } of groups.values()) {
    const ranges: MapRange[] = [];
    for (const task of alike) ranges.push(await rangeOf(task));
    const divisor = divisorOf(voxelType, ranges);
    reporter.note(scaleText(alike[0]!, voxelType, ranges, divisor));
    for (const task of alike) scaled.set(task, { divisor });
  }
  return tasks.map((task) => (scaled.has(task) ? { ...task, scale: scaled.get(task)! } : task));
}

/**
 * Says which labels of volumes have no type of the configuration: particles that will not be picked.
 *
 * @throws PickbenchError BadUsage where a volume has labels, but none of a type
 */
export async function noteUnknownLabels(
  tasks: readonly MapChannel[],
  labels: readonly { readonly label: number }[],
  reporter: Reporter,
): Promise<void> {
  const known = new Set(labels.map(({ label }) => label));
  for (const store of new Set(
    tasks.flatMap((task) => (task.scale && "label" in task.scale ? [task.store] : [])),
  )) {
    const { reader } = await openProbabilities(store);
    const found = new Set<number>();
    for (const { box } of reader.chunks()) for (const value of await reader.readRegion(box)) found.add(value);
    found.delete(0);
    const others = [...found].filter((value) => !known.has(value)).sort((a, b) => a - b);
    if (others.length === 0) continue;
    const some = others.slice(0, 8).join(", ") + (others.length > 8 ? `, … (${others.length})` : "");
    if (others.length === found.size)
      throw new PickbenchError(
        "BadUsage",
        `${store} holds the labels ${some}, of which the configuration has none; name the one that it was made with by --config`,
        { path: store },
      );
    reporter.note(`${store}: labels ${some} are of no particle in the configuration and are not picked`);
  }
}

const isMrc = (store: string): boolean => !store.endsWith(".zarr");

async function rangeOf({ store, channel }: MapChannel): Promise<MapRange> {
  const { reader } = await openProbabilities(store);
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { box } of reader.chunks(channel))
    for (const value of await reader.readRegion(box, channel)) {
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  return { store, least, greatest };
}

/** A scale that programs use, and the range that shows it: no less than `from` where maps hold anything. */
interface KnownScale {
  readonly divisor: number;
  readonly from: number;
}

/**
 * Scales by voxel type: easymode writes 127·p as int8; Ais 255·p as bytes, which mrcfile widens to uint16; 16 bits are
 * used whole. A lower range than `from` may as well be of labels or percents.
 */
const knownScales = (voxelType: string): readonly KnownScale[] => {
  if (voxelType === "int8") return [{ divisor: 127, from: 16 }];
  if (voxelType === "uint8") return [{ divisor: 255, from: 32 }];
  if (voxelType === "int16")
    return [
      { divisor: 255, from: 128 },
      { divisor: 32767, from: 16384 },
    ];
  if (voxelType === "uint16")
    return [
      { divisor: 255, from: 32 },
      { divisor: 65535, from: 32768 },
    ];
  return [];
};

function divisorOf(voxelType: string, ranges: readonly MapRange[]): number {
  const least = ranges.reduce((a, b) => (b.least < a.least ? b : a));
  const greatest = ranges.reduce((a, b) => (b.greatest > a.greatest ? b : a));
  if (least.least < 0)
    throw unknownScale(
      least,
      voxelType,
      voxelType === "int8" ? "unsigned bytes in a file that calls them signed have --scale 255" : "",
    );
  if (greatest.greatest <= 1) return 1;
  const faint = ranges.find((range) => range.greatest === 1);
  if (faint)
    throw new PickbenchError(
      "BadUsage",
      `${faint.store} holds 0 and 1 alone while ${greatest.store} reaches ${greatest.greatest}: a mask, or a map in which nothing was found; pick masks by themselves, or say with --scale which value stands for p = 1`,
      { path: faint.store },
    );
  const known = knownScales(voxelType).findLast(
    ({ divisor, from }) => greatest.greatest >= from && greatest.greatest <= divisor,
  );
  if (known) return known.divisor;
  throw unknownScale(
    greatest,
    voxelType,
    "of labels, one number a type, --config names the copick configuration",
  );
}

const unknownScale = (
  { store, least, greatest }: MapRange,
  voxelType: string,
  remedy: string,
): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${store}: ${voxelType} from ${least} to ${greatest}, which tells no scale of probabilities; say with --scale which value stands for p = 1${remedy && `; ${remedy}`}`,
    { path: store },
  );

function scaleText(
  { store, type }: MapChannel,
  voxelType: string,
  ranges: readonly MapRange[],
  divisor: number,
): string {
  const greatest = Math.max(...ranges.map((range) => range.greatest));
  const where = ranges.length === 1 ? store : `${ranges.length} maps of ${type}`;
  const taken = divisor === 1 ? "taken as a mask" : `taken as ${divisor}·p`;
  return `${where}: ${voxelType} from 0 to ${greatest}, ${taken}; --scale sets another value for p = 1`;
}
