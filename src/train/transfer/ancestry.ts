/** Ancestry: whether a network's earlier trainings saw the runs that are now held out or tuned on. */
import type { Splits } from "../../data/splits.js";
import { PickbenchError } from "../../system/errors.js";
import type { Generation, Lineage, SeenRun } from "../checkpoint/lineage.js";
import { experimentHash, runName } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";

/**
 * The generation that a training makes.
 *
 * @param types that are learned, in the order of the outputs
 * @param further runs of further data sets, which are trained on
 */
export function generationOf(
  experiment: Experiment,
  { train, tune }: Pick<Splits, "train" | "tune">,
  seen: ReadonlyMap<string, SeenRun>,
  types: readonly string[],
  further: readonly SeenRun[] = [],
): Generation {
  const of = (runs: readonly string[]) => runs.map((run) => seen.get(run)!);
  return {
    experiment: runName(experiment),
    experimentHash: experimentHash(experiment),
    types: [...types],
    roles: { train: [...of(train), ...further], tune: of(tune) },
  };
}

/**
 * Checks that no run that is tuned on or held out is a run of a further data set, under whatever name.
 *
 * @throws PickbenchError BadExperiment, naming the run and the data set
 */
export function checkFurther(
  further: readonly SeenRun[],
  splits: Pick<Splits, "tune" | "holdout">,
  seen: ReadonlyMap<string, SeenRun>,
): void {
  for (const role of ["holdout", "tune"] as const)
    for (const run of splits[role]) {
      const met = further.find((each) => isSame(seen.get(run)!, each));
      if (met)
        throw new PickbenchError(
          "BadExperiment",
          `splits.${role}: ${run} is ${met.run} of ${met.dataset} in data.also, which is trained on: its score would be leaked; take that run out of ${met.dataset}, or give ${run} no such role`,
        );
    }
}

/** A network's file and the trainings that made it. */
export interface Before {
  /** Path of the file that a training begins with, or that is tuned and scored as it is. */
  readonly path: string;
  readonly lineage: Lineage;
}

/**
 * Checks that no held-out run was trained or tuned on by any generation before.
 *
 * @returns warnings of tune runs that were trained on, of runs that share their name alone, and of generations whose runs
 * are not known
 * @throws PickbenchError BadExperiment, naming run, generation and role
 */
export function checkAncestry(
  { path, lineage }: Before,
  { tune, holdout }: Pick<Splits, "tune" | "holdout">,
  seen: ReadonlyMap<string, SeenRun>,
): string[] {
  const notes = new Set<string>();
  const unknown = lineage.filter(({ roles }) => roles.train === null || roles.tune === null);
  if (unknown.length > 0)
    notes.add(
      `warning: ${path}: not all runs are known that ${unknown.map(({ experiment }) => experiment).join(", ")} was trained and tuned on; if a held-out run is among them, its score is too high`,
    );
  const meet = (run: string, role: "train" | "tune") =>
    lineage.flatMap((generation, age) =>
      (generation.roles[role] ?? []).flatMap((earlier) => {
        const now = seen.get(run)!;
        if (isSame(now, earlier)) return [{ generation, age, earlier }];
        if (now.run === earlier.run && earlier.dataset === undefined)
          notes.add(
            `${path}: ${run} of ${generation.experiment} has the same name, other voxels and other picks: it is taken for another specimen`,
          );
        return [];
      }),
    );
  for (const run of holdout)
    for (const [role, did] of roles) {
      const [met] = meet(run, role);
      if (!met) continue;
      const { generation, age, earlier } = met;
      const called =
        earlier.run === run && earlier.dataset === undefined
          ? ""
          : ` under the name ${earlier.run}${earlier.dataset === undefined ? "" : ` of ${earlier.dataset}`}`;
      throw new PickbenchError(
        "BadExperiment",
        `splits.holdout: ${run} was ${did} by ${generation.experiment}${called}, generation ${age + 1} of the ${lineage.length} that made ${path}: its score would be leaked; hold out another run, or take a network that never saw it`,
        { path },
      );
    }
  for (const run of tune)
    for (const { generation } of meet(run, "train").slice(0, 1))
      notes.add(
        `warning: ${run} is tuned on, and ${generation.experiment}, of which ${path} is made, was trained on it: its thresholds come out too high; tune on another run`,
      );
  return [...notes];
}

const roles = [
  ["train", "trained on"],
  ["tune", "tuned on"],
] as const;

/**
 * Tells whether two runs are the same: they share a tomogram, or a name where their picks are the same or one side is
 * known by its name alone.
 */
export function isSame(a: SeenRun, b: SeenRun): boolean {
  if (a.tomograms.some((hash) => b.tomograms.includes(hash))) return true;
  if (a.run !== b.run) return false;
  const isNameAlone = ({ picks, tomograms }: SeenRun) => picks === null || tomograms.length === 0;
  return a.picks === b.picks || isNameAlone(a) || isNameAlone(b);
}

/** Lists which runs an earlier generation was trained on, as sentences that begin with the generation's name. */
export const trainedBefore = (lineage: Lineage, seen: readonly SeenRun[]): string[] =>
  lineage.flatMap(({ experiment, roles: { train } }) => {
    const runs = seen.filter((now) => train?.some((earlier) => isSame(now, earlier)));
    return runs.length === 0 ? [] : [`${experiment} was trained on ${runs.map(({ run }) => run).join(", ")}`];
  });
