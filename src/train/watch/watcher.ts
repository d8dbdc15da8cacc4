/** Looks at the crops of the tune runs from time to time while a network is trained, and measures what that costs. */
import type { PatchSource } from "../../data/patches/spec.js";
import { meanOf } from "../../domain/numbers.js";
import type { Particle } from "../../domain/particles.js";
import { overlapOf } from "../../score/masks/maskScore.js";
import { sumCounts } from "../../score/match/fbeta.js";
import type { Thread } from "../../system/threads/threads.js";
import type { Experiment } from "../experiment/schema.js";
import { type ExperimentNetwork, patchSpecOf } from "../fit/networks.js";
import { untunedPicking } from "../fit/tunePicking.js";
import { type WatchedCrop, watchedCrops } from "./crops.js";
import { judgeCrops } from "./judge.js";
import type { CropLook, LookCrop, LookSettings } from "./look.js";
import { type Moment, WatchSchedule } from "./schedule.js";

/** What was seen on the crops of the tune runs. */
export interface Seen {
  /** Mean over the crops of the loss by the average weights, and of its terms. */
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  /** F4 by type, as `judgeCrops` says. */
  readonly f4: Readonly<Record<string, number>>;
  /** Dice by feature over the known voxels of all crops; absent without features. */
  readonly dice?: Readonly<Record<string, number>>;
  readonly crops: number;
}

/** Settings where the experiment says nothing. */
export const usualWatch = { share: 0.05, crops: 8 } as const;

/** Number of thresholds that are tried on the crops. */
const tried = 3;

/** Watches the training of one network. */
export class Watcher {
  readonly schedule: WatchSchedule;
  /** Cut from the tomograms at the first look. */
  private crops: readonly WatchedCrop[] | undefined;
  private readonly cut: () => readonly WatchedCrop[];
  private readonly types: readonly Particle[];
  private readonly settings: LookSettings;
  private readonly offset: readonly [number, number, number];
  private readonly samples: number;
  /** Number of whole looks. */
  looks = 0;

  private constructor(
    experiment: Experiment,
    network: ExperimentNetwork,
    cut: () => readonly WatchedCrop[],
    share: number,
    from: number,
  ) {
    this.schedule = new WatchSchedule(share, from);
    this.cut = cut;
    this.types = network.types.filter(({ name }) => network.channels.includes(name));
    this.settings = lookSettings(experiment, network, this.types);
    this.offset = experiment.data.offset;
    this.samples = experiment.patch.batch;
  }

  /**
   * Returns who watches a network's training; null where the experiment wants none, or there are no tune runs.
   *
   * @param runs tune runs
   * @param from finished fraction of the budget
   */
  static of(
    experiment: Experiment,
    network: ExperimentNetwork,
    seed: number,
    runs: readonly PatchSource[],
    from: number,
  ): Watcher | null {
    const { share, crops: count } = experiment.watch ?? usualWatch;
    if (share === 0 || runs.length === 0) return null;
    const cut = () => watchedCrops(patchSpecOf(experiment, network, seed), runs, count);
    return new Watcher(experiment, network, cut, share, from);
  }

  /** Tells, after a step that took so long, whether to look. */
  due(moment: Moment, stepMs: number): boolean {
    return this.schedule.due(moment, (2 * stepMs) / this.samples);
  }

  /**
   * Looks at all crops, one after another; null for the first time, which only measures what a look takes, where it
   * takes longer than it may, and where `isStopped`.
   */
  async look(thread: Thread, moment: Moment, isStopped: () => boolean): Promise<Seen | null> {
    const left = this.schedule.leftMs(moment);
    const begun = performance.now();
    const { crops } = this;
    if (!crops) {
      await this.measure(thread, moment);
      return null;
    }
    const looks: CropLook[] = [];
    for (const at of crops.keys()) {
      looks.push(await thread.call<CropLook>("look", at));
      const costMs = performance.now() - begun;
      const isLast = at === crops.length - 1;
      if (!isLast && (costMs > left || isStopped())) {
        this.schedule.looked(moment, costMs, (costMs * crops.length) / (at + 1));
        return null;
      }
    }
    const costMs = performance.now() - begun;
    this.schedule.looked(moment, costMs, costMs);
    this.looks++;
    const names = Object.keys(looks[0]!.parts);
    return {
      loss: meanOf(looks.map(({ loss }) => loss)),
      parts: Object.fromEntries(names.map((name) => [name, meanOf(looks.map(({ parts }) => parts[name]!))])),
      f4: judgeCrops(
        crops,
        this.types,
        looks.map(({ picks }) => picks),
        this.offset,
      ),
      ...this.dice(looks),
      crops: looks.length,
    };
  }

  private dice(looks: readonly CropLook[]): Pick<Seen, "dice"> {
    const { features } = this.settings;
    if (features.length === 0) return {};
    const dice = features.flatMap(({ name }) => {
      const { dice: found } = overlapOf(sumCounts(looks.map(({ voxels }) => voxels[name]!)));
      return found === null ? [] : [[name, found] as const];
    });
    return { dice: Object.fromEntries(dice) };
  }

  /** Ends the watching: after a fault, or where no tomogram holds a patch. */
  giveUp(moment: Moment): void {
    this.schedule.looked(moment, 0, Number.POSITIVE_INFINITY);
  }

  /** Cuts the crops, sends them to the thread and looks at two: the first opens the graph, the second tells what each costs. */
  private async measure(thread: Thread, moment: Moment): Promise<void> {
    const begun = performance.now();
    this.crops = this.cut();
    const { length } = this.crops;
    if (length === 0) return this.giveUp(moment);
    const crops = this.crops.map(({ example, volume: { spacing } }): LookCrop => ({ example, spacing }));
    await thread.call("watched", { crops, settings: this.settings });
    await thread.call("look", 0);
    const opened = performance.now();
    await thread.call("look", Math.min(1, length - 1));
    const ended = performance.now();
    this.schedule.looked(moment, ended - begun, (ended - opened) * length);
  }
}

function lookSettings(
  experiment: Experiment,
  { activation, radii, channels, features }: ExperimentNetwork,
  types: readonly Particle[],
): LookSettings {
  const { head, patch, picking } = experiment;
  const ordered = picking.thresholds.toSorted((a, b) => a - b);
  const at = (k: number): number => ordered[Math.floor(((k + 1) * ordered.length) / (tried + 1))]!;
  const thresholds = [...new Set(Array.from({ length: tried }, (_, k) => at(k)))];
  return {
    ...{ activation, radii, stride: head.stride, patch: patch.shape },
    picking: types.map((type) => ({
      type: type.name,
      channel: channels.indexOf(type.name),
      settings: untunedPicking(experiment, type),
      thresholds,
    })),
    features: features.map((name) => ({ name, channel: channels.indexOf(name) })),
    threshold: picking.fallbackThreshold,
  };
}
