/**
 * Finds the masks of features. The room `masks` reads what was segmented in a run onto a tomogram's grid, and which of it is
 * known.
 */

import { ownUserId } from "../../formats/copickPicks.js";
import { PickbenchError } from "../../system/errors.js";
import { nearest, suggestion } from "../../system/nearest.js";
import { isThere } from "../../system/paths/replacing.js";
import { labelled } from "../layouts/copickProject.js";
import type { Dataset, Run, SegmentationRef } from "../model.js";
import { annotatedRuns, type Feature, withBoxes } from "./features.js";

/** A mask's volume, and what its voxels mean. */
export interface MaskPlace {
  readonly path: string;
  /** The value that means yes; undefined where every value above 0 does. */
  readonly label: number | undefined;
  /** Labels that are allowed, by name; undefined where any is. */
  readonly labels: ReadonlyMap<string, number> | undefined;
}

/** Returns the path that a pattern has for a run. */
export const patternPath = (pattern: string, run: string): string => pattern.replaceAll("{run}", run);

/**
 * Finds the mask of a feature in a run; undefined where there is none. Of the data set's segmentations that is the one of
 * the feature's name, else a multilabel one whose configuration has the feature among its objects; those that pickbench
 * itself wrote, and the Data Portal's that are not ground truth, only where `user` asks for them. Of several spacings the
 * tomogram's own is taken.
 *
 * @param voxelSpacing of the tomogram, in Å
 * @throws PickbenchError BadDataset where several are left to choose from
 */
export async function findMask(
  dataset: Dataset,
  run: Run,
  feature: Feature,
  voxelSpacing: number,
): Promise<MaskPlace | undefined> {
  const { masks, label } = feature;
  if (masks !== undefined) {
    const path = patternPath(masks, run.name);
    return (await isThere(path)) ? { path, label, labels: undefined } : undefined;
  }
  const { found, ...meaning } = segmentationsOf(dataset, run, feature);
  return found.length === 0
    ? undefined
    : { path: onlyOne(run, feature, found, voxelSpacing).path, ...meaning };
}

/** Lists the segmentations of a run that a feature may mean, and what their voxels mean. */
function segmentationsOf(
  dataset: Dataset,
  { segmentations = [] }: Run,
  feature: Feature,
): Omit<MaskPlace, "path"> & { readonly found: readonly SegmentationRef[] } {
  const { name, label } = feature;
  const there = segmentations.filter((each) => isAsked(each, feature));
  const named = there.filter((each) => isOf(each, feature));
  if (named.length > 0) return { found: named, label, labels: undefined };
  const labels = labelsOf(dataset);
  const own = labels.get(name);
  const found = there.filter(({ isMultilabel }) => isMultilabel && own !== undefined);
  return { found, label: label ?? own, labels };
}

/** Tells whether a segmentation is a feature's by its own name: a binary one, or one of which the feature names a label. */
const isOf = (each: SegmentationRef, { name, label }: Feature): boolean =>
  each.name === name && (label !== undefined || !each.isMultilabel);

const isAsked = (
  { userId, sessionId, isTruth }: SegmentationRef,
  { user, session }: Pick<Feature, "user" | "session">,
): boolean =>
  (user === undefined ? userId !== ownUserId && isTruth : userId === user) &&
  (session === undefined || sessionId === session);

/** Labels of a data set's objects: those of its configuration, or of its particles as pickbench numbers them. */
const labelsOf = ({ objects, particles }: Dataset): ReadonlyMap<string, number> =>
  new Map((objects ?? labelled(particles)).map(({ name, label }) => [name, label]));

function onlyOne(
  run: Run,
  { name }: Feature,
  found: readonly SegmentationRef[],
  voxelSpacing: number,
): SegmentationRef {
  const atSpacing = found.filter((each) => Math.abs(each.voxelSpacing / voxelSpacing - 1) < 0.01);
  const [first, second] = atSpacing.length > 0 ? atSpacing : found;
  if (second === undefined) return first!;
  const those = (atSpacing.length > 0 ? atSpacing : found)
    .map((each) => `user ${each.userId}, session ${each.sessionId}, ${each.voxelSpacing} Å`)
    .join("; ");
  throw new PickbenchError(
    "BadDataset",
    `${run.name}: ${name} was segmented several times (${those}); name one with features: [{name: ${name}, user: …, session: …}]`,
    { path: first!.path },
  );
}

