/** Worker threads that keep state between calls and are never ended within native code. */
import {
  isMainThread,
  MessageChannel,
  parentPort,
  type TransferListItem,
  Worker,
  workerData,
} from "node:worker_threads";
import { messageOf } from "../errors.js";
import { errorOf, type Failure, failureOf } from "./failure.js";

/**
 * A worker thread that keeps state between calls (a training session, a loaded network) and may tell of its progress
 * while a call runs; work that needs no state goes to a pool (pool.ts). PickbenchErrors cross with tag, message,
 * path and what their cause says.
 */
export interface Thread {
  call<Result>(method: string, argument: unknown, transfer?: readonly TransferListItem[]): Promise<Result>;
  /** Ends the thread: at once, or as soon as its uninterrupted work is done. */
  close(): Promise<void>;
  /** Lets the process end while the thread waits for calls; `ref` reverses this. */
  unref(): void;
  ref(): void;
}

/**
 * Frees memory that nobody needs any more, as soon as this thread waits for anything. The garbage collector of a thread that
 * makes few objects would leave it until much later.
 */
export function free({ buffer }: { readonly buffer: ArrayBufferLike }): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, [buffer as ArrayBuffer]);
  port1.close();
}

type Request = { readonly id: number; readonly method: string; readonly argument: unknown };
type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: unknown };

/**
 * Bit of a thread's shutdown state. The state is one number shared by a thread and whoever ends it: how many pieces of
 * uninterrupted work are in progress, plus `closing` once the thread is to end. From then on, no new piece begins.
 */
const closing = 1 << 30;

/** Shutdown states of all threads that have not ended. */
const shutdownStates = new Set<Int32Array>();

/**
 * Requests a thread's end. Returns true while uninterrupted work is in progress, after which the thread ends itself.
 */
const requestShutdown = (state: Int32Array): boolean => (Atomics.or(state, 0, closing) & ~closing) > 0;

/** Longest time in ms that an ending process waits for uninterrupted work. */
const longestWait = 120_000;

/**
 * Requests the end of all threads. An ending process takes its threads down as `terminate` does, so it must also let
 * their uninterrupted work finish.
 */
function requestShutdownOfAll(): void {
  for (const state of shutdownStates) requestShutdown(state);
  for (const state of shutdownStates)
    for (let left = Atomics.load(state, 0); left > closing; left = Atomics.load(state, 0))
      if (Atomics.wait(state, 0, left, longestWait) === "timed-out") break;
}

/** Makes a new thread's shutdown state, open. */
function openShutdownState(): Int32Array {
  if (shutdownStates.size === 0) process.on("exit", requestShutdownOfAll);
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  shutdownStates.add(state);
  return state;
}

function forget(state: Int32Array): void {
  shutdownStates.delete(state);
  if (shutdownStates.size === 0) process.off("exit", requestShutdownOfAll);
}

const ignore = (): void => undefined;

/** Starts a thread from a built module; `onEvent` receives what the thread sends by `tell`. */
export function startThread(module: URL, onEvent: (event: never) => void = ignore): Thread {
  const state = openShutdownState();
  const worker = new Worker(module, { workerData: state });
  const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on("message", (answer: Answer) => {
    if ("event" in answer) return onEvent(answer.event as never);
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("result" in answer) caller?.resolve(answer.result);
    else caller?.reject(errorOf(answer.failure));
  });
  worker.on("error", (error) => end(error instanceof Error ? error : new Error(messageOf(error))));
  worker.on("exit", (code) => {
    forget(state);
    end(new Error(`a worker thread ended with code ${code}`));
  });
  return {
    call<Result>(
      method: string,
      argument: unknown,
      transfer: readonly TransferListItem[] = [],
    ): Promise<Result> {
      if (ended) return Promise.reject(ended);
      const id = count++;
      return new Promise<Result>((resolve, reject) => {
        waiting.set(id, { resolve: (value) => resolve(value as Result), reject });
        worker.postMessage({ id, method, argument } satisfies Request, transfer);
      });
    },
    async close() {
      worker.ref();
      if (requestShutdown(state)) await gone;
      else await worker.terminate();
    },
    unref: () => worker.unref(),
    ref: () => worker.ref(),
  };
}

