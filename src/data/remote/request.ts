/** HTTP requests with retries, timeouts and checked redirects. */
import { setTimeout as sleep } from "node:timers/promises";
import { randomFor } from "../../domain/random.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { redirectFault } from "./redirects.js";

/** Limits of attempts and of waiting for a server. */
export interface Patience {
  /** Number of attempts at one request, the first included. */
  readonly attempts: number;
  /** Number of attempts where a server is silent or slow, which takes a stall's time each. */
  readonly slowAttempts: number;
  /** Time without a byte, in ms, before a request is given up. */
  readonly stallMs: number;
  /** Least bytes a second, over each time of `stallMs` after the first byte that is spent waiting for the server. */
  readonly leastBytesPerSecond: number;
  /** Time for all attempts at one file, in ms. */
  readonly totalMs: number;
  /** Delay before the second attempt, in ms; doubled for each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Limits where a request is given up after so many ms without a byte; everything else grows with it. */
const patienceOf = (stallMs: number): Patience => ({
  attempts: 6,
  slowAttempts: 3,
  stallMs,
  leastBytesPerSecond: 1000,
  totalMs: 120 * stallMs,
  firstDelayMs: stallMs / 60,
  longestDelayMs: (stallMs * 2) / 3,
});

/** Limits for `PICKBENCH_TIMEOUT` seconds without a byte, 30 where it is not set. @throws BadUsage where it is no number */
export function usualPatience(): Patience {
  const given = process.env.PICKBENCH_TIMEOUT;
  const seconds = Number(given || 30);
  if (seconds > 0 && seconds <= 3600) return patienceOf(seconds * 1000);
  throw new PickbenchError(
    "BadUsage",
    `the environment variable PICKBENCH_TIMEOUT is ${given}; wanted seconds, above 0 and at most 3600`,
  );
}

/** Options of every request. */
export interface RequestOptions {
  readonly patience?: Patience;
  /** Ends the request when the user asks to stop. */
  readonly signal?: AbortSignal;
  /** Value of the header `authorization`: sent to the request's own origin alone, never to where it redirects. */
  readonly authorization?: string;
}

/** An error that may pass by itself. */
export class TransientError extends Error {
  /** Time that the server asks to wait, in ms. */
  readonly waitMs: number;
  /** Whether the server was silent or slow. */
  readonly isSlow: boolean;

  constructor(message: string, options: { waitMs?: number; isSlow?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.waitMs = options.waitMs ?? 0;
    this.isSlow = options.isSlow ?? false;
  }
}

/** Says that a server has no such file, or will not say whether it has: buckets without a list answer 403 for both. */
export class AbsentError extends PickbenchError {
  readonly status: number;

