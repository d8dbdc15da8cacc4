import type { Reporter } from "../../src/system/reporter.js";

/** A reporter that keeps what it hears, and asks the work to stop when it is told to. */
export interface HearingReporter extends Reporter {
  readonly notes: string[];
  /** `LABEL DONE/TOTAL UNIT`, one an update. */
  readonly updates: string[];
  /** Labels of the progress that was begun and not stopped. */
  readonly running: Set<string>;
  /** Units of the stoppable work that was begun. */
  readonly stoppables: string[];
  readonly stop: () => void;
}

/** @param onUpdate is called after each update of any progress, with `stop` */
export function hearingReporter(onUpdate: (stop: () => void) => unknown = () => undefined): HearingReporter {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const [notes, updates, stoppables]: string[][] = [[], [], []];
  const running = new Set<string>();
  return {
    ...{ running, notes: notes!, updates: updates!, stoppables: stoppables!, stop },
    signal: controller.signal,
    progress(label, total, unit) {
      running.add(label);
      return {
        update(done) {
          updates!.push(`${label} ${done}/${total} ${unit}`);
          onUpdate(stop);
        },
        say: (line) => notes!.push(line),
        stop: () => void running.delete(label),
      };
    },
    note: (line) => notes!.push(line),
    stoppable(unit, work) {
      stoppables!.push(unit);
      return work();
    },
    onEnd: () => () => undefined,
  };
}
