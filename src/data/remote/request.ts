/** HTTP requests with retries, timeouts and checked redirects. */
import { setTimeout as sleep } from "node:timers/promises";
import { randomFor } from "../../domain/random.js";
import { messageOf, PickbenchError } from "../../system/errors.js";

/** Limits of attempts and of waiting for a server. */
interface Patience {
  /** Number of attempts at one request, the first included. */
  readonly attempts: number;
  /** Time without a byte, in ms, before a request is given up. */
  readonly stallMs: number;
  /** Time for all attempts at one file, in ms. */
  readonly totalMs: number;
  /** Delay before the second attempt, in ms; doubled for each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Default limits. */
export const patience: Patience = {
  attempts: 6,
  stallMs: 30_000,
  totalMs: 3_600_000,
  firstDelayMs: 500,
  longestDelayMs: 20_000,
};

/** Options of every request. */
export interface RequestOptions {
  readonly patience?: Patience;
  /** Ends the request when the user asks to stop. */
  readonly signal?: AbortSignal;
}

/** An error that may pass by itself. */
export class TransientError extends Error {
  /** Time that the server asks to wait, in ms. */
  readonly waitMs: number;

  constructor(message: string, options: { waitMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.waitMs = options.waitMs ?? 0;
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
  { patience: limits = patience, signal }: RequestOptions,
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
      if (count >= limits.attempts || passed + delay > limits.totalMs)
        throw new PickbenchError(
          "BadDataset",
          `${url}: ${error.message}, after ${count} attempts; try again later: what is here is kept`,
          { path: url, cause: error },
        );
      await sleep(delay, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

const mostRedirects = 5;
const passingStatus: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/**
 * Sends one request. Redirects are followed to http or https, never from https to http.
 *
 * @returns the answer of status 200, 206, 404 or 416
 * @throws TransientError, or PickbenchError BadDataset where a repetition would not help
 */
export async function send(url: string, init: RequestInit): Promise<Response> {
  let place = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(place, { ...init, redirect: "manual" }).catch((error: unknown) => {
      throw connectionFault(place, error);
    });
    const target = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || target === null) return checked(url, response);
    await response.body?.cancel();
    place = redirected(url, place, target);
  }
  throw refused(url, `redirects more than ${mostRedirects} times; check the address`);
}

function redirected(url: string, from: string, target: string): string {
  const to = URL.canParse(target, from) ? new URL(target, from) : undefined;
  const isAllowed = to?.protocol === "https:" || (to?.protocol === "http:" && from.startsWith("http:"));
  if (to && isAllowed) return to.href;
  throw refused(url, `redirects to ${target.slice(0, 100)}, which is not followed; give the final address`);
}

async function checked(url: string, response: Response): Promise<Response> {
  const { status, statusText } = response;
  if ([200, 206, 404, 416].includes(status)) return response;
  await response.body?.cancel();
  if (passingStatus.includes(status))
    throw new TransientError(`the server answers ${status} ${statusText}`.trim(), {
      waitMs: retryAfter(response),
    });
  if (status === 401 || status === 403)
    throw refused(
      url,
      `the server refuses access (${status}); only public data are read, without credentials`,
    );
  throw refused(url, `the server answers ${status} ${statusText}; check the address`);
}

/** Returns the delay that the server asks for in ms, at most a minute. */
function retryAfter(response: Response): number {
  const given = Number(response.headers.get("retry-after"));
  return Number.isFinite(given) && given > 0 ? Math.min(given, 60) * 1000 : 0;
}

/** Makes the error of a missing file. */
export const notThere = (url: string): PickbenchError =>
  refused(url, "no such file on the server (404); check the address");

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
  if (offline)
    return new PickbenchError(
      "BadDataset",
      `${url}: no connection to ${new URL(url).host}, ${offline} (${code}); is this machine online, and the address right?`,
      { path: url, cause: error },
    );
  if (error instanceof Error && error.name === "AbortError")
    return new TransientError("no answer in time", { cause: error });
  return new TransientError(`the connection broke (${cause ? messageOf(cause) : messageOf(error)})`, {
    cause: error,
  });
}