const allSegmentations = ({ runs }: Dataset): SegmentationRef[] =>
  runs.flatMap(({ segmentations = [] }) => segmentations);

/**
 * Lists the names of features that the segmentations of a data set's runs are of, or hold as labels; only of those that are
 * taken where no user is named.
 */
export function featuresThere(dataset: Dataset): string[] {
  const taken = allSegmentations(dataset).filter((each) => isAsked(each, {}));
  const names = taken.filter(({ isMultilabel }) => !isMultilabel).map(({ name }) => name);
  const inLabels = taken.some(({ isMultilabel }) => isMultilabel) ? [...labelsOf(dataset).keys()] : [];
  return [...new Set([...names, ...inLabels])].sort();
}

/**
 * Checks that the data set knows every feature, and every run that a feature's annotation names.
 *
 * @throws PickbenchError BadExperiment, listing what there is, or where a file holds no boxes
 */
export async function checkFeatures(dataset: Dataset, features: readonly Feature[]): Promise<void> {
  const runs = dataset.runs.map(({ name }) => name);
  for (const feature of features) {
    const strange = annotatedRuns(await withBoxes(feature)).find((run) => !runs.includes(run));
    if (strange !== undefined)
      throw new PickbenchError(
        "BadExperiment",
        `features: the annotation of ${feature.name} names the run ${strange}, which the data set has not${suggestion(strange, runs)}`,
      );
    if (feature.masks !== undefined) continue;
    if (dataset.runs.some((run) => segmentationsOf(dataset, run, feature).found.length > 0)) continue;
    throw absent(dataset, feature);
  }
}

function absent(dataset: Dataset, feature: Feature): PickbenchError {
  const { name, user, session } = feature;
  const others = allSegmentations(dataset).filter((each) => isOf(each, feature));
  if (others.length > 0) {
    const those = [...new Set(others.map((each) => `user ${each.userId}, session ${each.sessionId}`))];
    const wanted = (user ?? session) === undefined ? "that is taken unasked" : "of that user or session";
    return new PickbenchError(
      "BadExperiment",
      `features: the data set has no segmentation ${name} ${wanted}; there is ${those.join("; ")}: name one with features: [{name: ${name}, user: …, session: …}]`,
    );
  }
  const there = featuresThere(dataset);
  const meant = nearest(name, there);
  return new PickbenchError(
    "BadExperiment",
    `features: the data set has no segmentation ${name}; ${meant === undefined ? `there is ${there.join(", ") || "none at all: name the files with masks: PATTERN"}` : `did you mean ${meant}?`}`,
  );
}

/**
 * Lists the files outside the data set that the masks of a run are read from, by the names that manifests give them.
 */
async function maskFiles(
  features: readonly Feature[],
  run: string,
): Promise<{ readonly name: string; readonly path: string }[]> {
  const found: { name: string; path: string }[] = [];
  for (const { name, masks, annotated } of features) {
    const add = async (kind: string, path: string) => {
      if (await isThere(path)) found.push({ name: `${kind}/${name}/${run}`, path });
    };
    if (masks !== undefined) await add("masks", patternPath(masks, run));
    if (typeof annotated === "string") continue;
    if ("mask" in annotated) await add("annotated", patternPath(annotated.mask, run));
    if ("boxes" in annotated && typeof annotated.boxes === "string") await add("boxes", annotated.boxes);
  }
  return found;
}

/** Returns a data set whose runs list the files of masks that features name beside it. */
export async function withMaskFiles(dataset: Dataset, features: readonly Feature[]): Promise<Dataset> {
  if (features.length === 0) return dataset;
  const runs = dataset.runs.map(async (run) => {
    const besides = await maskFiles(features, run.name);
    return besides.length > 0 ? { ...run, besides } : run;
  });
  return { ...dataset, runs: await Promise.all(runs) };
}
