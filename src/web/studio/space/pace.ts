/** How coarsely a picture is drawn so that it keeps up, from how long it took before. */

/** Milliseconds that one piece of drawing should take. */
export const budgetMs = 50;

/** Coarsest picture: one pixel for so many along each side. */
const coarsest = 8;

/** Speed of drawing, learnt from each piece. */
export class Pace {
  /** Pixels a millisecond; the first guess is a slow one. */
  #rate: number;

  constructor(rate = 500) {
    this.#rate = rate;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Takes in that so many pixels took so many milliseconds. What is quicker than the clock's grain counts as its grain. */
  learn(pixels: number, ms: number): void {
    if (pixels <= 0) return;
    const measured = pixels / Math.max(ms, 1);
    this.#rate = this.#rate * 0.4 + measured * 0.6;
  }

  /** Returns how many pixels of the screen, along each side, one drawn pixel stands for, so that a picture takes the budget. */
  scaleFor(pixels: number): number {
    return Math.min(coarsest, Math.max(1, Math.sqrt(pixels / (this.#rate * budgetMs))));
  }

  /** Returns how many rows of a picture of this width the budget allows, at least 8. */
  rowsFor(width: number): number {
    return Math.max(8, Math.floor((this.#rate * budgetMs) / Math.max(1, width)));
  }
}
