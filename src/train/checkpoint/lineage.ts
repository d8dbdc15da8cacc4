/** Lineages: the trainings that made a network, each with the runs it saw, so that none of them is held out later. */
import { z } from "zod";
import { canonicalJson, hashOf } from "../../system/files.js";
import { experimentHash, runName } from "../experiment/experiment.js";
import { isExternal } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import type { EnsembleRecord } from "./ensembleRecord.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "wanted a SHA-256 in hex");

const seenSchema = z.strictObject({
  run: z.string(),
  /** Name of the further data set that the run is of; absent for the training's own. */
  dataset: z.string().optional(),
  /** SHA-256 of the run's picks; null where it is not known or there are none. */
  picks: hash.nullable(),
  /** SHA-256 of the files of each of the run's tomograms, sorted; none where they are not known. */
  tomograms: z.array(hash),
});
/** A run that a training saw, known by its content as well as by its name. */
export type SeenRun = z.infer<typeof seenSchema>;

const generationSchema = z.strictObject({
  /** Name of the experiment, with the seed unless that is 0; of a model from elsewhere the file's name. */
  experiment: z.string(),
  experimentHash: hash.nullable(),
  /** Types in the order of the outputs, ignored ones too; null where they are not known. */
  types: z.array(z.string()).nullable(),
  /** Runs by role; null where they are not known. */
  roles: z.strictObject({
    train: z.array(seenSchema).nullable(),
    tune: z.array(seenSchema).nullable(),
  }),
});
/** One training, or one choice by tune runs, of those that made a network. */
export type Generation = z.infer<typeof generationSchema>;

export const lineageSchema = z.array(generationSchema).min(1);
/** All trainings that made a network, its own first. */
export type Lineage = readonly Generation[];

/** Joins lineages, each generation once. */
export function joined(...lineages: readonly Lineage[]): Generation[] {
  const all = new Map<string, Generation>();
  for (const generation of lineages.flat()) {
    const key = canonicalJson(generation);
    if (!all.has(key)) all.set(key, generation);
  }
  return [...all.values()];
}

/** Returns a lineage whose own training also tuned on these runs. */
export function tunedAlso([own, ...before]: Lineage, tune: readonly SeenRun[]): Generation[] {
  const { roles } = own!;
  const known = roles.tune ?? [];
  const added = tune.filter((seen) => !known.some((each) => canonicalJson(each) === canonicalJson(seen)));
  const both = roles.tune === null && added.length === 0 ? null : [...known, ...added];
  return [{ ...own!, roles: { ...roles, tune: both } }, ...before];
}

const byName = (runs: readonly string[]): SeenRun[] =>
  runs.map((run) => ({ run, picks: null, tomograms: [] }));

/** What a checkpoint tells of its trainings. */
interface Trained {
  readonly experiment: Experiment;
  readonly lineage?: Lineage;
  readonly ensemble?: EnsembleRecord;
}

/** Returns the lineage of a checkpoint; of an older one that holds none what its ensemble or experiment tells. */
export function lineageOf({ experiment, lineage, ensemble }: Trained): Lineage {
  if (lineage) return lineage;
  if (!ensemble) return lineageByName(experiment);
  const { members, tune } = ensemble;
  const own = ensembleGeneration(
    members.map((member) => member.experiment),
    null,
    byName(tune),
  );
  const trained = members
    .filter(({ weight }) => weight > 0)
    .map(
      ({ experiment: name, trainedOn }): Generation => ({
        experiment: name,
        ...{ experimentHash: null, types: null },
        roles: { train: trainedOn && byName(trainedOn), tune: null },
      }),
    );
  return joined([own, ...trained]);
}

/** Returns the lineage of a checkpoint that holds none: what its experiment names by name, the rest unknown. */
function lineageByName(experiment: Experiment): Generation[] {
  const { splits, network } = experiment;
  const named = (role: "train" | "tune"): SeenRun[] | null => {
    if (!("train" in splits)) return null;
    const share = splits[role];
    if (share === 0) return [];
    return Array.isArray(share) ? byName(share) : null;
  };
  return [
    {
      experiment: runName(experiment),
      experimentHash: experimentHash(experiment),
      types: null,
      roles: { train: isExternal(network) ? null : named("train"), tune: named("tune") },
    },
  ];
}

/**
 * Returns the lineage of a checkpoint, as `lineageOf` does.
 *
 * @param now an experiment prepared again, whose lineage an older checkpoint of the same experiment has
 */
export function lineageOfTrained(
  trained: Trained,
  now: { readonly experimentHash: string; readonly lineage: Lineage },
): Lineage {
  const { experiment, lineage, ensemble } = trained;
  const isOfNow = !lineage && !ensemble && experimentHash(experiment) === now.experimentHash;
  return isOfNow ? now.lineage : lineageOf(trained);
}

/** Returns the lineage of a model whose training is not known, by its file's name. */
export const unknownLineage = (name: string): Generation[] => [
  { experiment: name, experimentHash: null, types: null, roles: { train: null, tune: null } },
];

/** A generation of an ensemble: its weights were chosen, and its picking tuned, on these runs. */
export function ensembleGeneration(
  members: readonly string[],
  types: readonly string[] | null,
  tune: readonly SeenRun[],
): Generation {
  return {
    experiment: `ensemble of ${[...new Set(members)].join(", ")}`,
    experimentHash: hashOf(canonicalJson({ members, tune })),
    types: types && [...types],
    roles: { train: [], tune: [...tune] },
  };
}
