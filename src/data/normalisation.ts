/** Normalisation of grey values, as networks trained elsewhere expect them, and reading of normalised tomograms. */
import { z } from "zod";
import { quantile } from "../domain/numbers.js";
import type { Volume } from "../domain/volume.js";
import { sharedFloats } from "../formats/sharedFloats.js";
import { findBlank } from "./blank/blank.js";
import { findRun, findTomogram } from "./dataset.js";
import type { Dataset } from "./model.js";
import { evenSample, measureVolume, normalise } from "./normalise.js";
import type { RadialPower } from "./spectrum/gain.js";
import { matchAside } from "./spectrum/match.js";
import { openTomogram } from "./tomograms/omeZarr.js";

const per = z.enum(["tomogram", "slice", "tile"]).default("tomogram");
const percent = z.number().min(0).max(100);

/**
 * Normalisations of grey values. `standard` is what pickbench's own networks are trained on (normalise.ts); `zScore`
 * divides by the standard deviation about the mean, `minMax` maps the extremes to 0 and 1, `percentiles` maps two
 * percentiles (of at most a million even samples) to 0 and 1 and clips the rest; `mean` and `std` are the network's own
 * constants.
 */
export const normalisationSchema = z.union([
  z.enum(["standard", "none", "zScore", "minMax"]),
  z.strictObject({ mean: z.number(), std: z.number().positive() }),
  z.strictObject({ kind: z.enum(["zScore", "minMax"]), per }),
  z.strictObject({
    percentiles: z
      .tuple([percent, percent])
      .refine(([low, high]) => low < high, "wanted the lower one first"),
    per,
  }),
]);
export type Normalisation = z.infer<typeof normalisationSchema>;

/** Returns the normalisation of a tomogram as a whole, when it is read. */
export const ofTomogram = (normalisation: Normalisation): Normalisation =>
  isPerTile(normalisation) ? "none" : normalisation;

/** Tells whether a normalisation is measured tile by tile. */
export const isPerTile = (normalisation: Normalisation): boolean =>
  typeof normalisation === "object" && "per" in normalisation && normalisation.per === "tile";

/** Tells whether a normalisation is measured slice by slice, each z plane by itself. */
export const isPerSlice = (normalisation: Normalisation): boolean =>
  typeof normalisation === "object" && "per" in normalisation && normalisation.per === "slice";

/** voxel → clip((voxel − subtract) / divide, low, high). */
interface GreyScale {
  readonly subtract: number;
  readonly divide: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Normalises a tomogram or a tile by measures of its own voxels that hold data, in place, and returns the same array.
 * Equal voxels become 0; blank ones are set to the mean first. `standard` is not allowed: it is measured chunk by chunk.
 *
 * @param plane voxels of a z plane, by which a normalisation per slice is measured
 */
export function rescale(
  values: Float32Array,
  normalisation: Normalisation,
  blank?: Uint8Array,
  plane = values.length,
): Float32Array {
  const step = isPerSlice(normalisation) ? plane : Math.max(1, values.length);
  for (let at = 0; at < values.length; at += step)
    rescaleOne(values.subarray(at, at + step), normalisation, blank?.subarray(at, at + step));
  return values;
}

function rescaleOne(values: Float32Array, normalisation: Normalisation, blank?: Uint8Array): void {
  const measured = blank ? values.filter((_, i) => blank[i] !== 1) : values;
  if (blank) {
    const { mean } = momentsOf(measured);
    for (let i = 0; i < values.length; i++) if (blank[i] === 1) values[i] = mean;
  }
  if (normalisation === "none") return;
  const { subtract, divide, low, high } = greyScale(measured, normalisation);
  for (let i = 0; i < values.length; i++)
    values[i] = Math.max(low, Math.min((values[i]! - subtract) / divide, high));
}

function greyScale(values: Float32Array, normalisation: Normalisation): GreyScale {
  const unclipped = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  if (typeof normalisation === "object" && "mean" in normalisation)
    return { subtract: normalisation.mean, divide: normalisation.std, ...unclipped };
  if (typeof normalisation === "object" && "percentiles" in normalisation) {
    const sorted = evenSample(values).sort();
    const [least, most] = normalisation.percentiles.map((percentage) =>
      quantile(sorted, percentage / 100),
    ) as [number, number];
    return { subtract: least, divide: most - least || 1, low: 0, high: 1 };
  }
  const kind = typeof normalisation === "string" ? normalisation : normalisation.kind;
  if (kind === "zScore") {
    const { mean, std } = momentsOf(values);
    return { subtract: mean, divide: std || 1, ...unclipped };
  }
  if (kind === "minMax") {
    const [least, most] = extremesOf(values);
    return { subtract: least, divide: most - least || 1, ...unclipped };
  }
  throw new TypeError(`${kind} is not measured from values alone`);
}

/** Returns mean and standard deviation of the values as a population, in two passes. */
function momentsOf(values: Float32Array): { mean: number; std: number } {
  if (values.length === 0) return { mean: 0, std: 0 };
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, std: Math.sqrt(squares / values.length) };
}

function extremesOf(values: Float32Array): [least: number, most: number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** Which reconstruction of a run to read, and at which level. */
export interface TomogramChoice {
  readonly tomogram: string;
  readonly voxelSpacing?: number | undefined;
  readonly level: number;
  /** Whether NaN is read as blank instead of being refused. */
  readonly nan?: "blank" | undefined;
  /** Spectrum that the tomogram is given before it is normalised; its own stays if absent. */
  readonly reference?: RadialPower | undefined;
}

/**
 * Reads a run's whole reconstruction, normalised robustly, into shared memory that worker threads see without copies.
 */
export async function readNormalised(dataset: Dataset, run: string, choice: TomogramChoice): Promise<Volume> {
  const [volume] = await readViews(dataset, run, choice, ["standard"]);
  return volume!;
}

/** Reads a run's reconstruction once per normalisation, each into its own shared memory. */
export async function readViews(
  dataset: Dataset,
  run: string,
  choice: TomogramChoice,
  normalisations: readonly Normalisation[],
): Promise<Volume[]> {
  const ref = findTomogram(findRun(dataset, run), choice.tomogram, choice.voxelSpacing);
  const reader = await openTomogram({ ...ref, nan: choice.nan }, choice.level, dataset.access);
  const volume = withBlank(await reader.readAll(), choice.nan === "blank");
  const given = measureVolume(volume, reader);
  const { reference: wanted } = choice;
  if (wanted) await matchAside({ volume, intensity: given, wanted });
  const intensity = wanted ? measureVolume(volume, reader) : given;
  const last = normalisations.length - 1;
  return normalisations.map((normalisation, index) => {
    const data = index === last ? volume.data : sharedCopy(volume.data);
    if (normalisation === "standard") normalise(data, intensity, volume.blank);
    else rescale(data, normalisation, volume.blank, volume.shape[1] * volume.shape[2]);
    return { ...volume, data };
  });
}

/** Adds the mask of a volume's blank voxels, where it has any and other voxels beside them. */
export function withBlank(volume: Volume, mayHoldNaN: boolean): Volume {
  const blank = findBlank(volume, mayHoldNaN);
  return blank && blank.count < volume.data.length ? { ...volume, blank: blank.mask } : volume;
}

function sharedCopy(values: Float32Array): Float32Array {
  const copy = sharedFloats(values.length);
  copy.set(values);
  return copy;
}
