/** Training budgets in steps or minutes, and the learning rate over a budget. */
import { PickbenchError } from "../../system/errors.js";

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

/**
 * Returns the learning rate: linear warm-up over the first steps, then a cosine from the full rate to `floor` of it
 * (Loshchilov and Hutter 2017).
 */
export function learningRate(
  {
    rate,
    warmupSteps,
    floor,
  }: { readonly rate: number; readonly warmupSteps: number; readonly floor: number },
  step: number,
  fraction: number,
): number {
  const warm = Math.min(1, (step + 1) / Math.max(1, warmupSteps));
  return rate * warm * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * fraction)));
}
