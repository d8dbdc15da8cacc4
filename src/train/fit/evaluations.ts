/** When the tune runs are scored while a network is trained, and what that costs. */
import { product } from "../../domain/numbers.js";
import type { Shape3 } from "../../domain/volume.js";
import { symmetries } from "../../infer/predict/testTime.js";
import { tileGrid } from "../../infer/predict/tiles.js";
import { type Budget, type Course, expectedSteps } from "../experiment/budget.js";
import type { Experiment } from "../experiment/schema.js";

/** Largest share of a budget that evaluations are planned to take. */
const plannedShare = 0.1;
/** Share of a budget in minutes after which no further one is made. */
const largestShare = 0.15;
/** Most evaluations: the rate falls, so that the last weights are mostly the best. */
const most = 5;
/**
 * What it takes to predict, tune and score voxels of a tomogram, as a share of what it takes to train on as many: 0.2 to
 * predict them, as much to pick them at every threshold.
 */
const ofTraining = 0.4;

/** Returns what one evaluation takes, in training steps. @param shapes voxels of the tune runs along z, y, x */
export function evaluationSteps(
  { predict, patch }: Pick<Experiment, "predict" | "patch">,
  shapes: readonly Shape3[],
): number {
  const { tile, overlap, flips, rotations, halfTurn } = predict;
  const images = symmetries(flips, rotations, halfTurn).length;
  const voxels = shapes.map((shape) =>
    product(
      tileGrid(shape, { tile, overlap, multiple: [1, 1, 1] }).map((axis) => axis.size * axis.starts.length),
    ),
  );
  const predicted = images * voxels.reduce((sum, each) => sum + each, 0);
  return (ofTraining * predicted) / (patch.batch * product(patch.shape));
}

/**
 * Returns how many evaluations a budget pays for; none where it does not pay for two, as one alone chooses nothing.
 *
 * @param steps of the budget
 * @param cost of one evaluation in steps
 */
export function affordable(steps: number, cost: number): number {
  const times = Math.min(most, Math.floor((plannedShare * steps) / cost));
  return times < 2 ? 0 : times;
}

/** What evaluations are planned by. */
interface EvaluationPlan {
  readonly evaluate: Experiment["evaluate"];
  readonly budget: Budget;
  /** Steps that one evaluation takes. */
  readonly cost: number;
}

/** What a resumed training knows of evaluations that `auto` planned for a budget in minutes. */
export interface EvaluationsPlanned {
  readonly times: number;
  /** Time in ms that those made have taken. */
  readonly spentMs: number;
}

/**
 * The evaluations of a training. Where the experiment says `auto`, their number follows from the budget: of steps by the
 * sizes of tomograms and patches alone, so that a run repeats; of minutes by the steps that were made when the first one may
 * be due.
 */
export class Evaluations {
  /** Those that were made. */
  done: number;
  private readonly plan: EvaluationPlan;
  private times: number | undefined;
  private spentMs: number;

  /**
   * @param done evaluations before the training was resumed
   * @param planned what `planned` was then
   */
  constructor(plan: EvaluationPlan, done: number, planned?: EvaluationsPlanned) {
    this.plan = plan;
    this.done = done;
    this.times = plan.evaluate.times === "auto" ? planned?.times : plan.evaluate.times;
    this.spentMs = planned?.spentMs ?? 0;
  }

  /** What follows from the clock, to be kept with the progress; undefined where nothing does. */
  get planned(): EvaluationsPlanned | undefined {
    const { times, spentMs } = this;
    return this.followsClock && times !== undefined ? { times, spentMs } : undefined;
  }

  private get followsClock(): boolean {
    return this.plan.evaluate.times === "auto" && "minutes" in this.plan.budget;
  }

  /** Tells, after a step, whether the next evaluation is due. */
  isDue({ step, fraction }: Course): boolean {
    const { evaluate, budget, cost } = this.plan;
    const { from } = evaluate;
    if (this.times === undefined && fraction < from) return false;
    this.times ??= affordable(expectedSteps(budget, step, fraction), cost);
    const { times, done } = this;
    if (done >= times) return false;
    return fraction >= (times === 1 ? 1 : from + ((1 - from) * done) / (times - 1));
  }

  /**
   * Counts an evaluation. Returns false where `auto` makes no further one of those it planned, because they take too large a
   * share of a budget in minutes.
   */
  made(ms: number): boolean {
    const { budget } = this.plan;
    this.done++;
    this.spentMs += ms;
    if (!("minutes" in budget) || !this.followsClock || this.done >= this.times!) return true;
    const next = this.spentMs + this.spentMs / this.done;
    if (next <= largestShare * budget.minutes * 60_000) return true;
    this.times = this.done;
    return false;
  }
}
