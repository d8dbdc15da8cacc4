/**
 * What surrounds positions in a run, as columns of a table. The room `context` measures maps of features, the volume's faces,
 * the sample and other particles at positions, and selects positions by what it measured.
 */
import { PickbenchError } from "../../system/errors.js";
import { type FeatureMap, type MapReader, openFeatureMap } from "../maps/featureMaps.js";
import type { Slab } from "../slab/slab.js";
import { type BallRule, flatVoxel, type Grid } from "./ball.js";
import { measureMap } from "./featureFields.js";
import { nearestOthers } from "./neighbours.js";
import { columnWord, type DistanceTerm, type SampleTerm } from "./terms.js";

/** What is asked of the surroundings of positions. */
export interface ContextTerms {
  readonly samples: readonly SampleTerm[];
  readonly distances: readonly DistanceTerm[];
  /** Whether to measure to the nearest face of the volume. */
  readonly faces: boolean;
  /** Types whose nearest other particle is looked for; `any` for all. */
  readonly nearest: readonly string[];
  readonly rule: BallRule;
}

/** Positions of one run. */
export interface RunPositions {
  readonly run: string;
  /** x y z in Å from the volume's corner, flat. */
  readonly places: Float64Array;
  /** Unit vectors x y z along the particles' own z axes, flat; NaN where there is no orientation. */
  readonly axes: Float64Array;
  readonly types: readonly (string | undefined)[];
}

/** Why positions have no value in a column, and how many of them. */
export interface Missing {
  /** The run has no map of the feature. */
  readonly map: number;
  /** The place lies outside of the volume. */
  readonly outside: number;
  /** The position has no orientation to move along. */
  readonly orientation: number;
  /** Nothing of what is measured to is there: nothing above the threshold, no other particle. */
  readonly nothing: number;
}

const noneMissing: Missing = { map: 0, outside: 0, orientation: 0, nothing: 0 };

/** Names of the ways to be missing. */
export const missingReasons = Object.keys(noneMissing) as (keyof Missing)[];

/** A column of one run: a value a position, undefined where there is none. */
export interface ContextColumn {
  readonly name: string;
  readonly type: "number" | "text";
  readonly values: readonly (number | string | undefined)[];
  readonly missing: Missing;
}

/** The name of the word for all types. */
export const anyType = "any";

const facesColumn = "faces";
const sampleColumn = "distance.sample";

/** Lists the columns that are asked for, in their order. @throws PickbenchError BadUsage where two have one name */
export function columnNames(
  { samples, distances, faces, nearest }: ContextTerms,
  hasSlab: boolean,
): string[] {
  const names = [
    ...samples.map(({ name }) => name),
    ...distances.map(({ name }) => name),
    ...(faces ? [facesColumn] : []),
    ...(hasSlab ? [sampleColumn] : []),
    ...nearest.flatMap(nearestColumns),
  ];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new PickbenchError(
    "BadUsage",
    `two columns would be called ${twice}; name one of them, as in NAME=membrane:0.3`,
  );
}

/** Column of the type of the nearest position, the one that holds no numbers. */
const nearestType = "nearest.any.type";

/** Tells whether a measured column holds text. */
export const isTextColumn = (name: string): boolean => name === nearestType;

const nearestColumns = (type: string): string[] =>
  type === anyType ? ["nearest.any", nearestType] : [`nearest.${columnWord(type)}`];

/** Lists the features whose maps are asked for, each once. */
export const featuresOf = ({ samples, distances }: Pick<ContextTerms, "samples" | "distances">): string[] => [
  ...new Set([...samples, ...distances].map(({ feature }) => feature)),
];

/**
 * Measures what surrounds the positions of a run.
 *
 * @param maps of this run
 * @param extent the volume's voxels, for distances to its faces; undefined where it is not known
 * @throws PickbenchError as the maps' readers
 */
