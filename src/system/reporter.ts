/** How whoever asked for long work hears of it and stops it: handed down from above, silent where nobody listens. */

/** A row of figures: what they are of, and each with its name. */
export interface FigureRow {
  readonly title: string;
  readonly figures: readonly (readonly [name: string, value: string])[];
}

/** Shows how far long work has come. */
export interface Progress {
  /** `done` of `total`; `note` is shown behind (a loss, a name). */
  update(done: number, note?: string): void;
  /** Shows figures below, where there is a live table; `rows` is asked whenever it is drawn. */
  table?(rows: () => readonly FigureRow[]): void;
  /** Says a line that stays. */
  say(line: string): void;
  stop(): void;
}

/** What work tells whoever asked for it, and what it is told. One belongs to one caller: nothing is shared behind it. */
export interface Reporter {
  /**
   * Begins to show how far work has come.
   *
   * @param label what is being done
   * @param total how many units there are
   * @param unit their name, for the rate; seconds ("s") have none
   * @param options `from`: how much was done before, as by a run that is resumed: it does not count for the rate;
   * `isAside`: a check or the like, whose end is worth no line in a log
   */
  progress(
    label: string,
    total: number,
    unit: string,
    options?: { readonly from?: number; readonly isAside?: boolean },
  ): Progress;
  /** Says a line that stays. */
  note(line: string): void;
  /** Aborted when work is to stop where it can go on later. */
  readonly signal: AbortSignal;
  /**
   * Does work that heeds `signal`.
   *
   * @param unit what is still finished once it is aborted, as the user is told
   */
  stoppable<Result>(unit: string, work: () => Promise<Result>): Promise<Result>;
  /** Has `undo` done, the latest first, where the user ends the process at once. Returns what takes that back. */
  onEnd(undo: () => unknown): () => void;
}

const silentProgress: Progress = { update() {}, say() {}, stop() {} };

/** Tells nobody anything and is never told to stop. */
export const silentReporter: Reporter = {
  progress: () => silentProgress,
  note() {},
  signal: new AbortController().signal,
  stoppable: (_, work) => work(),
  onEnd: () => () => {},
};

/** Work whose total comes with the first report. */
export interface Counting {
  update(done: number, total: number): void;
  stop(): void;
}

/** Begins to show how far work has come once its total is known. */
export function startCounting(reporter: Reporter, label: string, unit: string): Counting {
  let progress: Progress | undefined;
  return {
    update(done, total) {
      progress ??= reporter.progress(label, total, unit);
      progress.update(done);
    },
    stop: () => progress?.stop(),
  };
}
