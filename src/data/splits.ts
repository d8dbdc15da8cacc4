/** Splits of runs into train, tune and holdout, by role or by fold. */
import { z } from "zod";
import { PickbenchError } from "../system/errors.js";
import { eachOnce } from "../system/unique.js";

const share = z.union([z.array(z.string()).refine(...eachOnce), z.number().int().min(0)]);

const tune = z.number().int().min(0).default(1);

/**
 * Which runs are trained on, tuned on and held out. By role: names, or a count of the sorted run names (train's first,
 * then tune's, then holdout's), or `rest` for all remaining runs. By fold: fold `fold` of `folds` is held out, the
 * `tune` runs after it are for tuning, the others for training. All folds in turn: `folds` alone; `each` makes every
 * run a fold.
 */
export const SplitSpec = z.union([
  z.strictObject({
    train: z.union([share, z.literal("rest")]),
    tune: share.default(0),
    holdout: share.default(0),
  }),
  z.strictObject({
    fold: z.number().int().min(0),
    folds: z.number().int().min(2),
    tune,
  }),
  z.strictObject({ folds: z.union([z.number().int().min(2), z.literal("each")]), tune }),
]);
export type SplitSpec = z.infer<typeof SplitSpec>;
type RoleSpec = Extract<SplitSpec, { train: unknown }>;
/** One fold of several. */
export type FoldSpec = Extract<SplitSpec, { fold: number }>;
/** All folds in turn. */
export type FoldsSpec = Exclude<SplitSpec, RoleSpec | FoldSpec>;

/** Names of the runs of each role. */
export interface Splits {
  readonly train: string[];
  readonly tune: string[];
  readonly holdout: string[];
}
const roles = ["train", "tune", "holdout"] as const;

/**
 * Resolves a split into the sorted run names of each role; the order of the given names does not matter.
 *
 * @param leastTrain least number of runs to train on
 * @throws PickbenchError BadExperiment where a name is unknown or has two roles, or where the runs do not suffice
 */
export function resolveSplits(spec: SplitSpec, runNames: readonly string[], leastTrain = 1): Splits {
  const names = [...new Set(runNames)].sort();
  const splits = splitsOf(spec, names);
  if (splits.train.length < leastTrain)
    throw new PickbenchError(
      "BadExperiment",
      `splits.train: no run is left to train on of ${names.length} (${names.join(", ")}); hold out or tune on fewer${oneRunAdvice(names)}`,
    );
  return splits;
}

/** What works with one run alone. */
const oneRunAdvice = (names: readonly string[]): string =>
  names.length === 1
    ? "; with one run write splits: {train: 1}, which trains without tuning and scoring"
    : "";

function splitsOf(spec: SplitSpec, names: readonly string[]): Splits {
  if ("train" in spec) return byRole(spec, names);
  if ("fold" in spec) return byFold(spec, names);
  throw new PickbenchError(
    "BadExperiment",
    `splits.folds: ${spec.folds === "each" ? "each run a fold" : `${spec.folds} folds`}, which only run trains in turn; name one, such as splits: {fold: 0, folds: ${spec.folds === "each" ? names.length : spec.folds}, tune: ${spec.tune}}`,
  );
}

/** Returns the specification of every fold in turn, over runs of these names. */
export function foldsOf({ folds, tune }: FoldsSpec, runNames: readonly string[]): FoldSpec[] {
  const count = folds === "each" ? new Set(runNames).size : folds;
  return Array.from({ length: count }, (_, fold) => ({ fold, folds: count, tune }));
}

/**
 * Returns the folds to run in turn: those of `asked`, which goes before the experiment's splits but keeps their number
 * of tune runs; else those of the splits; else null.
 *
 * @throws PickbenchError BadExperiment where the splits name their runs, which folds would put in other roles
 */
export function foldsAsked(spec: SplitSpec, asked: FoldsSpec["folds"] | undefined): FoldsSpec | null {
  if (asked === undefined) return "train" in spec || "fold" in spec ? null : spec;
  if (!("train" in spec)) return { folds: asked, tune: spec.tune };
  const named = roles.find((role) => Array.isArray(spec[role]));
  if (named === undefined && typeof spec.tune === "number") return { folds: asked, tune: spec.tune };
  throw new PickbenchError(
    "BadExperiment",
    `splits.${named} names its runs, and --folds would put all runs of the data in turn in every role; leave --folds out, or write splits: {folds: ${asked}, tune: 1}`,
  );
}

function byFold({ fold, folds, tune }: FoldSpec, names: readonly string[]): Splits {
  if (fold >= folds)
    throw new PickbenchError(
      "BadExperiment",
      `splits.fold: ${fold}; wanted 0 to ${folds - 1} of ${folds} folds`,
    );
  if (folds > names.length)
    throw new PickbenchError(
      "BadExperiment",
      `splits.folds: ${folds} folds of ${names.length} runs (${names.join(", ")}); wanted at most as many folds as runs${oneRunAdvice(names)}`,
    );
  const foldOf = (index: number) => Math.floor((index * folds) / names.length);
  const holdout = names.filter((_, index) => foldOf(index) === fold);
  const after = names.indexOf(holdout.at(-1)!) + 1;
  const others = [...names.slice(after), ...names.slice(0, after - holdout.length)];
  return { train: others.slice(tune).sort(), tune: others.slice(0, tune).sort(), holdout };
}

function byRole(spec: RoleSpec, names: readonly string[]): Splits {
  const taken = new Map<string, string>();
  for (const role of roles) {
    const wanted = spec[role];
    if (!Array.isArray(wanted)) continue;
    for (const name of wanted) claim(taken, role, name, names);
  }
  const free = names.filter((name) => !taken.has(name));
  const counts = roles.map((role) => (typeof spec[role] === "number" ? spec[role] : 0));
  const counted = counts.reduce((sum, count) => sum + count, 0);
  if (counted > free.length)
    throw new PickbenchError(
      "BadExperiment",
      `splits: ${counts.map((count, i) => `${roles[i]} ${count}`).join(", ")} need ${counted} runs; there are ${free.length} to share out (${free.join(", ")})${oneRunAdvice(names)}`,
    );
  if (spec.train === "rest") counts[0] = free.length - counted;
  let next = 0;
  const [train, tune, holdout] = roles.map((role, index) => {
    const wanted = spec[role];
    if (Array.isArray(wanted)) return [...wanted].sort();
    next += counts[index]!;
    return free.slice(next - counts[index]!, next);
  });
  return { train: train!, tune: tune!, holdout: holdout! };
}

function claim(taken: Map<string, string>, role: string, name: string, names: readonly string[]): void {
  if (!names.includes(name))
    throw new PickbenchError(
      "BadExperiment",
      `splits.${role}: no run ${name} in the data; there is ${names.join(", ")}`,
    );
  const other = taken.get(name);
  if (other !== undefined)
    throw new PickbenchError(
      "BadExperiment",
      `splits.${role}: ${name} is already in ${other}; a run has one role, or the score is leaked`,
    );
  taken.set(name, role);
}