export async function contextOf(
  positions: RunPositions,
  terms: ContextTerms,
  maps: readonly FeatureMap[],
  { extent, slab, onMap }: { extent?: Grid | undefined; slab?: Slab | undefined; onMap?: () => void } = {},
): Promise<ContextColumn[]> {
  const fields = new Map<string, { readonly reader: MapReader; readonly values: Float64Array }>();
  for (const feature of featuresOf(terms)) {
    const map = maps.find(({ type }) => type === feature);
    if (map === undefined) continue;
    const reader = await openFeatureMap(map);
    const isOf = (term: { readonly feature: string }) => term.feature === feature;
    const found = await measureMap(reader, (offset) => movedPlaces(positions, offset), {
      samples: terms.samples.filter(isOf),
      distances: terms.distances.filter(isOf),
      rule: terms.rule,
    });
    for (const [name, values] of found) fields.set(name, { reader, values });
    onMap?.();
  }
  const ofTerm = ({ name, offset }: SampleTerm | DistanceTerm): ContextColumn => {
    const field = fields.get(name);
    const moved = movedPlaces(positions, offset);
    return numbers(name, field?.values, positions, (i) =>
      field === undefined ? "map" : whyMissing(moved, i, field.reader),
    );
  };
  return [
    ...[...terms.samples, ...terms.distances].map(ofTerm),
    ...(terms.faces ? [facesOf(positions, extent)] : []),
    ...(slab ? [slabOf(positions, slab)] : []),
    ...terms.nearest.flatMap((type) => nearestOf(positions, type)),
  ];
}

/** Returns places moved along the particles' axes; NaN where a particle has none. */
export function movedPlaces({ places, axes }: RunPositions, offset: number): Float64Array {
  return offset === 0 ? places : places.map((value, at) => value + offset * axes[at]!);
}

function whyMissing(places: Float64Array, i: number, grid: Grid): keyof Missing {
  if (Number.isNaN(places[3 * i]!)) return "orientation";
  return flatVoxel(places, i, grid) >= 0 ? "nothing" : "outside";
}

/** Makes a column of numbers, NaN being missing. */
function numbers(
  name: string,
  values: Float64Array | undefined,
  { types }: RunPositions,
  why: (i: number) => keyof Missing,
): ContextColumn {
  const missing: Record<keyof Missing, number> = { ...noneMissing };
  const found = types.map((_, i) => {
    const value = values?.[i] ?? Number.NaN;
    if (Number.isFinite(value)) return value;
    missing[why(i)]++;
    return undefined;
  });
  return { name, type: "number", values: found, missing };
}

/** Distances to the nearest face of the volume, in Å; below 0 outside of it. */
function facesOf(positions: RunPositions, extent: Grid | undefined): ContextColumn {
  const { places, types } = positions;
  if (extent === undefined) return numbers(facesColumn, undefined, positions, () => "map");
  const size = [2, 1, 0].map((axis) => extent.shape[axis]! * extent.spacing[axis]!);
  const values = Float64Array.from(types, (_, i) => {
    const low = [0, 1, 2].map((axis) => places[3 * i + axis]!);
    const least = Math.min(...low, ...low.map((value, axis) => size[axis]! - value));
    if (least >= 0) return least;
    return -Math.hypot(...low.map((value, axis) => Math.max(0, -value, value - size[axis]!)));
  });
  return numbers(facesColumn, values, positions, () => "outside");
}

function slabOf(positions: RunPositions, slab: Slab): ContextColumn {
  const { places, types } = positions;
  const values = Float64Array.from(types, (_, i) =>
    slab.distance(places[3 * i]!, places[3 * i + 1]!, places[3 * i + 2]!),
  );
  return numbers(sampleColumn, values, positions, () => "nothing");
}

function nearestOf(positions: RunPositions, type: string): ContextColumn[] {
  const { places, types } = positions;
  const among = types.flatMap((each, i) => (type === anyType || each === type ? [i] : []));
  const { indices, distances } = nearestOthers(places, among);
  const [name, typeName] = nearestColumns(type);
  const distance = numbers(name!, distances, positions, () => "nothing");
  if (typeName === undefined) return [distance];
  const values = types.map((_, i) => (indices[i]! < 0 ? undefined : types[indices[i]!]));
  const nothing = values.filter((value) => value === undefined).length;
  return [distance, { name: typeName, type: "text", values, missing: { ...noneMissing, nothing } }];
}
