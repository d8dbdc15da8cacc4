/** Which runs a drafted experiment trains on, tunes on and holds out, as the number of annotated runs allows. */
import type { SplitSpec } from "../../data/splits.js";
import type { SurveyedRun } from "./survey.js";

/** Roles of runs, and what the runs to train on have. */
export interface Roles {
  readonly splits: Extract<SplitSpec, { train: unknown }>;
  /** Types and features that runs to train on hold. */
  readonly learned: readonly string[];
  /** Types and features that were wanted, but which no run that is trained on holds. */
  readonly without: readonly string[];
  /** Number of runs with picks or masks of what is learned. */
  readonly annotated: number;
  /** Whether every run can be held out in turn, by `--folds`. */
  readonly canFold: boolean;
}

/**
 * Shares out the runs that have picks or masks: one is trained on; of two, one is tuned on; of three or more, a tenth is tuned on and
 * a seventh held out, at least one each. The first by name are trained on where these hold all that is wanted, else others
 * are chosen so that they do; what no choice leaves to train on is left out.
 *
 * @param runs with the reconstruction, by name
 * @param wanted names of types and features
 */
export function shareRoles(runs: readonly SurveyedRun[], wanted: readonly string[]): Roles {
  const holds = ({ picks, features = [] }: SurveyedRun, name: string) =>
    picks.has(name) || features.includes(name);
  const annotated = runs.filter((run) => wanted.some((name) => holds(run, name)));
  const count = annotated.length;
  const tune = count < 2 ? 0 : Math.max(1, Math.round(count / 10));
  const holdout = count < 3 ? 0 : Math.max(1, Math.round(count / 7));
  const missingWith = (train: readonly SurveyedRun[]): string[] =>
    wanted.filter((name) => !train.some((run) => holds(run, name)));
  const at = beginnings(count, tune + holdout).find(
    (from) => missingWith(withoutWindow(annotated, from, tune + holdout)).length === 0,
  );
  const from = at ?? count - tune - holdout;
  const train = withoutWindow(annotated, from, tune + holdout);
  const without = missingWith(train);
  if (without.length > 0 && without.length < wanted.length) {
    const left = wanted.filter((name) => !without.includes(name));
    const shared = shareRoles(runs, left);
    return { ...shared, without: [...without, ...shared.without] };
  }
  const isByCount = from === count - tune - holdout && count === runs.length;
  const named = (part: readonly SurveyedRun[]) => part.map(({ name }) => name);
  const splits = isByCount
    ? { train: "rest" as const, tune, holdout }
    : {
        train: named(train),
        tune: named(annotated.slice(from, from + tune)),
        holdout: named(annotated.slice(from + tune, from + tune + holdout)),
      };
  return { splits, learned: wanted, without, annotated: count, canFold: isByCount && count > 2 };
}

/** Places where a window of `length` of `count` runs may begin, the last one first. */
const beginnings = (count: number, length: number): number[] =>
  Array.from({ length: Math.max(1, count - length + 1) }, (_, at) => Math.max(0, count - length) - at);

const withoutWindow = <T>(all: readonly T[], from: number, length: number): T[] => [
  ...all.slice(0, from),
  ...all.slice(from + length),
];
