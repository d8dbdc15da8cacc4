/** Sends a training's figures to a server of MLflow as it goes on, without ever waiting for it. */
import { messageOf } from "../../../system/errors.js";
import { type AnyLine, metricsOf } from "./metrics.js";
import {
  MlflowClient,
  type MlflowMetric,
  type MlflowRun,
  type MlflowTarget,
  mlflowName,
  mostMetrics,
  Refusal,
} from "./mlflow.js";
import { type Outcome, type Sink, within } from "./sink.js";

interface MlflowOptions {
  readonly target: MlflowTarget;
  readonly run: MlflowRun;
  /** Says a line that stays. */
  readonly say: (line: string) => void;
  /** Returns ms since 1970. */
  readonly clock: () => number;
  /** Time in ms after which a request is given up. */
  readonly timeoutMs?: number;
  /** Time in ms between two requests. */
  readonly everyMs?: number;
  /** Delay in ms after a failure; doubled with each further one, up to 64 times as long. */
  readonly firstDelayMs?: number;
  /** Longest time in ms that the end waits. */
  readonly patienceMs?: number;
}

/** Most figures that are held for a server that does not take them; the oldest are dropped. */
const mostHeld = 50_000;
/** Failures in a row after which it is said that the server does not answer. */
const fewFailures = 3;

/** The figures that wait for the server, and one request at a time. */
export class MlflowSink implements Sink {
  private readonly options: MlflowOptions;
  private readonly client: MlflowClient;
  private readonly ending = new AbortController();
  private readonly held: MlflowMetric[] = [];
  private dropped = 0;
  private failures = 0;
  private isSaid = false;
  private sending: Promise<void> | undefined;
  /** Earliest time of the next request, by performance.now. */
  private next: number;

  constructor(options: MlflowOptions) {
    this.options = options;
    const { target, run, timeoutMs } = options;
    this.client = new MlflowClient(target, run, this.ending.signal, timeoutMs);
    this.next = performance.now() + this.everyMs;
  }

  private get everyMs(): number {
    return this.options.everyMs ?? 5000;
  }

  write(line: AnyLine): void {
    const timestamp = Math.round(this.options.clock());
    for (const [name, value] of metricsOf(line))
      this.held.push({ key: mlflowName(name), value, timestamp, step: line.step + 1 });
    const excess = this.held.length - mostHeld;
    if (excess > 0) {
      this.held.splice(0, excess + mostMetrics);
      this.dropped += excess + mostMetrics;
    }
    if (!this.sending && performance.now() >= this.next) this.sendOne();
  }

  /** Sends the rest and how the run ended; then ends every request that still waits. */
  async close(outcome: Outcome): Promise<void> {
    const { clock, say, target, patienceMs = 5000 } = this.options;
    const status = { finished: "FINISHED", stopped: "KILLED", failed: "FAILED" } as const;
    const rest = async (): Promise<boolean> => {
      await this.sending;
      while (this.held.length > 0) {
        const before = this.failures;
        await this.sendOne();
        if (this.failures > before) return false;
      }
      await this.client.end(status[outcome], Math.round(clock()));
      return true;
    };
    const isSent =
      (await within(
        patienceMs,
        rest().catch(() => false),
      )) ?? false;
    this.ending.abort();
    if (!isSent || this.dropped > 0)
      say(
        `not all figures reached MLflow at ${target.url}; pickbench log RUN --to mlflow sends them from the run's log`,
      );
  }

  /** Begins a request with the oldest figures, which are held again where it fails. */
  private sendOne(): Promise<void> {
    const work = this.send(this.held.splice(0, mostMetrics)).finally(() => {
      this.sending = undefined;
    });
    this.sending = work;
    return work;
  }

  private async send(batch: readonly MlflowMetric[]): Promise<void> {
    const { say, target, firstDelayMs = 1000 } = this.options;
    try {
      await this.client.log(batch);
      this.failures = 0;
      this.next = performance.now() + this.everyMs;
    } catch (error) {
      this.failures++;
      if (error instanceof Refusal && error.status === 400) this.dropped += batch.length;
      else this.held.unshift(...batch);
      this.next = performance.now() + firstDelayMs * 2 ** Math.min(6, this.failures - 1);
      if (this.failures < fewFailures || this.isSaid || this.ending.signal.aborted) return;
      this.isSaid = true;
      say(
        `MLflow at ${target.url} does not take the figures (${messageOf(error)}); training goes on, and it is tried again from time to time`,
      );
    }
  }
}
