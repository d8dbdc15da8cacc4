/** Pools of worker threads for work that needs no state; a thread that keeps state is threads.ts's. */
import { move, Piscina, transferableSymbol, valueSymbol, workerData } from "piscina";
import { errorOf, type Failure, failureOf } from "./failure.js";
import { Transfer } from "./threads.js";

/** Worker threads that share work. PickbenchErrors cross with tag, message, path and what their cause says. */
export interface Pool {
  /** Has a thread do a task by a function of the pool's module that `answering` made; the default one if none is named. */
  run<Result>(task: unknown, name?: string): Promise<Result>;
  /** Refuses what no thread has begun, waits for the rest, and ends the threads. */
  close(): Promise<void>;
}

interface PoolOptions {
  readonly threads: number;
  /** How many of them start at once, the others with the work; all if absent. */
  readonly atOnce?: number;
  /** What every thread holds, for `heldByPool`. */
  readonly held?: unknown;
}

/** What every thread of a pool is started with. */
interface PoolData {
  /** One shared number: not 0 once the pool is closed. */
  readonly closed: Int32Array;
  readonly held: unknown;
}

type Answer = { readonly result: unknown } | { readonly failure: Failure };

/** Starts the threads of a built module; they stay until the pool is closed. */
export function openPool(module: URL, { threads, atOnce = threads, held }: PoolOptions): Pool {
  const closed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const pool = new Piscina<unknown, Answer>({
    filename: module.href,
    minThreads: atOnce,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    stricterFIFO: true,
    workerData: { closed, held } satisfies PoolData,
  });
  const underWay = new Set<Promise<unknown>>();
  const refusals = new Set<(error: unknown) => void>();
  let broken: unknown;
  // Piscina says so of a thread that did not start, or died without work: what waits for it would wait for ever.
  pool.on("error", (error: unknown) => {
    broken ??= error;
    for (const refuse of refusals) refuse(broken);
  });
  return {
    async run<Result>(task: unknown, name?: string): Promise<Result> {
      if (Atomics.load(closed, 0) !== 0) throw new Error("work was asked of a pool that is closed");
      if (broken !== undefined) throw broken;
      const asked = new Promise<Answer>((resolve, refuse) => {
        refusals.add(refuse);
        const forget = (): boolean => refusals.delete(refuse);
        pool
          .run(task, name === undefined ? {} : { name })
          .then(resolve, refuse)
          .finally(forget);
      });
      const ended = (): boolean => underWay.delete(asked);
      underWay.add(asked);
      asked.then(ended, ended);
      const answer = await asked;
      if ("failure" in answer) throw errorOf(answer.failure);
      return answer.result as Result;
    },
    // Piscina 5 throws out of turn where a thread answers while its pool is destroyed: every answer is awaited first.
    async close() {
      Atomics.store(closed, 0, 1);
      await Promise.allSettled(underWay);
      await pool.destroy();
    },
  };
}

/** The thread's side: a function that does tasks. A `Transfer` that it returns is moved to the caller, not copied. */
export function answering<Task>(work: (task: Task) => unknown): (task: Task) => Promise<unknown> {
  return async (task) => {
    try {
      if (Atomics.load((workerData as PoolData).closed, 0) !== 0)
        throw new Error("this work had not begun when its pool was closed");
      const result = await work(task);
      return result instanceof Transfer ? moved(result) : { result };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  };
}

function moved({ value, transfer }: Transfer): unknown {
  return move({
    get [transferableSymbol]() {
      return transfer;
    },
    get [valueSymbol]() {
      return { result: value };
    },
  });
}

/** The thread's side: what the pool was opened with. */
export const heldByPool = <Held>(): Held => (workerData as PoolData).held as Held;
