/** Lists of files on S3 servers. */
import sax from "sax";
import { messageOf } from "../../system/errors.js";
import { checkedPath, type RemoteAddress, urlBelow } from "./address.js";
import { downloadText, plainEtag } from "./download.js";
import { type RequestOptions, refused } from "./request.js";

/** A file on a server. */
export interface RemoteFile {
  /** Path below the address's folder, with slashes. */
  readonly path: string;
  readonly url: string;
  /** Size in bytes. */
  readonly size?: number;
  readonly etag?: string;
}

const mostPageBytes = 2 ** 24;
/** Limit of files at one address; a data set with more is not mirrored whole. */
const mostFiles = 2_000_000;

/**
 * Lists all files below a prefix of a bucket, by S3's ListObjectsV2
 * (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), a thousand per page.
 *
 * @throws PickbenchError BadDataset where the server does not list, or lists a name that cannot be a local file
 */
export async function listBucket(
  { given, url, bucket }: RemoteAddress & { bucket: NonNullable<RemoteAddress["bucket"]> },
  options: RequestOptions,
): Promise<RemoteFile[]> {
  const below = bucket.prefix === "" ? "" : `${bucket.prefix}/`;
  const files: RemoteFile[] = [];
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ "list-type": "2", prefix: below });
    if (token !== undefined) query.set("continuation-token", token);
    const page = await readPage(`${bucket.url}/?${query}`, options);
    for (const { key, size, etag } of page.objects) {
      if (!key.startsWith(below) || key.endsWith("/")) continue;
      const path = checkedPath(given, key.slice(below.length));
      files.push({ path, url: urlBelow(url, path), size, ...(etag === "" ? {} : { etag }) });
    }
    if (files.length > mostFiles)
      throw refused(given, `lists more than ${mostFiles} files; name a folder inside`);
    if (page.next === token && token !== undefined)
      throw refused(given, "its list does not go on; try again later");
    token = page.next;
  } while (token !== undefined);
  return files;
}

interface Page {
  readonly objects: readonly { readonly key: string; readonly size: number; readonly etag: string }[];
  readonly next: string | undefined;
}

async function readPage(url: string, options: RequestOptions): Promise<Page> {
  const text = await downloadText(url, { ...options, mostBytes: mostPageBytes });
  if (text === undefined) throw refused(url, "no such bucket (404); check its name");
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
