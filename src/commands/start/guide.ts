/** What quickstart tells while it works: each stage, how long it will take, and how long it took. */
import type { Shape3 } from "../../domain/volume.js";
import { seconds } from "../../present/text.js";
import { parseBudget } from "../../train/experiment/budget.js";
import { evaluationSteps } from "../../train/fit/evaluations.js";
import { measureTraining } from "../../train/fit/trainStage.js";
import type { PreparedRun } from "../../train/prepare/prepare.js";

/** What is said where a stage begins. */
const headings: Readonly<Record<string, string>> = {
  prepare: "2 of 5: reading and checking the data, and the network to begin with",
  train: "3 of 5: training on three of them; thresholds are tuned on a fourth",
  predict: "4 of 5: finding the particles of the fifth, which no stage before has seen, and scoring them",
  report: "5 of 5: the report",
};

/** Seconds of the report and of reading, in training steps. */
const besides = 12;

/** What it was said to take, in seconds. */
interface Expected {
  readonly stepMs?: number;
  readonly expectedTraining?: number;
  readonly expectedWhole?: number;
}

/** Guides through one quickstart. */
export class Guide {
  expected: Expected = {};
  private readonly say: (line: string) => void;
  private readonly shape: Shape3;
  private readonly began = performance.now();
  private readonly own: Record<string, number> = {};

  /** @param shape voxels of the phantoms along z, y, x */
  constructor(say: (line: string) => void, shape: Shape3) {
    this.say = say;
    this.shape = shape;
  }

  /**
   * Says what is about to happen.
   *
   * @param isThere whether the phantoms lie there already
   * @param isAnew whether the command replaces what is there, so that another one goes on
   */
  begin(out: string, data: string, isThere: boolean, isAnew: boolean): void {
    const goesOn = isAnew
      ? "; once it trains, the same command without --overwrite goes on"
      : ", and the same command goes on";
    this.say(
      `quickstart: simulates tomograms, trains on them, finds and scores particles, in ${out}; Ctrl-C stops it${goesOn}`,
    );
    this.say(
      isThere
        ? `1 of 5: the tomograms in ${data} are there already`
        : `1 of 5: simulating five tomograms of ${this.shape.join("×")} voxels with known particles, in ${data}`,
    );
  }

  /** Says what a stage does, where it begins; nothing of stages that take no time. */
  stage(name: string): void {
    const heading = headings[name];
    if (heading !== undefined) this.say(heading);
  }

  /** Measures a training step and says how long the training and all will take. */
  async announce(prepared: PreparedRun): Promise<void> {
    const { experiment, start } = prepared;
    if (start)
      this.say(
        `  training begins with ${experiment.from!.checkpoint}, a network that comes along: it was trained on other simulated tomograms of the same six particles, of other seeds, and has seen none of these five`,
      );
    const stepMs = await this.timed("measure", () => measureTraining(prepared));
    const budget = parseBudget(experiment.budget);
    const shapes = [this.shape, this.shape];
    const rest = ((evaluationSteps(experiment, shapes) + besides) * stepMs) / 1000;
    const training = "steps" in budget ? (budget.steps * stepMs) / 1000 : budget.minutes * 60;
    const whole = (performance.now() - this.began) / 1000 + training + rest;
    const rounded = (value: number): number => Math.max(1, Math.round(value));
    this.expected = {
      stepMs: Math.round(stepMs),
      expectedTraining: rounded(training),
      expectedWhole: rounded(whole),
    };
    this.say(
      `  a training step takes ${Math.round(stepMs)} ms here: about ${seconds(training)} of training (${experiment.budget}), ${seconds(whole)} in all`,
    );
  }

  /** Does work and notes the seconds it takes under a name. */
  async timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work();
    this.own[name] = Math.round((performance.now() - from) / 10) / 100;
    return result;
  }

  /** Returns the seconds of all stages in their order. @param run those of the run, whose training includes the measuring */
  durations({ prepare = 0, train = 0, ...run }: Readonly<Record<string, number>>): Record<string, number> {
    const { simulate = 0, measure = 0, report = 0 } = this.own;
    const trained = Math.round(100 * (train - measure)) / 100;
    return { simulate, prepare, measure, train: trained, ...run, report };
  }
}
