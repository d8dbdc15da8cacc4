/** Training budgets in steps or minutes, and the schedules over a budget: learning rate and average of the weights. */
import { PickbenchError } from "../../system/errors.js";
import type { Experiment } from "./schema.js";
import { hasOwnRate } from "./startChoice.js";

/** Length of training: a number of steps, which repeats exactly, or minutes of the clock, which do not. */
export type Budget = { readonly steps: number } | { readonly minutes: number };

const unitMinutes: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, min: 1, h: 60 };

/**
 * Parses a budget such as `20m`, `90s`, `1.5h`, `3000 steps` or `3000steps`.
 *
 * @throws PickbenchError BadExperiment for others
 */
export function parseBudget(text: string): Budget {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|steps?)\s*$/.exec(text);
  const amount = Number(match?.[1]);
  const unit = match?.[2];
  if (!unit || !(amount > 0))
    throw new PickbenchError(
      "BadExperiment",
      `budget ${JSON.stringify(text)} is not a length of training; give minutes such as 20m, or steps such as "3000 steps"`,
    );
  if (!unit.startsWith("step")) return { minutes: amount * unitMinutes[unit]! };
  if (!Number.isInteger(amount))
    throw new PickbenchError(
      "BadExperiment",
      `budget ${JSON.stringify(text)}: ${amount} steps; give a whole number`,
    );
  return { steps: amount };
}

/** Divides a budget evenly among networks that are trained one after another. */
export function shareBudget(budget: Budget, networks: number): Budget {
  return "steps" in budget
    ? { steps: Math.max(1, Math.round(budget.steps / networks)) }
    : { minutes: budget.minutes / networks };
}

/** Returns the finished share of a budget, 0 to 1. */
export function fractionDone(budget: Budget, steps: number, elapsedMs: number): number {
  return Math.min(1, "steps" in budget ? steps / budget.steps : elapsedMs / (budget.minutes * 60_000));
}

/** Returns how many steps a budget is going to be; one in minutes by the steps until now, Infinity before the first. */
export function expectedSteps(budget: Budget, steps: number, fraction: number): number {
  if ("steps" in budget) return budget.steps;
  return steps === 0 || fraction === 0 ? Number.POSITIVE_INFINITY : steps / fraction;
}

/** How far a training has come. */
export interface Course {
  /** Number of steps that were made. */
  readonly step: number;
  /** Finished share of the budget, 0 to 1. */
  readonly fraction: number;
}

/** Share of a budget in which the rate rises where the experiment names no steps. */
const warmupShare = 0.05;

/** What the schedules of an experiment's optimiser are made of. */
type Schedules = Pick<Experiment["optimiser"], "rate" | "warmupSteps" | "floor" | "beta2" | "average">;

/**
 * Returns the number of steps in which the rate rises. `auto`: a twentieth of all, but no more than 2 / (1 - beta2), after
 * which the second moment of Adam is known (Ma and Yarats 2021, "On the adequacy of untuned warmup for adaptive
 * optimization").
 *
 * @param expected steps of the whole budget; may be fractional, or Infinity
 */
export const warmupStepsOf = (
  { warmupSteps, beta2 }: Pick<Schedules, "warmupSteps" | "beta2">,
  expected: number,
): number => (warmupSteps === "auto" ? Math.min(warmupShare * expected, 2 / (1 - beta2)) : warmupSteps);

/**
 * Returns the learning rate: linear warm-up over the first steps, then a cosine from the full rate to `floor` of it
 * (Loshchilov and Hutter 2017).
 *
 * @param step counted from 0
 * @param fraction finished share of the budget
 * @param expected steps of the whole budget
 */
export function learningRate(
  optimiser: Omit<Schedules, "average">,
  step: number,
  fraction: number,
  expected: number,
): number {
  const { rate, floor } = optimiser;
  const warm = Math.min(1, (step + 1) / Math.max(1, warmupStepsOf(optimiser, expected)));
  return rate * warm * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * fraction)));
}

/**
 * Returns the decay of the weights' average after a step: the average spans about a tenth of the steps until now, so that
 * the first weights are forgotten at every length of training (the power function average of Karras et al. 2024, "Analyzing
 * and improving the training dynamics of diffusion models", of relative width 0.09). A number is the longest decay.
 */
export const averageDecay = ({ average }: Pick<Schedules, "average">, step: number): number =>
  Math.min(average === "auto" ? 1 : average, (1 + step) / (10 + step));

/**
 * Returns what the next step is made with; `takenRate` is that of weights that were taken, undefined where it is that of all.
 */
export function scheduled(
  { optimiser, from }: Pick<Experiment, "optimiser" | "from">,
  budget: Budget,
  course: Course,
) {
  const { step, fraction } = course;
  const rate = learningRate(optimiser, step, fraction, expectedSteps(budget, step, fraction));
  const takenRate = hasOwnRate(from) ? (step < from.freeze ? 0 : rate * from.rate) : undefined;
  return { rate, takenRate, averageDecay: averageDecay(optimiser, step) };
}

/** Returns the schedules that a training followed, as its record holds them. */
export function followed({ optimiser }: Pick<Experiment, "optimiser">, budget: Budget, course: Course) {
  const steps = expectedSteps(budget, course.step, course.fraction);
  return {
    warmupSteps: Math.ceil(warmupStepsOf(optimiser, steps)),
    averageDecay: averageDecay(optimiser, Math.max(0, course.step - 1)),
  };
}
