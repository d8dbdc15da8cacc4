/** Shares a limit of time out among measurements that take as long as they take. */

/** Least time in ms that a measurement is begun with. */
const least = 2000;
/** How many times its equal share of what is left of its phase a measurement may take: most end long before. */
const patience = 2;

/** Phases of measurements, each of which has to end by a share of the limit. */
export class Timetable {
  readonly #limitMs: number;
  readonly #now: () => number;
  readonly #from: number;
  #endMs = 0;
  #left = 0;

  constructor(limitMs: number, now: () => number = () => performance.now()) {
    this.#limitMs = limitMs;
    this.#now = now;
    this.#from = now();
  }

  /** Time since the beginning, ms. */
  get elapsedMs(): number {
    return this.#now() - this.#from;
  }

  /** Begins a phase of some measurements. @param until the share of the whole limit by which they have ended */
  begin(until: number, measurements: number): void {
    this.#endMs = until * this.#limitMs;
    this.#left = measurements;
  }

  /** Returns the time in ms that the next measurement may take; 0 where too little is left of its phase. */
  next(): number {
    const left = this.#endMs - this.elapsedMs;
    const equal = left / Math.max(1, this.#left--);
    const ms = Math.min(left, patience * equal);
    return ms < least ? 0 : ms;
  }
}
