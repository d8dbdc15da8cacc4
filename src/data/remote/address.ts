/** Addresses of data on servers: https URLs and S3 buckets. */
import { PickbenchError } from "../../system/errors.js";

/** An address on a server: that of a folder, a file or an OME-Zarr store, by its name. */
export interface RemoteAddress {
  /** Address as given by the user. */
  readonly given: string;
  /** URL of the files, without a trailing slash. */
  readonly url: string;
  /** For a bucket: the URL that answers ListObjectsV2, and the prefix of the wanted files. */
  readonly bucket: { readonly url: string; readonly prefix: string } | undefined;
}

/** Tells whether a `--data` argument or a copick root is on a server. */
export const isRemote = (text: string): boolean => /^(https?|s3):\/\//i.test(text);

/** Host names of a bucket at Amazon: `BUCKET.s3.amazonaws.com`, `BUCKET.s3.us-west-2.amazonaws.com`. */
const bucketHost = /^[a-z0-9][a-z0-9.-]*\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com$/;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Parses `https://…`, or `s3://BUCKET/PREFIX` without credentials. The server of `s3://` is Amazon's, or the one named
 * by `AWS_ENDPOINT_URL_S3`, as for Amazon's own tools.
 *
 * @throws PickbenchError BadUsage for anything else
 */
export function parseAddress(given: string): RemoteAddress {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed === undefined || parsed.username !== "" || parsed.search !== "" || parsed.hash !== "")
    throw new PickbenchError(
      "BadUsage",
      `${given}: not a plain address; wanted https://HOST/PATH or s3://BUCKET/PREFIX without user, ? or #`,
    );
  if (parsed.protocol === "s3:") return bucketAddress(given, parsed);
  const url = parsed.href.replace(/\/+$/, "");
  const prefix = decodeURIComponent(parsed.pathname).replace(/^\/+|\/+$/g, "");
  return {
    given,
    url,
    bucket: bucketHost.test(parsed.hostname) ? { url: parsed.origin, prefix } : undefined,
  };
}

function bucketAddress(given: string, { hostname: name, pathname }: URL): RemoteAddress {
  if (!bucketName.test(name))
    throw new PickbenchError("BadUsage", `${given}: ${name} is no bucket's name; give s3://BUCKET/PREFIX`);
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, "");
  const bucket = bucketUrl(name);
  return { given, url: urlBelow(bucket, prefix), bucket: { url: bucket, prefix } };
}

/** Returns a bucket's URL. A name with dots does not match Amazon's certificate, so it goes into the path. */
function bucketUrl(name: string): string {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3;
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, "")}/${name}`;
  return name.includes(".") ? `https://s3.amazonaws.com/${name}` : `https://${name}.s3.amazonaws.com`;
}

/** Returns the URL of a path below a folder's URL. */
export const urlBelow = (folder: string, path: string): string =>
  path === "" ? folder : `${folder}/${path.split("/").map(encodeURIComponent).join("/")}`;

/**
 * Returns a path that is safe to create below a folder: relative, no `..`, no name that a file system refuses.
 *
 * @throws PickbenchError BadDataset for any other
 */
export function checkedPath(source: string, path: string): string {
  const isName = (name: string): boolean =>
    name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= 255 && !/[\\\0:]/.test(name);
  if (path.length <= 1024 && path.split("/").every(isName)) return path;
  throw new PickbenchError(
    "BadDataset",
    `${source}: names a file ${JSON.stringify(path.slice(0, 80))}, which cannot lie below a folder here; ask its owner to rename it`,
  );
}
