/** Lists of files on servers, page by page: S3's XML, and JSON of other APIs. */
import sax from "sax";
import type { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { messageOf } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { checkedPath, isSystemFile, type RemoteAddress, urlBelow } from "./address.js";
import { downloadText, plainEtag } from "./download.js";
import { AbsentError, type RequestOptions, refused, usualPatience } from "./request.js";

/** A file on a server. */
export interface RemoteFile {
  /** Path below the address's folder, with slashes. */
  readonly path: string;
  readonly url: string;
  /** Size in bytes. */
  readonly size?: number;
  readonly etag?: string;
  /** SHA-256 that it must have, hex. */
  readonly sha256?: string;
  /** Whether the server need not have it: a chunk that nothing but the array's shape announces may equal the fill value. */
  readonly optional?: boolean;
}

/** A file of a list that states its size. */
export type SizedFile = RemoteFile & { readonly size: number };

/** Most bytes of a page. */
export const mostPageBytes = 2 ** 24;
/** Pages without a file in a row after which a list is given up; a sound server sends one now and then. */
const mostEmptyPages = 100;

/**
 * Lists all files below a prefix of a bucket, by S3's ListObjectsV2
 * (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), a thousand per page.
 *
 * @throws PickbenchError BadDataset where the server does not list, lists without end, or lists a name that cannot be a
 * local file; AbsentError where it lets nobody list
 */
export async function listBucket(
  { given, url, bucket }: RemoteAddress & { bucket: NonNullable<RemoteAddress["bucket"]> },
  options: RequestOptions,
): Promise<SizedFile[]> {
  const below = bucket.prefix === "" ? "" : `${bucket.prefix}/`;
  return listPages(given, url, options, async (token) => {
    const query = new URLSearchParams({ "list-type": "2", prefix: below });
    if (token !== undefined) query.set("continuation-token", token);
    const { objects, next } = await readPage(`${bucket.url}/?${query}`, options);
    const files = objects
      .filter(({ key }) => key.startsWith(below) && !key.endsWith("/") && !isSystemFile(key))
      .map(({ key, size, etag }) => ({
        name: key.slice(below.length),
        size,
        ...(etag === "" ? {} : { etag }),
      }));
    return { files, entries: objects.length, next };
  });
}

/** A page of a list. */
interface ListPage {
  /** Its files, by names that nobody has checked. */
  readonly files: readonly ({ readonly name: string } & Pick<SizedFile, "size" | "etag">)[];
  /** Number of its entries, of which not all need be files. */
  readonly entries: number;
  /** The token of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/**
 * Lists files page by page.
 *
 * @param given the address as the user knows it, for messages
 * @param folder URL below which the files lie by their names
 * @param pageAt reads the page of a token, the first one without
 * @throws PickbenchError BadDataset where the list has no end, or names a file twice or one that cannot lie below a folder here
 */
export async function listPages(
  given: string,
  folder: string,
  options: RequestOptions,
  pageAt: (token: string | undefined) => Promise<ListPage>,
): Promise<SizedFile[]> {
  const files = new Map<string, SizedFile>();
  const pages = new PageGuard(given, options);
  let token: string | undefined;
  do {
    const page = await pageAt(token);
    for (const { name, ...file } of page.files) {
      const path = checkedPath(given, name);
      if (files.has(path)) throw refused(given, `its list names ${path} twice; try again later`);
      files.set(path, { path, url: urlBelow(folder, path), ...file });
    }
    checkLimit("listedFiles", files.size, { what: `${given}: the list`, path: given });
    pages.turn(page.entries, page.next);
    token = page.next;
  } while (token !== undefined);
  return [...files.values()];
}

/** Ends a list that does not go on: pages that come again, pages without a file, pages for ever. */
class PageGuard {
  readonly #given: string;
  readonly #end: number;
  readonly #tokens = new Set<string>();
  #empty = 0;

  constructor(given: string, { patience = usualPatience() }: RequestOptions) {
    this.#given = given;
    this.#end = performance.now() + patience.totalMs;
  }

  /** @throws PickbenchError BadDataset where the next page would lead nowhere */
  turn(entries: number, next: string | undefined): void {
    this.#empty = entries === 0 ? this.#empty + 1 : 0;
    if (next === undefined) return;
    if (this.#tokens.has(next)) throw refused(this.#given, "its list comes round again; try again later");
    if (this.#empty >= mostEmptyPages)
      throw refused(
        this.#given,
        `its list goes on for ${mostEmptyPages} pages without a file; try again later`,
      );
    if (performance.now() > this.#end)
      throw refused(this.#given, "its list does not end; name a folder inside");
    this.#tokens.add(next);
  }
}

/** Parses an answer. @throws PickbenchError BadDataset where it is no JSON, asking whether the server is `api` at all */
export function jsonOf(url: string, text: string, api: string): unknown {
  try {
    return parseJson(text, { path: url });
  } catch {
    throw refused(url, `answers no JSON; is it ${api}?`);
  }
}

/** Returns an answer as the schema has it. @throws PickbenchError BadDataset where it is another */
export function answerOf<T>(url: string, answer: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refused(
    url,
    `answers by another schema (${issue?.path.join(".")}: ${issue?.message}); the API may have changed: look for a newer pickbench`,
  );
}

interface Page {
  readonly objects: readonly { readonly key: string; readonly size: number; readonly etag: string }[];
  readonly next: string | undefined;
}

async function readPage(url: string, options: RequestOptions): Promise<Page> {
  const text = await downloadText(url, { ...options, mostBytes: mostPageBytes }).catch((error: unknown) => {
    const isNowhere = error instanceof AbsentError && error.status !== 403;
    throw isNowhere ? refused(url, `no such bucket (${error.status}); check its name`) : error;
  });
  try {
    return parsePage(text);
  } catch (error) {
    throw refused(url, `answers no list of a bucket (${messageOf(error).split("\n")[0]}); check the address`);
  }
}

/** Parses a `<ListBucketResult>`: Key, Size and ETag of its Contents, and the token of the next page. */
export function parsePage(text: string): Page {
  const parser = new sax.SAXParser(true);
  const objects: { key: string; size: number; etag: string }[] = [];
  const open: string[] = [];
  let fields: Record<string, string> = {};
  const page: Record<string, string> = {};
  parser.onopentag = ({ name }) => {
    open.push(name);
    if (open.length === 1 && name !== "ListBucketResult")
      throw new Error(`begins with <${name.slice(0, 40)}>`);
    if (open.length === 2 && name === "Contents") fields = {};
  };
  parser.ontext = (piece) => {
    const name = open.at(-1) ?? "";
    if (open.length === 2) page[name] = (page[name] ?? "") + piece;
    else if (open.length === 3 && open[1] === "Contents") fields[name] = (fields[name] ?? "") + piece;
  };
  parser.onclosetag = () => {
    if (open.pop() === "Contents" && open.length === 1) objects.push(objectOf(fields));
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.write(text).close();
  if (page.IsTruncated === undefined) throw new Error("has no IsTruncated");
  const isTruncated = page.IsTruncated.trim() === "true";
  if (isTruncated && !page.NextContinuationToken) throw new Error("goes on without a token");
  return { objects, next: isTruncated ? page.NextContinuationToken : undefined };
}

function objectOf({ Key, Size, ETag }: Record<string, string>): Page["objects"][number] {
  if (Key === undefined || !/^\d{1,15}$/.test(Size ?? ""))
    throw new Error("has an object without key or size");
  return { key: Key, size: Number(Size), etag: plainEtag(ETag ?? "") };
}
