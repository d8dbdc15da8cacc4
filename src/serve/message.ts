/** What a browser asks of a server here, and what it is answered. */
import type { IncomingHttpHeaders } from "node:http";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** A request that has passed the door: it named this machine, came from a page that may ask, and held the token. */
export interface Asked {
  readonly method: Method;
  /** The path after the token, name by name, decoded: none is empty, hidden, or has a slash. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Reads the body. @param most bytes it may have @throws BadUsage where it has more */
  body(most?: number): Promise<Buffer>;
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
}

/** Bytes of which a part may be asked for. */
export interface Ranged {
  readonly size: number;
  /** Returns bytes from `start` up to `end`. */
  part(start: number, end: number): Uint8Array | NodeJS.ReadableStream;
  /** Called when the answer is over, whatever came of it. */
  close?(): Promise<void>;
}

/** An answer. */
export interface Reply {
  /** 200 if absent. */
  readonly status?: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | Ranged;
}

export const isRanged = (body: Reply["body"]): body is Ranged =>
  typeof body !== "string" && !(body instanceof Uint8Array);

/** Answers with a value as JSON. */
export const json = (value: unknown, status = 200): Reply => ({
  status,
  type: "application/json; charset=utf-8",
  body: JSON.stringify(value),
});

/** Answers with bytes. */
export const bytes = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Reply => ({
  type: "application/octet-stream",
  headers,
  body,
});

/** Answers that there is nothing of this name. */
export const nothing: Reply = { status: 404, type: "text/plain; charset=utf-8", body: "" };
