/** What a sample's slab is fitted to, as it is written on the command line, and the fit. */
import { PickbenchError } from "../../system/errors.js";
import type { Slab } from "./slab.js";
import { type SlabReader, type SlabSettings, slabOfContrast, slabOfMask, slabOfPicks } from "./sources.js";

/** What a slab is fitted to. */
export type SlabSource =
  | { readonly kind: "contrast" | "picks" }
  /** A feature above a threshold, which is the sample, or (`isOutside`) what lies around it. */
  | {
      readonly kind: "mask";
      readonly feature: string;
      readonly threshold: number;
      readonly isOutside: boolean;
    };

/** Parses `--slab`. @throws PickbenchError BadUsage */
export function parseSlab(text: string): SlabSource {
  if (text === "contrast" || text === "picks") return { kind: text };
  const [, mark, feature, number] = /^(!?)([^:!]+):([^:]+)$/.exec(text) ?? [];
  const threshold = Number(number);
  if (feature !== undefined && number?.trim() !== "" && Number.isFinite(threshold))
    return { kind: "mask", feature: feature.trim(), threshold, isOutside: mark === "!" };
  throw new PickbenchError(
    "BadUsage",
    `--slab is ${text}, wanted contrast, picks, FEATURE:THRESHOLD for a mask of the sample, or !FEATURE:THRESHOLD for one of what lies around it`,
  );
}

/** What a run has that a slab can be fitted to. */
export interface SlabInput {
  readonly run: string;
  /** x y z in Å, flat. */
  readonly places?: Float64Array | undefined;
  /** The map of the source's feature. */
  readonly map?: SlabReader | undefined;
  readonly tomogram?: SlabReader | undefined;
}

/**
 * Fits the slab of a run's sample.
 *
 * @throws PickbenchError BadDataset where the run lacks what the slab is fitted to, or it tells no slab
 */
export async function fitSlab(source: SlabSource, settings: SlabSettings, input: SlabInput): Promise<Slab> {
  const { run, places, map, tomogram } = input;
  if (source.kind === "picks" && places) return slabOfPicks(places, `${run}: picks`, settings);
  if (source.kind === "contrast" && tomogram) return slabOfContrast(tomogram, `${run}: tomogram`, settings);
  if (source.kind === "mask" && map) {
    const limit = Math.fround(source.threshold);
    const isSample = (value: number) => value > limit !== source.isOutside;
    return slabOfMask(map, isSample, `${run}: ${source.feature}`, settings);
  }
  const what =
    source.kind === "picks"
      ? "picks"
      : source.kind === "mask"
        ? `map of ${source.feature}`
        : "tomogram; name the data set by --data";
  throw new PickbenchError("BadDataset", `${run}: the slab of the sample has no ${what}`);
}
