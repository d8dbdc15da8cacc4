/** Downloads of single files and texts, resumed after a broken connection. */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { beside } from "../../system/replacing.js";
import {
  notThere,
  patience,
  type RequestOptions,
  refused,
  send,
  TransientError,
  withRetries,
} from "./request.js";

/** Facts of a downloaded file. */
export interface Downloaded {
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  /** The server's ETag of this version, without quotes. */
  readonly etag?: string;
}

interface DownloadOptions extends RequestOptions {
  /** Size in bytes by the server's list. */
  readonly size?: number;
  /** Called with the bytes of every piece; negative where pieces are fetched again. */
  readonly onBytes?: (count: number) => void;
  /** Folder, on the same file system, for the file until it is whole. */
  readonly partials?: string;
}

/** Limit in bytes where neither the server's answer nor its list tells the size. */
const mostUnknownBytes = 2 ** 30;

/** Strips an ETag of quotes and weakness marks, which differ between servers' lists and headers. */
export const plainEtag = (etag: string): string => etag.replace(/^W\//, "").replace(/^"|"$/g, "");

/**
 * Downloads a file under a temporary name and renames it once every byte has arrived; a broken download is resumed from
 * its last byte where the server allows it.
 *
 * @throws PickbenchError BadDataset with the address, what happened and what to do
 */
export async function downloadFile(
  url: string,
  path: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  try {
    const unfinished = await beside(path, options.partials);
    const handle = await open(unfinished.partial, "w");
    try {
      const body = new ResumableDownload(url, handle, options);
      await withRetries(url, options, () => body.resume());
      const downloaded = body.finished();
      await handle.close();
      await unfinished.finish();
      return downloaded;
    } finally {
      await handle.close();
      await unfinished.discard();
    }
  } catch (error) {
    if (isPickbenchError(error)) throw error;
    throw new PickbenchError(
      "BadDataset",
      `${path}: cannot be written (${messageOf(error)}); mend the folder`,
      {
        path,
        cause: error,
      },
    );
  }
}

/** The part of a file received over all attempts. */
class ResumableDownload {
  readonly #url: string;
  readonly #handle: FileHandle;
  readonly #options: DownloadOptions;
  #hash: Hash = createHash("sha256");
  #received = 0;
  #etag: string | undefined;

  constructor(url: string, handle: FileHandle, options: DownloadOptions) {
    this.#url = url;
    this.#handle = handle;
    this.#options = options;
  }

  async resume(): Promise<void> {
    const clock = stallClock(this.#options);
    try {
      const response = await send(this.#url, { headers: this.#headers(), signal: clock.signal });
      const wanted = await this.#begin(response);
      for await (const piece of piecesOf(response)) {
        clock.restart();
        await this.#append(piece, wanted ?? mostUnknownBytes);
      }
      if (wanted !== undefined && this.#received < wanted)
        throw new TransientError(`only ${this.#received} of ${wanted} bytes came`);
    } finally {
      clock.stop();
    }
  }

  finished(): Downloaded {
    const etag = this.#etag === undefined ? {} : { etag: plainEtag(this.#etag) };
    return { size: this.#received, sha256: this.#hash.digest("hex"), ...etag };
  }

  /** Returns the request's headers. The rest is requested only of the version that was begun. */
  #headers(): Record<string, string> {
    const plain = { "accept-encoding": "identity" };
    if (this.#received === 0 || this.#etag === undefined || this.#etag.startsWith("W/")) return plain;
    return { ...plain, range: `bytes=${this.#received}-`, "if-range": this.#etag };
  }

  /** Checks an answer and returns the file's whole size in bytes, where known. */
  async #begin(response: Response): Promise<number | undefined> {
    const { status, headers } = response;
    if (status === 404 || !isIdentity(headers)) {
      await response.body?.cancel();
      throw status === 404
        ? notThere(this.#url)
        : refused(this.#url, "the server packs the file on its way; give another address of it");
    }
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
    const continues = status === 206 && Number(range?.[1]) === this.#received;
    if (!continues) await this.#restart();
    if (status !== 200 && !continues) {
      await response.body?.cancel();
      throw new TransientError(`the server answers with another part than asked for (${status})`);
    }
    this.#etag = headers.get("etag") ?? undefined;
    const length = continues ? Number(range![2]) : numberOf(headers.get("content-length"));
    const { size } = this.#options;
    if (size !== undefined && length !== undefined && size !== length) {
      await response.body?.cancel();
      throw refused(
        this.#url,
        `the server sends ${length} bytes, its list says ${size}; it changed meanwhile: try again`,
      );
    }
    return size ?? length;
  }

  async #restart(): Promise<void> {
    this.#options.onBytes?.(-this.#received);
    this.#received = 0;
    this.#hash = createHash("sha256");
    await this.#handle.truncate(0);
  }

  async #append(piece: Uint8Array, most: number): Promise<void> {
    if (this.#received + piece.length > most) {
      await this.#restart();
      throw new TransientError(`more than ${most} bytes came`);
    }
    await this.#handle.write(piece, 0, piece.length, this.#received);
    this.#hash.update(piece);
    this.#received += piece.length;
    this.#options.onBytes?.(piece.length);
  }
}

const isIdentity = (headers: Headers): boolean =>
  (headers.get("content-encoding") ?? "identity") === "identity";

const numberOf = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Yields the pieces of a body. @throws TransientError where the body breaks off */
async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new TransientError(`the answer broke off (${messageOf(error)})`, { cause: error });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Aborts when nothing has arrived for too long, or when the user asks to stop. */
function stallClock({ patience: limits = patience, signal }: RequestOptions) {
  const stalled = new AbortController();
  const start = () => setTimeout(() => stalled.abort(), limits.stallMs);
  let timer = start();
  return {
    signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    restart() {
      clearTimeout(timer);
      timer = start();
    },
    stop: () => clearTimeout(timer),
  };
}

/** A request whose answer is text. */
interface TextRequest extends RequestOptions {
  /** Limit of the answer in bytes; a longer answer is refused. */
  readonly mostBytes: number;
  /** JSON body; the request is then a POST. */
  readonly body?: string;
}

/** Downloads a text; undefined for 404. @throws PickbenchError BadDataset as `downloadFile` */
export function downloadText(url: string, request: TextRequest): Promise<string | undefined> {
  return withRetries(url, request, async () => {
    const clock = stallClock(request);
    try {
      const init = request.body === undefined ? {} : { method: "POST", body: request.body };
      const headers = request.body === undefined ? {} : { "content-type": "application/json" };
      const response = await send(url, { ...init, headers, signal: clock.signal });
      if (response.status !== 200) await response.body?.cancel();
      if (response.status === 404) return undefined;
      if (response.status !== 200)
        throw refused(url, `the server answers ${response.status}; check the address`);
      const pieces: Uint8Array[] = [];
      let received = 0;
      for await (const piece of piecesOf(response)) {
        clock.restart();
        received += piece.length;
        if (received > request.mostBytes)
          throw refused(url, `answers more than ${request.mostBytes} bytes; is it the right address?`);
        pieces.push(piece);
      }
      return Buffer.concat(pieces).toString("utf8");
    } finally {
      clock.stop();
    }
  });
}
