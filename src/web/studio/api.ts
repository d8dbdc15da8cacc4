// Asks the studio's server, whose address with its token is the page's own.

/** An answer that says what is wrong. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Bytes with what their headers say of them. */
export interface Bytes {
  readonly data: ArrayBuffer;
  /** Numbers of a header, such as `X-Shape`. */
  numbers(header: string): number[];
}

/** Returns the address of a path such as `api/session`. */
export const addressOf = (path: string): string => new URL(path, document.baseURI.split("#")[0]).href;

/** Whether the page is a still copy: answers lie in files beside it, and nothing can be sent. */
export const isStill = document.documentElement.dataset.still !== undefined;

/** Escapes a name for a path. */
export const named = (name: string): string => encodeURIComponent(name);

/** Asks for JSON. @throws Refused where the server says no, or is gone */
export async function getJson<Value>(path: string, signal?: AbortSignal): Promise<Value> {
  const response = await asked(isStill ? `${path}.json` : path, { ...(signal && { signal }) });
  return (await response.json()) as Value;
}

/** Asks for bytes. @throws as `getJson` */
export async function getBytes(path: string, signal?: AbortSignal): Promise<Bytes> {
  const options = signal ? { signal } : {};
  const response = await asked(isStill ? `${path}.bin` : path, options);
  const data = await response.arrayBuffer();
  return { data, numbers: (header) => (response.headers.get(header) ?? "").split(",").map(Number) };
}

/** Asks for bytes with headers that are looked at, which a still copy has in a file of their own. @throws as `getJson` */
export async function getShapedBytes(path: string, signal?: AbortSignal): Promise<Bytes> {
  const { data, numbers } = await getBytes(path, signal);
  if (!isStill) return { data, numbers };
  const headers = await getJson<Record<string, string>>(`${path}.headers`, signal);
  return { data, numbers: (header) => (headers[header] ?? "").split(",").map(Number) };
}

/** Sends a value as JSON, or bytes as they are, and returns what is answered. @throws as `getJson` */
export async function send<Value>(
  method: "PUT" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Value> {
  const isBytes = body instanceof Blob || body instanceof ArrayBuffer;
  const content = body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) };
  const response = await asked(path, { method, ...content });
  return (await response.json()) as Value;
}

async function asked(path: string, options: RequestInit): Promise<Response> {
  const response = await fetch(addressOf(path), options).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new Refused(0, "The studio does not answer: it was closed, or is being started again.");
  });
  if (response.ok) return response;
  throw new Refused(response.status, await sentenceOf(response));
}

async function sentenceOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {
    // A refusal at the door has no text.
  }
  return `The studio refused this (${response.status}).`;
}

/** Says what went wrong, for people. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));