/** A thread that passes from one borrower to the next. */
interface Lent {
  readonly thread: Thread;
  /** Receives the thread's events for its present borrower. */
  hear: (event: never) => void;
}

/** Threads that wait for their next borrower, by module: one of each at most. */
const idle = new Map<string, Lent>();

/**
 * Borrows a thread that waits, or starts one: loading a worker's modules takes longer than predicting a small tomogram.
 * Its `close` has the worker drop what it opened (method `release`) and keeps the thread for the next borrower, without
 * keeping the process. A thread with calls in progress ends instead, as `startThread`'s does, and so does a second one.
 */
export function borrowThread(module: URL, onEvent: (event: never) => void = ignore): Thread {
  const lent = idle.get(module.href) ?? startLent(module);
  idle.delete(module.href);
  lent.hear = onEvent;
  const { thread } = lent;
  thread.ref();
  let calls = 0;
  let closed: Promise<void> | undefined;
  const call: Thread["call"] = async (method, argument, transfer) => {
    if (closed) throw new Error(`${method} was asked of a thread that is given back`);
    calls++;
    try {
      return await thread.call(method, argument, transfer);
    } finally {
      calls--;
    }
  };
  const giveBack = async (): Promise<void> => {
    const isReleased =
      calls === 0 &&
      (await thread.call("release", null).then(
        () => true,
        () => false,
      ));
    if (!isReleased || idle.has(module.href)) return thread.close();
    lent.hear = ignore;
    thread.unref();
    idle.set(module.href, lent);
  };
  return {
    ...thread,
    call,
    close() {
      closed ??= giveBack();
      return closed;
    },
  };
}

function startLent(module: URL): Lent {
  const lent: Lent = { thread: startThread(module, (event) => lent.hear(event)), hear: ignore };
  return lent;
}

/** An answer whose buffers are moved to the caller. */
export class Transfer {
  readonly value: unknown;
  readonly transfer: readonly TransferListItem[];
  constructor(value: unknown, transfer: readonly TransferListItem[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

/** Serves calls in a worker thread, one after another. */
export function serve(methods: Readonly<Record<string, (argument: never) => unknown>>): void {
  if (isMainThread || !parentPort) throw new TypeError("serve() belongs in a worker thread");
  const port = parentPort;
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, method, argument }: Request) => {
    last = last.then(async () => {
      try {
        const result = await methods[method]!(argument as never);
        if (result instanceof Transfer) port.postMessage({ id, result: result.value }, result.transfer);
        else port.postMessage({ id, result });
      } catch (error) {
        port.postMessage({ id, failure: failureOf(error) });
      }
    });
  });
}

/**
 * Runs work of this thread that must not be broken off: ONNX Runtime's binding ends the whole process if its thread is
 * terminated within a call. A thread that is to end does so after such work, and begins no more.
 */
export async function uninterrupted<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  const state = workerData as Int32Array;
  if (Atomics.add(state, 0, 1) >= closing) {
    leaveUninterrupted(state);
    return new Promise(() => undefined);
  }
  try {
    return await work();
  } finally {
    leaveUninterrupted(state);
  }
}

/** Leaves uninterrupted work. Of several pieces in progress, the last to finish ends a thread that is to end. */
function leaveUninterrupted(state: Int32Array): void {
  if (Atomics.sub(state, 0, 1) !== closing + 1) return;
  Atomics.notify(state, 0);
  process.exit();
}

/** Sends an event to whoever started this thread, while a call runs. */
export function tell(event: unknown): void {
  parentPort?.postMessage({ event });
}

/**
 * Returns the URL of a worker's built module: beside the requesting module in dist/, and in dist/ too when that module
 * runs straight from src/, as in the tests.
 */
export function builtModule(importMetaUrl: string, relative: string): URL {
  return new URL(relative, importMetaUrl.replace(/\/src\/(?!.*\/src\/)/, "/dist/"));
}
