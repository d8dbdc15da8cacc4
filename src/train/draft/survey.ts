/** What a data set offers to an experiment: its reconstructions, the size of its volumes, its picks by run and type, its masks. */
import { openDataset, tomogramsNamed, usualTomogram } from "../../data/dataset.js";
import { featuresOf } from "../../data/masks/features.js";
import { featuresThere, findMask } from "../../data/masks/find.js";
import type { Dataset, Run } from "../../data/model.js";
import { readRunPicks } from "../../data/picks.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";

/** A run that has the chosen reconstruction. */
export interface SurveyedRun {
  readonly name: string;
  /** Number of picks of each scored type that has any. */
  readonly picks: ReadonlyMap<string, number>;
  /** Features that it has a mask of, of those that were asked for. */
  readonly features?: readonly string[];
}

/** What was found in a data set. */
export interface DataSurvey {
  /** Path as it was given. */
  readonly data: string;
  /** The reconstruction that most runs have; the usual one where that is among them. */
  readonly tomogram: string;
  /** The label in the folder's name, where a run has the reconstruction at several spacings. */
  readonly voxelSpacing: number | undefined;
  /** Least count of voxels along z, y, x over all runs. */
  readonly shape: Shape3;
  /** Å per voxel along z of the first run. */
  readonly spacing: number;
  /** Runs with the reconstruction, by name. */
  readonly runs: readonly SurveyedRun[];
  /** Scored types of the data set, in its order. */
  readonly types: readonly string[];
  /** Names of the data set's segmentations, which can be learned as features. */
  readonly features: readonly string[];
}

interface SurveyOptions {
  /** Features whose masks are looked for; all there are where the data set has no pick, if absent. */
  readonly features?: readonly string[] | undefined;
  readonly spacing?: number | undefined;
  readonly reporter: Reporter;
}

/**
 * Looks at a data set: opens the metadata of one tomogram a run and reads its picks; reads no voxel.
 *
 * @throws PickbenchError BadDataset where it has no tomogram, or one that cannot be opened
 */
export async function surveyData(data: string, options: SurveyOptions): Promise<DataSurvey> {
  const dataset = await openDataset(data, options);
  const tomogram = usualOf(dataset, data);
  const voxelSpacing = voxelSpacingOf(dataset, tomogram);
  const usable = dataset.runs
    .filter((run) => tomogramsNamed(run, tomogram, voxelSpacing).length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const scored = dataset.particles.filter(({ weight }) => weight > 0).map(({ name }) => name);
  const runs: SurveyedRun[] = [];
  const shapes: Shape3[] = [];
  let spacing = 0;
  for (const run of usable) {
    const reader = await openTomogram(
      { ...tomogramsNamed(run, tomogram, voxelSpacing)[0]!, nan: "blank" },
      0,
      dataset.access,
    );
    shapes.push(reader.shape);
    spacing ||= reader.spacing[0];
    runs.push({ name: run.name, picks: await countPicks(dataset, run, scored) });
  }
  const features = featuresThere(dataset);
  const asked = options.features ?? (runs.some(({ picks }) => picks.size > 0) ? [] : features);
  const withMasks: SurveyedRun[] = [];
  for (const [at, run] of runs.entries())
    withMasks.push({ ...run, features: await masksOf(dataset, usable[at]!, asked, spacing) });
  const least = (axis: 0 | 1 | 2) => Math.min(...shapes.map((shape) => shape[axis]));
  const shape: Shape3 = [least(0), least(1), least(2)];
  return { data, tomogram, voxelSpacing, shape, spacing, runs: withMasks, types: scored, features };
}

async function masksOf(
  dataset: Dataset,
  run: Run,
  features: readonly string[],
  spacing: number,
): Promise<string[]> {
  const found: string[] = [];
  for (const feature of featuresOf([...features]))
    if ((await findMask(dataset, run, feature, spacing)) !== undefined) found.push(feature.name);
  return found;
}

/** Returns the reconstruction that most runs have, and of several the usual one, else the first by name. */
function usualOf({ runs }: Dataset, data: string): string {
  const counts = new Map<string, number>();
  for (const { tomograms } of runs)
    for (const type of new Set(tomograms.map(({ tomoType }) => tomoType)))
      counts.set(type, (counts.get(type) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const names = [...counts.keys()].filter((type) => counts.get(type) === most).sort();
  const found = names.includes(usualTomogram) ? usualTomogram : names[0];
  if (found !== undefined) return found;
  throw new PickbenchError(
    "BadDataset",
    `${data}: none of its ${runs.length} runs has a tomogram; give a data set with tomograms`,
    { path: data },
  );
}

/** Returns the coarsest label that every run with the reconstruction has, where one has several; else undefined. */
function voxelSpacingOf({ runs }: Dataset, tomogram: string): number | undefined {
  const labels = runs
    .map((run) => tomogramsNamed(run, tomogram).map(({ voxelSpacing }) => voxelSpacing))
    .filter((each) => each.length > 0);
  if (labels.every((each) => each.length === 1)) return undefined;
  const shared = labels[0]!.filter((label) => labels.every((each) => each.includes(label)));
  const known = (shared.length > 0 ? shared : labels.flat()).filter((label) => label !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function countPicks(
  dataset: Dataset,
  { name }: Run,
  types: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { type } of await readRunPicks(dataset, name))
    if (types.includes(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
