/** Which runs a drafted experiment trains on, tunes on and holds out, as the number of annotated runs allows. */
import type { SplitSpec } from "../../data/splits.js";
import type { SurveyedRun } from "./survey.js";

/** Roles of runs, and the types that the runs to train on have. */
export interface Roles {
  readonly splits: Extract<SplitSpec, { train: unknown }>;
  readonly types: readonly string[];
  /** Types that were wanted, but which no run that is trained on holds. */
  readonly without: readonly string[];
  /** Number of runs with picks of the types. */
  readonly annotated: number;
  /** Whether every run can be held out in turn, by `--folds`. */
  readonly canFold: boolean;
}

/**
 * Shares out the runs that have picks: one is trained on; of two, one is tuned on; of three or more, a tenth is tuned on and
 * a seventh held out, at least one each. The first by name are trained on where these hold every type, else others are
 * chosen so that they do; a type that no choice leaves to train on is left out.
 *
 * @param runs with the reconstruction, by name
 */
export function shareRoles(runs: readonly SurveyedRun[], types: readonly string[]): Roles {
  const annotated = runs.filter(({ picks }) => types.some((type) => picks.has(type)));
  const count = annotated.length;
  const tune = count < 2 ? 0 : Math.max(1, Math.round(count / 10));
  const holdout = count < 3 ? 0 : Math.max(1, Math.round(count / 7));
  const missingWith = (train: readonly SurveyedRun[]): string[] =>
    types.filter((type) => !train.some(({ picks }) => picks.has(type)));
  const at = beginnings(count, tune + holdout).find(
    (from) => missingWith(withoutWindow(annotated, from, tune + holdout)).length === 0,
  );
  const from = at ?? count - tune - holdout;
  const train = withoutWindow(annotated, from, tune + holdout);
  const without = missingWith(train);
  if (without.length > 0 && without.length < types.length) {
    const left = types.filter((type) => !without.includes(type));
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
  return { splits, types, without, annotated: count, canFold: isByCount && count > 2 };
}

/** Places where a window of `length` of `count` runs may begin, the last one first. */
const beginnings = (count: number, length: number): number[] =>
  Array.from({ length: Math.max(1, count - length + 1) }, (_, at) => Math.max(0, count - length) - at);

const withoutWindow = <T>(all: readonly T[], from: number, length: number): T[] => [
  ...all.slice(0, from),
  ...all.slice(from + length),
];
