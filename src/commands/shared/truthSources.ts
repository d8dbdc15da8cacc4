/** Truths that a command reads from a CSV or a data set. */
import type { Dataset } from "../../data/model.js";
import { challengeParticles, type Particle, type ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import { isCsv } from "../../formats/pickPlaces.js";
import type { Extent, Extents } from "../../score/diagnosis/places.js";
import {
  type PicksByExperiment,
  type PositionsByExperiment,
  positionsOf,
} from "../../score/match/positions.js";
import { readPositions, readSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { runNames } from "./flags.js";
import { dataRoom, opened } from "./pickSources.js";

/** A truth to score against. */
export interface ScoreTruth {
  readonly truth: PositionsByExperiment;
  readonly particles: readonly Particle[];
  /** Names of all runs that somebody picked, whether they are scored or not. */
  readonly picked: ReadonlySet<string>;
  /** Reads the volumes of the truth's runs that have tomograms; a CSV has none. */
  readonly readVolumes: () => Promise<ReadonlyMap<string, VolumeSize>>;
}

/** Voxels of a volume and their spacing in Å. */
export type VolumeSize = Pick<Volume, "shape" | "spacing">;

/** Which runs of a truth are read, and how. */
interface TruthChoice {
  /** Names of runs, separated by commas; all where undefined. */
  readonly asked?: string | undefined;
  /** What they were given with, without its dashes; `runs` if absent. */
  readonly flag?: string;
  /** Å per voxel of the data set's tomograms, over what their files say. */
  readonly spacing?: number | undefined;
  /** Hears of fetching. */
  readonly reporter: Reporter;
}

/**
 * Reads a data set's picks, or a CSV.
 *
 * @throws BadDataset where there is no particle, BadUsage for a run that the truth lacks
 */
export async function readScoreTruth(
  path: string,
  { asked, flag = "runs", spacing, reporter }: TruthChoice,
): Promise<ScoreTruth> {
  const { truth: all, ...others } = (await isCsv(path))
    ? {
        truth: await readPositions(path, { kind: "truth", note: reporter.note }),
        particles: challengeParticles,
        readVolumes: async () => new Map(),
      }
    : await positionsInDataset(path, reporter, spacing);
  const truth = namedRuns(path, all, asked, flag);
  const picked = new Set(all.keys());
  for (const ofExperiment of truth.values()) if (ofExperiment.size > 0) return { truth, picked, ...others };
  throw new PickbenchError(
    "BadDataset",
    `${path} holds no particle, wanted a truth to score against; name another`,
    { path },
  );
}

async function positionsInDataset(
  path: string,
  reporter: Reporter,
  spacing: number | undefined,
): Promise<Omit<ScoreTruth, "picked">> {
  const dataset = await opened(path, reporter, spacing);
  const truth = positionsOf(await truthOf(dataset));
  const readVolumes = () => readSizes(dataset, truth);
  return { truth, particles: dataset.particles, readVolumes };
}

/** Reads the picks of the runs that somebody picked. */
async function truthOf(dataset: Dataset): Promise<Map<string, ParticlePick[]>> {
  const { readPickedTruth } = await dataRoom();
  return readPickedTruth(dataset);
}

/** A truth to diagnose against. */
interface DiagnosisTruth {
  readonly truth: PicksByExperiment;
  readonly particles: readonly Particle[];
  /** Sizes of the volumes of the runs that have tomograms. */
  readonly extents: Extents;
}

/**
 * Reads a data set's picks and the sizes of its volumes, or a CSV.
 *
 * @throws BadDataset where there is no particle, BadUsage for a run that the truth lacks
 */
export async function readDiagnosisTruth(
  path: string,
  { asked, flag = "runs", spacing, reporter }: TruthChoice,
): Promise<DiagnosisTruth> {
  if (await isCsv(path)) {
    const truth = await readSubmission(path, { kind: "truth", note: reporter.note });
    return { truth: chosenRuns(path, truth, asked, flag), particles: challengeParticles, extents: new Map() };
  }
  const dataset = await opened(path, reporter, spacing);
  const truth = chosenRuns(path, await truthOf(dataset), asked, flag);
  return { truth, particles: dataset.particles, extents: await readExtents(dataset, truth) };
}

/** Returns the runs that are asked for, all where none are. @throws BadUsage for a run that the truth lacks */
function namedRuns<OfRun>(
  path: string,
  all: ReadonlyMap<string, OfRun>,
  asked: string | undefined,
  flag: string,
): ReadonlyMap<string, OfRun> {
  const names = asked === undefined ? [...all.keys()] : runNames(flag, asked);
  const unknown = names.find((name) => !all.has(name));
  if (unknown !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `--${flag} names ${unknown}, wanted runs with picks in ${path}: ${[...all.keys()].join(", ") || "there are none"}`,
      { path },
    );
  return new Map(names.map((name) => [name, all.get(name)!]));
}

function chosenRuns(
  path: string,
  all: ReadonlyMap<string, ParticlePick[]>,
  asked: string | undefined,
  flag: string,
): ReadonlyMap<string, ParticlePick[]> {
  const truth = namedRuns(path, all, asked, flag);
  if ([...truth.values()].every((picks) => picks.length === 0))
    throw new PickbenchError(
      "BadDataset",
      `${path} holds no particle in these runs, wanted a truth to diagnose against; name another`,
      { path },
    );
  return truth;
}

async function readExtents(dataset: Dataset, truth: PicksByExperiment): Promise<Map<string, Extent>> {
  const extents = new Map<string, Extent>();
  for (const [name, { shape, spacing }] of await readSizes(dataset, truth))
    extents.set(name, { z: shape[0] * spacing[0], y: shape[1] * spacing[1], x: shape[2] * spacing[2] });
  return extents;
}

/** Reads the sizes of the first tomograms of the truth's runs. */
async function readSizes(
  { runs, access }: Dataset,
  truth: { has(run: string): boolean },
): Promise<Map<string, VolumeSize>> {
  const { resolveTomogram } = await dataRoom();
  const sizes = new Map<string, VolumeSize>();
  for (const { name, tomograms } of runs) {
    const [first] = tomograms;
    if (!truth.has(name) || first === undefined) continue;
    sizes.set(name, (await resolveTomogram(first, access)).levels[0]!);
  }
  return sizes;
}