  constructor(url: string, status: number) {
    const why =
      status === 403
        ? "the server refuses access (403); only public data are read, without credentials"
        : `no such file on the server (${status}); check the address`;
    super("BadDataset", `${url}: ${why}`, { path: url });
    this.status = status;
  }
}

/** Says that a server wants other credentials than it was given, or any. */
export class UnauthorisedError extends PickbenchError {
  constructor(url: string) {
    super(
      "BadDataset",
      `${url}: the server wants credentials (401); only public data are read, without any`,
      { path: url },
    );
  }
}

/** Says that there is no way to a server from here. */
export class UnreachableError extends PickbenchError {
  constructor(url: string, why: string, cause: unknown) {
    super(
      "BadDataset",
      `${url}: no connection to ${new URL(url).host}, ${why}; is this machine online, and the address right?`,
      { path: url, cause },
    );
  }
}

/**
 * Repeats an attempt until it succeeds, after exponential delays with jitter, so that many clients do not return at
 * once.
 *
 * @throws PickbenchError BadDataset where the attempts or the time are used up, Stopped when the user asks to stop, and
 * any error of `attempt` that is not a TransientError
 */
export async function withRetries<T>(
  url: string,
  { patience: limits = usualPatience(), signal }: RequestOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const jitter = randomFor(process.pid, `retry ${url}`);
  const started = performance.now();
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted) throw new PickbenchError("Stopped", `${url}: stopped; the same command goes on`);
      if (!(error instanceof TransientError)) throw error;
      const growing = Math.min(limits.longestDelayMs, limits.firstDelayMs * 2 ** (count - 1));
      const delay = Math.max(error.waitMs, growing * jitter.between(0.5, 1));
      const passed = performance.now() - started;
      const most = error.isSlow ? limits.slowAttempts : limits.attempts;
      if (count >= most || passed + delay > limits.totalMs || error.waitMs > mostWaits * limits.stallMs)
        throw new PickbenchError(
          "BadDataset",
          `${url}: ${error.message}, after ${count} ${count === 1 ? "attempt" : "attempts"}; try again later: what is here is kept`,
          { path: url, cause: error },
        );
      await sleep(delay, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

/** The longest wait that a server may ask for, in times without a byte. */
const mostWaits = 2;

const mostRedirects = 5;
const passingStatus: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/**
 * Sends one request. Redirects are followed as `redirectFault` allows. What proves who asks is sent until the first
 * redirect to another origin, and never again after it.
 *
 * @returns the answer of status 200, 206 or 416
 * @throws TransientError; AbsentError for 403, 404 and 410; UnauthorisedError for 401; PickbenchError BadDataset where a
 * repetition would not help
 */
export async function send(
  url: string,
  init: RequestInit & { readonly headers?: Readonly<Record<string, string>> },
  authorization?: string,
): Promise<Response> {
  let place = url;
  let proof = authorization;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const headers = { ...init.headers, ...(proof === undefined ? {} : { authorization: proof }) };
    const response = await fetch(place, { ...init, headers, redirect: "manual" }).catch((error: unknown) => {
      throw connectionFault(place === url ? url : withoutQuery(place), error);
    });
    const target = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || target === null) return checked(url, response);
    discard(response);
    place = await redirected(url, place, target);
    if (new URL(place).origin !== new URL(url).origin) proof = undefined;
  }
  throw refused(url, `redirects more than ${mostRedirects} times; check the address`);
}

async function redirected(url: string, from: string, target: string): Promise<string> {
  const to = URL.canParse(target, from) ? new URL(target, from) : undefined;
  const fault = to === undefined ? "which is no address" : await redirectFault(new URL(from), to);
  if (to && fault === undefined) return to.href;
  const hasUser = to !== undefined && (to.username !== "" || to.password !== "");
  const shown = withoutQuery(hasUser ? withoutUser(to) : target);
  throw refused(url, `redirects to ${shown.slice(0, 100)}, ${fault}; give the final address`);
}

/** Returns an address without its query, which may hold a signature that gives access, for messages. */
const withoutQuery = (address: string): string => address.replace(/\?.*$/s, "");

/** Returns an address without a user's name and password, for messages. */
export function withoutUser(address: URL): string {
  const shown = new URL(address);
  [shown.username, shown.password] = ["", ""];
  return shown.href;
}

function checked(url: string, response: Response): Response {
  const { status, statusText } = response;
  if ([200, 206, 416].includes(status)) return response;
  discard(response);
  if ([403, 404, 410].includes(status)) throw new AbsentError(url, status);
  if (passingStatus.includes(status))
    throw busy(`the server answers ${status} ${statusText}`.trim(), retryAfter(response));
  if (status === 401) throw new UnauthorisedError(url);
  throw refused(url, `the server answers ${status} ${statusText}; check the address`);
}

const busy = (answer: string, waitMs: number): TransientError =>
  new TransientError(
    waitMs === 0
      ? answer
      : `${answer} and asks to wait ${Math.ceil(waitMs / 1000).toLocaleString("en-US")} s`,
    { waitMs },
  );

/**
 * Returns the delay that the server asks for in ms, in seconds or by a date (RFC 9110, 10.2.3); a date is compared with
 * the answer's own, as clocks differ. 0 where it asks for none.
 */
function retryAfter({ headers }: Response): number {
  const text = headers.get("retry-after") ?? "";
  const wait = /^\d+$/.test(text)
    ? 1000 * Number(text)
    : Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return wait > 0 ? wait : 0;
}

/** Ends an answer whose body nobody wants. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

/** Makes the error of an address that cannot be used. */
export const refused = (url: string, why: string): PickbenchError =>
  new PickbenchError("BadDataset", `${url}: ${why}`, { path: url });

const offlineCodes: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up",
  ECONNREFUSED: "it refuses connections",
  ENETUNREACH: "the network cannot be reached",
  EHOSTUNREACH: "it cannot be reached",
};

function connectionFault(url: string, error: unknown): Error {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const offline = offlineCodes[code];
  if (offline) return new UnreachableError(url, `${offline} (${code})`, error);
  if (error instanceof Error && error.name === "AbortError")
    return new TransientError("no answer in time", { isSlow: true, cause: error });
  return new TransientError(`the connection broke (${cause ? messageOf(cause) : messageOf(error)})`, {
    cause: error,
  });
}
