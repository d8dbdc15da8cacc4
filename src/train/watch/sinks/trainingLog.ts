/** The log of a training and all that hears it: log.jsonl first, then the sinks that the experiment or environment asks for. */
import { wallClock } from "../../../system/clock.js";
import { isPickbenchError, messageOf } from "../../../system/errors.js";
import type { Reporter } from "../../../system/reporter.js";
import { runName } from "../../experiment/experiment.js";
import type { Experiment } from "../../experiment/schema.js";
import { type LogLine, type LogPosition, StepLog } from "../../fit/stepLog.js";
import type { RunFolder } from "../../run/runFolder.js";
import { readLog } from "../readLog.js";
import { type TimedLine, timedLines } from "./metrics.js";
import { mlflowTarget } from "./mlflow.js";
import { parametersOf } from "./parameters.js";
import type { Outcome, Sink } from "./sink.js";

/** A log that hands its lines on. */
export class TrainingLog {
  private readonly log: StepLog;
  private readonly sinks: readonly Sink[];
  private outcome: Outcome = "finished";

  constructor(log: StepLog, sinks: readonly Sink[]) {
    this.log = log;
    this.sinks = sinks;
  }

  write(line: LogLine): void {
    this.log.write(line);
    for (const sink of this.sinks) sink.write(line);
  }

  /** Tells the sinks that the training ended by an error. */
  failed(error: unknown): void {
    this.outcome = isPickbenchError(error, "Stopped") ? "stopped" : "failed";
  }

  async close(): Promise<void> {
    this.log.close();
    await Promise.all(this.sinks.map((sink) => sink.close(this.outcome)));
  }
}

/**
 * Opens the log of a run and its sinks.
 *
 * @param position where the log continues; null starts anew
 */
export async function openTrainingLog(
  { experiment, reporter }: { readonly experiment: Experiment; readonly reporter: Reporter },
  folder: RunFolder,
  position: LogPosition | null,
): Promise<TrainingLog> {
  const log = await StepLog.open(folder.log, position);
  const sinks: Sink[] = [];
  const now = wallClock();
  const say = (line: string): void => reporter.note(line);
  const before = experiment.tensorboard ? await linesBefore(folder.log, say) : null;
  if (before) {
    const { TensorBoardSink } = await import("./tensorboard.js");
    const begunMs = now - (before.at(-1)?.atMs ?? 0);
    sinks.push(new TensorBoardSink({ folder: folder.tensorboard, before, begunMs, say, clock: wallClock }));
  }
  const target = mlflowOf(say);
  if (target) {
    const { MlflowSink } = await import("./mlflowSink.js");
    const run = { name: runName(experiment), startMs: now, parameters: parametersOf(experiment) };
    sinks.push(new MlflowSink({ target, run, say, clock: wallClock }));
  }
  return new TrainingLog(log, sinks);
}

/** The lines of a log that a training continues; null, which is said and ends nothing, where it cannot be read. */
async function linesBefore(path: string, say: (line: string) => void): Promise<TimedLine[] | null> {
  try {
    return timedLines(await readLog(path));
  } catch (error) {
    say(`no files for TensorBoard are written (${messageOf(error)}); training goes on without them`);
    return null;
  }
}

/** The server that the environment names; one that cannot be used is said, and ends nothing. */
function mlflowOf(say: (line: string) => void): ReturnType<typeof mlflowTarget> {
  try {
    return mlflowTarget(process.env);
  } catch (error) {
    say(`${messageOf(error)}; training goes on without it`);
    return null;
  }
}
