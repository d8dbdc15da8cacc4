/**
 * When a training is watched: points spread evenly over the budget, as many as a share of the training's time pays for.
 * The room `watch` looks at a training while it goes on; its sinks hand on what is seen.
 */

/** How far a training has come. */
export interface Moment {
  /** Finished share of the budget, 0 to 1. */
  readonly fraction: number;
  /** Time in ms that steps have taken in this call, waiting for data included. */
  readonly steppedMs: number;
}

/** Most looks over a whole budget. */
const mostLooks = 50;
/** What a look may take of what the last one took. */
const spare = 1.15;
/** Factor by which a look that is too dear is thought to become cheaper from one point to the next. */
const hope = 0.9;
/** Least steps whose time tells how long the others will take. */
const leastSteps = 3;

/**
 * Decides by measured time when to look. What it decides depends on the machine's speed, and so must change nothing but
 * the log. A resumed training begins a schedule of its own for the rest of its budget.
 */
export class WatchSchedule {
  /** Time in ms spent on looking. */
  spentMs = 0;
  private readonly share: number;
  private readonly from: number;
  /** Fraction of the budget at which the next look is due. */
  private next: number;
  /** Time in ms that the next look will take; Infinity where looking was too dear. */
  private expectedMs: number | null = null;
  private steps = 0;

  /**
   * @param share largest share of the training's time
   * @param from fraction of the budget that was done before
   */
  constructor(share: number, from = 0) {
    this.share = share;
    this.from = from;
    this.next = from + (1 - from) / mostLooks;
  }

  /**
   * Tells, after a step, whether to look now.
   *
   * @param guessMs the time that the first look, which measures, is thought to take
   */
  due(moment: Moment, guessMs: number): boolean {
    this.steps++;
    if (this.share === 0 || this.steps < leastSteps || moment.fraction < this.next - 1e-9) return false;
    if ((this.expectedMs ?? guessMs) <= this.leftMs(moment)) return true;
    this.next = moment.fraction + (1 - this.from) / mostLooks;
    if (this.expectedMs !== null) this.expectedMs *= hope;
    return false;
  }

  /** Returns the time in ms that may still be spent on looking, as far as the steps until now tell; may be negative. */
  leftMs({ fraction, steppedMs }: Moment): number {
    const done = fraction - this.from;
    const whole = done > 0 ? (steppedMs * (1 - this.from)) / done : 0;
    return this.share * whole - this.spentMs;
  }

  /**
   * Counts a look and plans the next one.
   *
   * @param costMs what it took
   * @param nextMs what the next one will take; Infinity ends the looking
   */
  looked(moment: Moment, costMs: number, nextMs: number): void {
    this.spentMs += costMs;
    this.expectedMs = nextMs;
    const affordable = Math.floor(Math.max(0, this.leftMs(moment)) / (spare * nextMs));
    const step = (1 - this.from) / mostLooks;
    const rest = 1 - moment.fraction;
    this.next = moment.fraction + (affordable > 0 ? Math.max(step, rest / affordable) : step);
  }
}
