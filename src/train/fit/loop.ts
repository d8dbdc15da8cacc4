/** The training loop of one network: steps, evaluations on the tune runs, progress on disk, and early ends. */
import { openPatchStream, type PatchStream } from "../../data/patches/stream.js";
import { rounded } from "../../domain/numbers.js";
import type { StepResult } from "../../engines/engine.js";
import type { TrainingState } from "../../engines/trainable.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import type { Progress } from "../../system/reporter.js";
import { borrowThread, builtModule, type Thread } from "../../system/threads/threads.js";
import { type Course, followed, fractionDone, scheduled } from "../experiment/budget.js";
import { Figures } from "../watch/figures.js";
import { Watcher } from "../watch/watcher.js";
import { Evaluations, evaluationSteps } from "./evaluations.js";
import { countPlaces } from "./mining.js";
import { patchSpecOf } from "./networks.js";
import { openRequest } from "./session.js";
import type { Current, NetworkTraining, TrainedNetwork } from "./training.js";
import type { StepRequest } from "./trainWorker.js";

/**
 * Trains one network to the end of its budget and returns the weights that did best on the tune runs.
 * @throws PickbenchError NotFinite where the loss is no longer finite; Stopped when the user asks to stop
 */
export async function trainNetwork(training: NetworkTraining): Promise<TrainedNetwork> {
  const { experiment, network, seed, sources } = training;
  const stream = await openPatchStream(patchSpecOf(experiment, network, seed), sources);
  const thread = borrowThread(builtModule(import.meta.url, "./trainWorker.js"));
  try {
    await thread.call("open", openRequest(training));
    if (training.from) await thread.call("restore", training.from.state);
    return await new Loop(training, thread, stream).run();
  } finally {
    await Promise.all([thread.close(), stream.close()]);
  }
}

class Loop {
  private readonly training: NetworkTraining;
  private readonly thread: Thread;
  private readonly stream: PatchStream;
  private step: number;
  private readonly evaluations: Evaluations;
  private sinceBest: number;
  private rung: number;
  private best: Current["best"];
  private mined: Current["mined"];
  private readonly started: number;
  private readonly before: number;
  private lastSave = 0;
  private readonly watcher: Watcher | null;
  private readonly figures = new Figures();
  private steppedMs = 0;

  constructor(training: NetworkTraining, thread: Thread, stream: PatchStream) {
    this.training = training;
    this.thread = thread;
    this.stream = stream;
    this.step = training.from?.step ?? 0;
    this.sinceBest = training.from?.sinceBest ?? 0;
    this.rung = training.from?.rungs ?? 0;
    this.best = training.from?.best ?? null;
    this.mined = training.from?.mined;
    if (this.mined) stream.drawAround(this.mined.places);
    this.before = training.from?.elapsedMs ?? 0;
    this.started = performance.now();
    const { experiment, network, seed, budget, watched = [] } = training;
    const shapes = watched.map(({ volumes }) => volumes[0]!.shape);
    const plan = { evaluate: experiment.evaluate, budget, cost: evaluationSteps(experiment, shapes) };
    const { evaluations = 0, planned } = training.from ?? {};
    this.evaluations = new Evaluations(plan, evaluations, planned);
    this.watcher = Watcher.of(experiment, network, seed, watched, this.fraction);
  }

  private get elapsedMs(): number {
    return this.before + performance.now() - this.started;
  }

  private get fraction(): number {
    return fractionDone(this.training.budget, this.step, this.elapsedMs);
  }

  private get course(): Course {
    return { step: this.step, fraction: this.fraction };
  }

