/** What a watcher is told, what it stands on, and what it shows. */
import type { Clock } from "../system/clock.js";
import type { Reporter } from "../system/reporter.js";
import type { Arrival } from "./arrivals.js";
import type { Job } from "./processes.js";
import type { Standing } from "./standing.js";

/** What is watched, and how. */
export interface WatchSettings {
  /** Folder that is watched, and folder of outputs, which exists. */
  readonly data: string;
  readonly out: string;
  readonly workflow: { readonly path: string; readonly sha256: string };
  /** Fields that the workflow is given beside the tomogram's own. */
  readonly fields: Readonly<Record<string, string>>;
  /** A workflow that follows whenever so many tomograms were done, and before the watcher ends. */
  readonly then?: { readonly path: string; readonly every: number } | undefined;
  /** Time in ms from look to look. */
  readonly every: number;
  /** Time in ms without anything to do after which the watcher ends; never if absent. */
  readonly idle: number | undefined;
  /** Tomograms at once; Infinity for as many as come. */
  readonly jobs: number;
  /** Whether many are begun together rather than one whenever another ends. */
  readonly isTogether: boolean;
  /** Attempts that may fail before a tomogram is set aside. */
  readonly tries: number;
  readonly settle: number;
  readonly doneSuffix: string | undefined;
  /** Whether what changed after it was done is done again. */
  readonly againChanged: boolean;
  /** Whether it ends once all that is complete now was tried. */
  readonly once: boolean;
  /** Whether what is done goes unsaid. */
  readonly quiet: boolean;
}

/** What a watcher stands on. */
export interface WatchParts {
  readonly clock: Clock;
  readonly job: Job;
  readonly reporter: Reporter;
  /** Lists what stands in the folder. */
  readonly arrivals: () => Promise<readonly Arrival[]>;
  /** Shows where all stands, after each look and each end. */
  readonly show: (view: WatchView) => Promise<void>;
}

/** Where a watcher stands. */
export interface WatchView {
  readonly standings: readonly Standing[];
  /** What tomograms lack that are not complete, by run. */
  readonly missing: ReadonlyMap<string, string>;
  /** What holds everything up, such as a folder that is gone. */
  readonly trouble: string | undefined;
  /** Why it ended; undefined while it goes on. */
  readonly ended: string | undefined;
}
