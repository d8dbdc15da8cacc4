/** Downloads of single files and texts, resumed after a broken connection where both parts are of one version. */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { beside } from "../../system/paths/replacing.js";
import { userErrorOf } from "../../system/systemErrors.js";
import { piecesOf, Watch } from "./body.js";
import { lengthOf, partFault, type Version, versionOf } from "./parts.js";
import {
  AbsentError,
  discard,
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

/** What a file must be, as far as it is known before or while it comes. */
export interface Expected {
  /** Limit in bytes; a longer file is refused. */
  readonly mostBytes?: number;
  /**
   * Looks at the first 1024 bytes, or all of a shorter file, and returns the limit in bytes that they state, if any.
   *
   * @param total the file's size in bytes, where the server or its list says it
   * @throws PickbenchError where they cannot be those of such a file
   */
  readonly head?: (bytes: Buffer, total: number | undefined) => number | undefined;
}

interface DownloadOptions extends RequestOptions {
  /** Size in bytes by the server's list. */
  readonly size?: number;
  /** Called with the bytes of every piece; negative where pieces are fetched again. */
  readonly onBytes?: (count: number) => void;
  /** Folder, on the same file system, for the file until it is whole. */
  readonly partials?: string;
  readonly expected?: Expected;
}

/** Limit in bytes where neither the server's answer nor its list nor the file's kind tells the size. */
const mostUnknownBytes = 2 ** 30;

const headBytes = 1024;

/** Strips an ETag of quotes and weakness marks, which differ between servers' lists and headers. */
export const plainEtag = (etag: string): string => etag.replace(/^W\//, "").replace(/^"|"$/g, "");

/**
 * Downloads a file under a temporary name and renames it once every byte has arrived; a broken download is resumed from
 * its last byte where the server proves that the rest is of the same version, else begun again.
 *
 * @throws PickbenchError BadDataset with the address, what happened and what to do; AbsentError where it is not there
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
    throw userErrorOf(error, path) ?? error;
  }
}

/** The part of a file received over all attempts. */
class ResumableDownload {
  readonly #url: string;
  readonly #handle: FileHandle;
  readonly #options: DownloadOptions;
  #hash: Hash = createHash("sha256");
  #received = 0;
  #head: Buffer | undefined;
  #etag: string | undefined;
  /** What the parts must be of; undefined where the rest cannot be asked for. */
  #version: Version | undefined;
  /** Whether the server has answered a question for the rest with something else. */
  #isMisled = false;
  /** Limit in bytes that the file's first bytes state. */
  #statedBytes: number | undefined;

  constructor(url: string, handle: FileHandle, options: DownloadOptions) {
    this.#url = url;
    this.#handle = handle;
    this.#options = options;
  }

  async resume(): Promise<void> {
    const watch = new Watch(this.#options);
    try {
      const { authorization } = this.#options;
      const asked = { headers: this.#headers(), signal: watch.signal };
      const response = await send(this.#url, asked, authorization);
      const wanted = await this.#begin(response);
      for await (const piece of piecesOf(response, watch)) await this.#append(piece, wanted);
      if (wanted !== undefined && this.#received < wanted)
        throw new TransientError(`only ${this.#received} of ${wanted} bytes came`);
      if (this.#received < headBytes) this.#look(wanted);
    } finally {
      watch.stop();
    }
  }

  finished(): Downloaded {
    const etag = this.#etag === undefined ? {} : { etag: plainEtag(this.#etag) };
    return { size: this.#received, sha256: this.#hash.digest("hex"), ...etag };
  }

  /** Returns the request's headers. The rest is requested only of the version that was begun. */
  #headers(): Record<string, string> {
    const plain = { "accept-encoding": "identity" };
    if (this.#received === 0 || this.#version === undefined || this.#isMisled) return plain;
    return { ...plain, range: `bytes=${this.#received}-`, "if-range": this.#version.value };
  }

  /** Checks an answer and returns the file's whole size in bytes, where known. */
  async #begin(response: Response): Promise<number | undefined> {
    try {
      return await this.#checked(response);
    } catch (error) {
      discard(response);
      throw error;
    }
  }

  async #checked({ status, headers }: Response): Promise<number | undefined> {
    if ((headers.get("content-encoding") ?? "identity") !== "identity")
      throw refused(this.#url, "the server packs the file on its way; give another address of it");
    if (status !== 200) return await this.#continued(status, headers);
    await this.#restart();
    this.#etag = headers.get("etag") ?? undefined;
    this.#version = versionOf(headers);
    const length = lengthOf(headers);
    const { size, expected } = this.#options;
    if (size !== undefined && length !== undefined && size !== length)
      throw refused(
        this.#url,
        `the server sends ${length} bytes, its list says ${size}; it changed meanwhile: try again`,
      );
    const whole = size ?? length;
    if (whole !== undefined && whole > (expected?.mostBytes ?? whole))
      throw refused(
        this.#url,
        `the server sends ${whole} bytes, but such a file has no more than ${expected!.mostBytes}`,
      );
    return whole;
  }

  /** Checks an answer that is to be the rest of what is here. @throws TransientError; all is then fetched again */
  async #continued(status: number, headers: Headers): Promise<number> {
    const version = this.#version;
    const wasAsked = this.#received > 0 && version !== undefined && !this.#isMisled;
    const fault = !wasAsked
      ? `a part (${status}) where the whole was asked for`
      : status === 206
        ? partFault(headers, this.#received, version)
        : `no rest (${status})`;
    if (fault === undefined) return version!.total;
    this.#isMisled = true;
    await this.#restart();
    throw new TransientError(`the server answers ${fault}`);
  }

  async #restart(): Promise<void> {
    this.#options.onBytes?.(-this.#received);
    this.#received = 0;
    this.#head = undefined;
    this.#statedBytes = undefined;
    this.#hash = createHash("sha256");
    await this.#handle.truncate(0);
  }

  async #append(piece: Uint8Array, wanted: number | undefined): Promise<void> {
    const received = this.#received + piece.length;
    if (wanted !== undefined && received > wanted) {
      await this.#restart();
      throw new TransientError(`more than ${wanted} bytes came`);
    }
    const most = this.#statedBytes ?? this.#options.expected?.mostBytes ?? mostUnknownBytes;
    if (wanted === undefined && received > most)
      throw refused(
        this.#url,
        `the server sends more than ${most} bytes without end; is it the right address?`,
      );
    await this.#handle.write(piece, 0, piece.length, this.#received);
    this.#hash.update(piece);
    this.#received = received;
    this.#options.onBytes?.(piece.length);
    if ((this.#head?.length ?? 0) >= headBytes) return;
    this.#head = Buffer.concat([this.#head ?? Buffer.alloc(0), piece.subarray(0, headBytes)]);
    if (this.#head.length >= headBytes) this.#look(wanted);
  }

  /** Looks at the file's first bytes. */
  #look(total: number | undefined): void {
    this.#statedBytes = this.#options.expected?.head?.(this.#head ?? Buffer.alloc(0), total);
  }
}

/** A request whose answer is text. */
interface TextRequest extends RequestOptions {
  /** Limit of the answer in bytes; a longer answer is refused. */
  readonly mostBytes: number;
  /** JSON body; the request is then a POST. */
  readonly body?: string;
}

/** Downloads a text. @throws PickbenchError BadDataset as `downloadFile`; AbsentError where it is not there */
export function downloadText(url: string, request: TextRequest): Promise<string> {
  return withRetries(url, request, async () => {
    const watch = new Watch(request);
    try {
      const init = request.body === undefined ? {} : { method: "POST", body: request.body };
      const headers: Record<string, string> =
        request.body === undefined ? {} : { "content-type": "application/json" };
      const response = await send(url, { ...init, headers, signal: watch.signal }, request.authorization);
      if (response.status !== 200) {
        discard(response);
        throw refused(url, `the server answers ${response.status}; check the address`);
      }
      const wanted = response.headers.has("content-encoding") ? undefined : lengthOf(response.headers);
      const tooLong = () =>
        refused(url, `answers more than ${request.mostBytes} bytes; is it the right address?`);
      if (wanted !== undefined && wanted > request.mostBytes) {
        discard(response);
        throw tooLong();
      }
      const pieces: Uint8Array[] = [];
      let received = 0;
      for await (const piece of piecesOf(response, watch)) {
        received += piece.length;
        if (received > request.mostBytes) throw tooLong();
        pieces.push(piece);
      }
      if (wanted !== undefined && received < wanted)
        throw new TransientError(`only ${received} of ${wanted} bytes came`);
      return Buffer.concat(pieces).toString("utf8");
    } finally {
      watch.stop();
    }
  });
}

/** Downloads a text that need not be there; otherwise the status that says so. @throws PickbenchError BadDataset */
export function downloadOptional(url: string, request: TextRequest): Promise<string | AbsentError> {
  return downloadText(url, request).catch((error: unknown) => {
    if (error instanceof AbsentError) return error;
    throw error;
  });
}
