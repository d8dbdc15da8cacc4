/** What a worker does for a run: measures its tomogram and maps, and makes their pictures. */
import type { TomogramRef } from "../../data/model.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { FeatureMap } from "../../infer/maps/featureMaps.js";
import type { TomogramFacts } from "../entry.js";
import { type FeatureSettings, measureFeature } from "./feature.js";
import { measureTomogram } from "./tomogram.js";

/** What is to be measured of a run. */
export interface MeasureTask {
  readonly tomogram: TomogramRef | null;
  readonly maps: readonly FeatureMap[];
  readonly settings: FeatureSettings;
}

/** What was measured of a run, with PNGs. */
export interface MeasuredRun {
  readonly tomogram: { readonly facts: TomogramFacts; readonly picture: Uint8Array } | null;
  /** In the order of the maps. */
  readonly features: readonly Awaited<ReturnType<typeof measureFeature>>[];
}

/** Measures a run. @throws PickbenchError as `measureTomogram` and `measureFeature` */
export async function measureRun({ tomogram, maps, settings }: MeasureTask): Promise<MeasuredRun> {
  const measured = tomogram && (await measureTomogram(await openTomogram(tomogram)));
  const features: MeasuredRun["features"][number][] = [];
  for (const map of maps) features.push(await measureFeature(map, settings));
  return { tomogram: measured, features };
}
