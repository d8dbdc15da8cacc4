/** A watcher on a clock of its own, with work that does nothing but note that it was done. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrivalsIn } from "../../src/watch/arrivals.js";
import type { Outcome } from "../../src/watch/processes.js";
import type { WatchSettings, WatchView } from "../../src/watch/settings.js";
import type { Task } from "../../src/watch/task.js";
import { watchFolder } from "../../src/watch/watcher.js";
import { mrcBytes } from "./arrivingTomograms.js";
import { type HearingReporter, hearingReporter } from "./hearingReporter.js";
import { temporaryFolder } from "./storeFixtures.js";

/** What says of a tomogram that it is done, as text. */
export const doneText = (run: string, stamp: string): string => {
  const at = "2026-01-01T00:00:00.000Z";
  const attempts = { attempt: 1, startedAt: at, finishedAt: at };
  return JSON.stringify({ run, tomogram: "/t", stamp, ...attempts, done: [], skipped: [] });
};

/** What a scene of a test is made of. */
export interface Scene {
  readonly data: string;
  readonly out: string;
  readonly reporter: HearingReporter;
  /** Tasks in the order in which they were begun. */
  readonly begun: Task[];
  /** Time in ms since the scene began. */
  readonly now: () => number;
  /** Sets the time of day forward or back, in ms. */
  readonly setClock: (by: number) => void;
  /** Does something at a time in ms. */
  readonly at: (ms: number, what: () => unknown) => void;
  /** Puts a whole tomogram there. */
  readonly arrive: (name: string) => void;
  readonly watch: (
    work?: (task: Task) => Outcome | Promise<Outcome>,
    settings?: Partial<WatchSettings>,
  ) => Promise<WatchView>;
}

const done: Outcome = { end: "done", seconds: 1 };

/** Makes a folder to watch, and one for outputs. */
export function scene(): Scene {
  const folder = temporaryFolder();
  const [data, out] = [join(folder, "data"), join(folder, "out")];
  mkdirSync(data);
  mkdirSync(out);
  let now = 0;
  let shift = Date.parse("2026-01-01T00:00:00Z");
  const planned: { readonly ms: number; readonly what: () => unknown }[] = [];
  const begun: Task[] = [];
  const reporter = hearingReporter();
  const step = 500;
  const clock = {
    wall: () => now + shift,
    elapsed: () => now,
    async sleep(ms: number, woken: AbortSignal) {
      for (let left = ms; left > 0 && !woken.aborted; left -= step) {
        now += Math.min(step, left);
        for (const each of planned.filter((plan) => plan.ms <= now)) {
          planned.splice(planned.indexOf(each), 1);
          await each.what();
        }
        await new Promise(setImmediate);
      }
    },
  };
  const settings: WatchSettings = {
    ...{ data, out, workflow: { path: "/workflow.yaml", sha256: "0" }, fields: {}, every: 10_000 },
    ...{ idle: 3_600_000, jobs: 1, isTogether: false, tries: 3, settle: 60_000, doneSuffix: undefined },
    ...{ againChanged: false, once: false, quiet: false },
  };
  return {
    ...{ data, out, reporter, begun },
    now: () => now,
    setClock(by) {
      shift += by;
    },
    at: (ms, what) => void planned.push({ ms, what }),
    arrive: (name) => writeFileSync(join(data, name), mrcBytes()),
    watch(work = () => done, changed = {}) {
      const start = async (task: Task): Promise<Outcome> => {
        begun.push(task);
        return work(task);
      };
      const adopt = async (): Promise<Outcome> => ({ end: "interrupted", reason: "its process was killed" });
      return watchFolder(
        { ...settings, ...changed },
        {
          ...{ clock, job: { start, adopt }, reporter, show: async () => undefined },
          arrivals: () => arrivalsIn(data, {}),
        },
      );
    },
  };
}