  async run(): Promise<TrainedNetwork> {
    const { budget, label, reporter } = this.training;
    const bySteps = "steps" in budget;
    const total = bySteps ? budget.steps : Math.round(budget.minutes * 60);
    const reached = () => (bySteps ? this.step : Math.min(total, Math.round(this.elapsedMs / 1000)));
    const unit = bySteps ? "steps" : "s";
    const bar = reporter.progress(label, total, unit, { from: reached() });
    bar.table?.(() => this.figures.rows());
    let ended = false;
    try {
      await this.save();
      // A training that was stopped at a rung is scored there again before it goes on.
      ended = this.training.from !== null && this.rungDue && !(await this.climb());
      while (!ended && this.fraction < 1 && !this.outOfPatience) {
        if (this.miningDue) await this.mine(reached(), bar);
        const { loss, ms } = await this.oneStep();
        bar.update(reached(), `${bySteps ? "" : `step ${this.step}, `}loss ${loss.toFixed(4)}`);
        await this.watch(ms);
        if (this.rungDue || this.evaluationDue) bar.update(reached(), "scoring the tune runs");
        ended = this.rungDue && !(await this.climb());
        if (ended) break;
        if (this.evaluationDue) await this.evaluate();
        if (reporter.signal.aborted) await this.stop();
        if (this.saveDue) await this.save();
      }
      // The clock may have reached the end of a budget in minutes since the last evaluation was found not to be due.
      if (!ended && !this.outOfPatience && this.evaluationDue) await this.evaluate();
    } finally {
      bar.stop();
    }
    if (!ended) await this.save();
    const trainedMs = performance.now() - this.started;
    const waitedShare = this.stream.waitedMs / Math.max(1, trainedMs);
    const watchedShare = (this.watcher?.schedule.spentMs ?? 0) / Math.max(1, trainedMs);
    const looks = this.watcher?.looks ?? 0;
    const { experiment } = this.training;
    const schedule = { ...followed(experiment, budget, this.course), evaluations: this.evaluations.done };
    const course = { steps: this.step, waitedShare, watchedShare, looks, schedule, ended };
    if (this.best) return { ...this.best, ...course };
    return { weights: (await this.state()).average, score: null, ...course };
  }

  private async oneStep(): Promise<{ loss: number; ms: number }> {
    const { experiment, network, log } = this.training;
    const settings = scheduled(experiment, this.training.budget, this.course);
    const from = performance.now();
    const batch = await this.stream.batch(this.step);
    const waitedMs = performance.now() - from;
    const request: StepRequest = { batch, step: this.step, ...settings };
    const buffers = [batch.input.buffer, batch.target.buffer, batch.weight.buffer] as ArrayBuffer[];
    const { loss, norm, parts } = await this.thread.call<StepResult>("step", request, buffers);
    if (!Number.isFinite(loss) || !Number.isFinite(norm))
      throw new PickbenchError(
        "NotFinite",
        `${network.name}: the loss became ${loss} (gradient ${norm}) at step ${this.step}; begin again with a lower rate, such as --set optimiser.rate=${lowerRate(experiment.optimiser.rate)} --overwrite, or with a lower optimiser.clipNorm`,
      );
    const ms = performance.now() - from;
    const samplesPerSecond = rounded((1000 * experiment.patch.batch) / ms, 2);
    const line = {
      network: network.name,
      step: this.step,
      loss,
      parts,
      norm,
      rate: settings.rate,
      ms: Math.round(ms),
      waitedMs: Math.round(waitedMs),
      samplesPerSecond,
    };
    log.write(line);
    this.figures.step(line);
    this.steppedMs += ms;
    this.step++;
    return { loss, ms };
  }

  private get miningDue(): boolean {
    const at = this.training.mining?.at[this.mined?.times ?? 0];
    return at !== undefined && this.fraction >= at;
  }

  /** Finds hard places by the weights so far, once for all times that are due; later patches are drawn around them too. */
  private async mine(reached: number, bar: Progress): Promise<void> {
    const { mining, network, log } = this.training;
    const from = performance.now();
    const { average } = await this.state();
    const places = await mining!.find(average, (run) => bar.update(reached, `finding false picks in ${run}`));
    if (places === null) return this.stop();
    do this.mined = { times: (this.mined?.times ?? 0) + 1, places };
    while (this.miningDue);
    this.stream.drawAround(places);
    const minedMs = Math.round(performance.now() - from);
    const mined = countPlaces(places, network.types);
    log.write({ network: network.name, step: this.step - 1, mined, minedMs });
    bar.say(minedText(mined, minedMs, this.step));
    await this.save();
  }

