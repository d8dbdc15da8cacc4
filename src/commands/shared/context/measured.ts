/** Measuring what surrounds positions, for commands: maps, tomograms and slabs are opened as they are needed. */
import type { Dataset } from "../../../data/model.js";
import { openTomogram } from "../../../data/tomograms/omeZarr.js";
import type { Angstrom } from "../../../domain/units.js";
import type { ExtraColumns } from "../../../formats/positions/frames.js";
import type { PositionsFile } from "../../../formats/positions/readPositions.js";
import type { Grid } from "../../../infer/context/ball.js";
import { type Contextualised, contextualise } from "../../../infer/context/contextualise.js";
import { eachSlab } from "../../../infer/context/featureFields.js";
import {
  type FeatureMap,
  findFeatureMaps,
  type MapReader,
  openFeatureMap,
} from "../../../infer/maps/featureMaps.js";
import { fitSlab, type SlabInput } from "../../../infer/slab/choose.js";
import type { Slab } from "../../../infer/slab/slab.js";
import type { SlabReader } from "../../../infer/slab/sources.js";
import { plural } from "../../../present/text.js";
import type { Reporter } from "../../../system/reporter.js";
import { opened } from "../pickSources.js";
import type { AskedContext, AskedSlab } from "./flags.js";

/** A data set and which of its tomograms is meant. */
export interface TomogramChoice {
  readonly dataset: Dataset;
  readonly tomogram: string | undefined;
}

/** Opens the tomogram of a run; undefined where the data set has no such run. */
export async function tomogramOf(
  { dataset, tomogram }: TomogramChoice,
  run: string,
): Promise<(SlabReader & Grid) | undefined> {
  const { findTomogram } = await import("../../../data/dataset.js");
  const found = dataset.runs.find(({ name }) => name === run);
  const [first] = found?.tomograms ?? [];
  if (!found || !first) return undefined;
  const reader = await openTomogram(tomogram === undefined ? first : findTomogram(found, tomogram));
  const { shape, spacing, chunkShape } = reader;
  const maps: MapReader = {
    ...{ shape, spacing, slabDepth: Math.min(chunkShape[0], shape[0]) },
    readSlab: (zStart, zEnd) => reader.readRegion({ start: [zStart, 0, 0], end: [zEnd, shape[1], shape[2]] }),
    readAll: () => reader.readAll(),
  };
  return slabReader(maps);
}

const slabReader = (reader: MapReader): SlabReader & Grid => ({
  shape: reader.shape,
  spacing: reader.spacing,
  eachSlab: (visit) => eachSlab(reader, () => true, visit),
});

/** Returns a function that fits the slab of a run. */
export function slabFitter(
  { source, settings }: AskedSlab,
  maps: readonly FeatureMap[],
  data: TomogramChoice | undefined,
): (run: string, places: Float64Array | undefined) => Promise<Slab> {
  return async (run, places) => {
    const map =
      source.kind === "mask"
        ? maps.find((each) => each.run === run && each.type === source.feature)
        : undefined;
    const input: SlabInput = {
      run,
      places,
      map: map && slabReader(await openFeatureMap(map)),
      tomogram: source.kind === "contrast" && data ? await tomogramOf(data, run) : undefined,
    };
    return fitSlab(source, settings, input);
  };
}

/** Where maps and tomograms are, and what is said of positions. */
interface ContextPlaces {
  readonly maps: readonly string[];
  readonly data?: string | undefined;
  readonly tomogram?: string | undefined;
  readonly scale?: number | undefined;
  readonly spacing?: Angstrom | undefined;
  readonly run?: string | undefined;
  readonly reporter: Reporter;
}

/**
 * Measures what is asked of the surroundings of positions, and selects among them.
 *
 * @param family of the columns in the format to be written
 * @throws PickbenchError as `findFeatureMaps` and `contextualise`
 */
export async function measured(
  files: readonly PositionsFile[],
  { terms, where, slab, features }: AskedContext,
  { maps: paths, data, tomogram, scale, spacing, run, reporter }: ContextPlaces,
  family: ExtraColumns["family"],
): Promise<Contextualised> {
  const isPartial = features.length > 0;
  const maps =
    paths.length === 0 ? [] : await findFeatureMaps(paths, { features, isPartial, scale, reporter });
  const choice =
    data === undefined ? undefined : { dataset: await opened(data, reporter, spacing), tomogram };
  const request = {
    ...{ terms, where, maps, spacing, run, reporter },
    slabOf: slab && slabFitter(slab, maps, choice),
    extentOf: choice && ((name: string) => tomogramOf(choice, name)),
  };
  return contextualise(files, request, family);
}

const reasonNames = {
  map: "without a map",
  outside: "outside of the volume",
  orientation: "without an orientation",
  nothing: "with nothing to measure to",
} as const;

/** Says of each column how many values it has, and why others are missing. */
export function contextLines({ columns, undecided }: Contextualised): string[] {
  const lines = columns.map(({ name, values, missing }) => {
    const why = Object.entries(missing)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${count} ${reasonNames[reason as keyof typeof reasonNames]}`);
    return `${name}: ${plural(values, "value")}${why.length === 0 ? "" : `, missing for ${why.join(", ")}`}`;
  });
  return undecided === 0
    ? lines
    : [...lines, `left out, as a value that --where needs is missing: ${plural(undecided, "position")}`];
}
