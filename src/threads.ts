import { isMainThread, parentPort, type TransferListItem, Worker } from "node:worker_threads";
import { type ErrorTag, isPickbenchError, messageOf, PickbenchError } from "./errors.js";

/**
 * A worker thread that keeps state between calls (a training session, a loaded network) and may tell of its progress
 * while a call runs; stateless work goes to a piscina pool instead. PickbenchErrors cross with tag and message.
 */
export interface Thread {
  call<Result>(method: string, argument: unknown, transfer?: readonly TransferListItem[]): Promise<Result>;
  /** Stops the thread at once, whatever it does. */
  close(): Promise<void>;
  /** Lets the process end while the thread waits for calls, and takes that back. */
  unref(): void;
  ref(): void;
}

type Request = { readonly id: number; readonly method: string; readonly argument: unknown };
type Failure = { readonly tag?: ErrorTag; readonly message: string; readonly stack?: string | undefined };
type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: unknown };

/** Starts the built module; `onEvent` hears what the thread says with `tell`. */
export function startThread(module: URL, onEvent: (event: never) => void = () => undefined): Thread {
  const worker = new Worker(module);
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
    else caller?.reject(revived(answer.failure));
  });
  worker.on("error", (error) => end(error instanceof Error ? error : new Error(messageOf(error))));
  worker.on("exit", (code) => end(new Error(`a worker thread ended with code ${code}`)));
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
      await worker.terminate();
    },
    unref: () => worker.unref(),
    ref: () => worker.ref(),
  };
}

function revived({ tag, message, stack }: Failure): Error {
  if (tag) return new PickbenchError(tag, message);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}

/** An answer whose buffers are moved to the caller. */
export class Moved {
  readonly value: unknown;
  readonly transfer: readonly TransferListItem[];
  constructor(value: unknown, transfer: readonly TransferListItem[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

/** The thread's side: answers calls one after another. */
export function serve(methods: Readonly<Record<string, (argument: never) => unknown>>): void {
  if (isMainThread || !parentPort) throw new TypeError("serve() belongs in a worker thread");
  const port = parentPort;
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, method, argument }: Request) => {
    last = last.then(async () => {
      try {
        const result = await methods[method]!(argument as never);
        if (result instanceof Moved) port.postMessage({ id, result: result.value }, result.transfer);
        else port.postMessage({ id, result });
      } catch (error) {
        const failure: Failure = isPickbenchError(error)
          ? { tag: error.tag, message: error.message }
          : { message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
        port.postMessage({ id, failure });
      }
    });
  });
}

/** Says something to whoever started this thread, while a call runs. */
export function tell(event: unknown): void {
  parentPort?.postMessage({ event });
}