  /** Looks at the crops of the tune runs where it is time to. What goes wrong there ends the watching alone. */
  private async watch(stepMs: number): Promise<void> {
    const { watcher, training, thread, step } = this;
    const moment = { fraction: this.fraction, steppedMs: this.steppedMs };
    if (!watcher?.due(moment, stepMs)) return;
    const before = watcher.schedule.spentMs;
    try {
      const seen = await watcher.look(thread, moment, () => training.reporter.signal.aborted);
      if (seen === null) return;
      if (!Number.isFinite(seen.loss))
        throw new RangeError(`the loss on crops of the tune runs is ${seen.loss}`);
      const watchMs = Math.round(watcher.schedule.spentMs - before);
      training.log.write({ network: training.network.name, step: step - 1, watch: seen, watchMs });
      this.figures.look(step, seen);
    } catch (error) {
      watcher.giveUp(moment);
      training.reporter.note(`the tune runs are no longer watched: ${messageOf(error)}; training goes on`);
    }
  }

  private get saveDue(): boolean {
    return performance.now() - this.lastSave >= this.training.experiment.checkpoint.everySeconds * 1000;
  }

  private get evaluationDue(): boolean {
    return this.training.evaluate !== null && this.evaluations.isDue(this.course);
  }

  private get rungDue(): boolean {
    const at = this.training.rungs?.at[this.rung];
    return at !== undefined && this.training.evaluate !== null && this.fraction >= at;
  }

  /** Scores the weights at every rung that is due; returns false where the training ends. Does not choose weights. */
  private async climb(): Promise<boolean> {
    const score = await this.training.evaluate!((await this.state()).average, this.step);
    for (; this.rungDue; this.rung++) {
      const goesOn = await this.training.rungs!.goesOn(this.rung, score);
      if (goesOn === "later") return this.stop();
      if (!goesOn) return false;
    }
    await this.save();
    return true;
  }

  private get outOfPatience(): boolean {
    return this.sinceBest >= (this.training.experiment.evaluate.patience ?? Number.POSITIVE_INFINITY);
  }

  private async evaluate(): Promise<void> {
    const weights = (await this.state()).average;
    const from = performance.now();
    const score = await this.training.evaluate!(weights, this.step);
    const ms = performance.now() - from;
    const better = !this.best || score > this.best.score;
    if (better) this.best = { score, weights };
    this.sinceBest = better ? 0 : this.sinceBest + 1;
    this.figures.evaluation(this.step, score);
    this.training.log.write({
      network: this.training.network.name,
      step: this.step - 1,
      tuneScore: score,
      best: better,
    });
    if (!this.evaluations.made(ms)) this.giveUpEvaluating(ms);
    await this.save();
  }

  /** The last weights are taken then: those that were scored are of the middle of the training. */
  private giveUpEvaluating(ms: number): void {
    this.best = null;
    this.training.reporter.note(
      `scoring the tune runs takes ${(ms / 1000).toFixed(0)} s, too large a share of the budget: the last weights are taken`,
    );
  }

  private state(): Promise<TrainingState> {
    return this.thread.call<TrainingState>("state", undefined);
  }

  private async save(): Promise<void> {
    const { network, budget, save } = this.training;
    await save({
      name: network.name,
      state: await this.state(),
      step: this.step,
      evaluations: this.evaluations.done,
      ...(this.evaluations.planned && { planned: this.evaluations.planned }),
      sinceBest: this.sinceBest,
      rungs: this.rung,
      best: this.best,
      ...(this.mined && { mined: this.mined }),
      elapsedMs: "minutes" in budget ? this.elapsedMs : 0,
    });
    this.lastSave = performance.now();
  }

  private async stop(): Promise<never> {
    await this.save();
    throw new PickbenchError(
      "Stopped",
      `stopped after step ${this.step} of ${this.training.network.name}; the same command goes on from there`,
    );
  }
}

/** Says how many hard places were found of which type, and in what time. */
const minedText = (mined: Readonly<Record<string, number>>, ms: number, step: number): string => {
  const each = Object.entries(mined).map(([type, count]) => `${count} of ${type}`);
  return `after step ${step}: false picks in the runs trained on: ${each.join(", ") || "none"} (found in ${(ms / 1000).toFixed(1)} s)`;
};

/** A rate to try where one was too high: a tenth, or the usual one where that is lower. */
const lowerRate = (rate: number): number => Number(Math.min(rate / 10, 1e-3).toPrecision(3));
