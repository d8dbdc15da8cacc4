/** Bodies of answers, piece by piece, given up where a server is silent or too slow. */
import { messageOf } from "../../system/errors.js";
import { type Patience, type RequestOptions, TransientError, usualPatience } from "./request.js";

/**
 * Watches over one answer: aborts where nothing comes for `stallMs`, and ends with an error where, after the first byte,
 * less than `leastBytesPerSecond` come over `stallMs` of waiting. Time that is spent on writing what came counts for
 * neither.
 */
export class Watch {
  readonly signal: AbortSignal;
  readonly #limits: Patience;
  readonly #stalled = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #waitedSince = 0;
  #waited = 0;
  #bytes = 0;
  #hasBegun = false;

  constructor({ patience, signal }: RequestOptions) {
    this.#limits = patience ?? usualPatience();
    this.signal = signal ? AbortSignal.any([signal, this.#stalled.signal]) : this.#stalled.signal;
    this.waits();
  }

  /** Begins to wait for the server. */
  waits(): void {
    this.stop();
    this.#waitedSince = performance.now();
    this.#timer = setTimeout(() => this.#stalled.abort(), this.#limits.stallMs);
  }

  /** Counts what came. @throws TransientError where it comes too slowly */
  came(bytes: number): void {
    this.stop();
    if (this.#hasBegun) {
      this.#waited += performance.now() - this.#waitedSince;
      this.#bytes += bytes;
    }
    this.#hasBegun = true;
    const { stallMs, leastBytesPerSecond } = this.#limits;
    if (this.#waited < stallMs) return;
    const rate = (1000 * this.#bytes) / this.#waited;
    if (rate < leastBytesPerSecond)
      throw new TransientError(
        `only ${rate.toFixed(rate < 10 ? 1 : 0)} bytes a second come, wanted ${leastBytesPerSecond}`,
        { isSlow: true },
      );
    this.#waited = 0;
    this.#bytes = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Waits for a piece of a body, which never comes where the body was whole but not yet ended when the signal came.
   *
   * @throws TransientError where the body breaks off
   */
  async unlessEnded<T>(piece: Promise<T>): Promise<T> {
    let end = (): void => undefined;
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(this.signal.reason);
    });
    this.signal.addEventListener("abort", end);
    if (this.signal.aborted) end();
    try {
      return await Promise.race([piece, ended]);
    } catch (error) {
      throw this.#brokenOff(error);
    } finally {
      this.signal.removeEventListener("abort", end);
    }
  }

  #brokenOff(error: unknown): TransientError {
    return this.#stalled.signal.aborted
      ? new TransientError("nothing more came", { isSlow: true, cause: error })
      : new TransientError(`the answer broke off (${messageOf(error)})`, { cause: error });
  }
}

/** Yields the pieces of a body. @throws TransientError where the body breaks off, or comes too slowly */
export async function* piecesOf(response: Response, watch: Watch): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      watch.waits();
      const { done, value } = await watch.unlessEnded(reader.read());
      if (done) return;
      watch.came(value.length);
      yield value;
    }
  } finally {
    watch.stop();
    reader.cancel().catch(() => undefined);
  }
}
