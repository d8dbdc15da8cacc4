import { PickbenchError } from "../../system/errors.js";

/** A place on a server: a folder, or the file or OME-Zarr store that its name says. */
export interface RemoteAddress {
  /** As the user gave it. */
  readonly given: string;
  /** Where its files lie, without a slash at the end. */
  readonly url: string;
  /** Of a bucket: where ListObjectsV2 is asked for, and the prefix of what is wanted. */
  readonly bucket: { readonly url: string; readonly prefix: string } | undefined;
}

/** Whether a `--data` argument or a copick root names a server. */
export const isRemote = (text: string): boolean => /^(https?|s3):\/\//i.test(text);

/** Amazon's hosts of a bucket: `BUCKET.s3.amazonaws.com`, `BUCKET.s3.us-west-2.amazonaws.com`. */
const bucketHost = /^[a-z0-9][a-z0-9.-]*\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com$/;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `https://…`, or `s3://BUCKET/PREFIX` without credentials. The server of `s3://` is Amazon's, or the one that
 * `AWS_ENDPOINT_URL_S3` names, as for Amazon's own tools.
 *
 * @throws BadUsage where it is neither
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

/** A name with dots does not fit Amazon's certificate, so that it stands in the path. */
function bucketUrl(name: string): string {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3;
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, "")}/${name}`;
  return name.includes(".") ? `https://s3.amazonaws.com/${name}` : `https://${name}.s3.amazonaws.com`;
}

/** The address of a path below a folder's. */
export const urlBelow = (folder: string, path: string): string =>
  path === "" ? folder : `${folder}/${path.split("/").map(encodeURIComponent).join("/")}`;

/**
 * A path that may be made a file below a folder: relative, no `..`, no name that a file system refuses.
 *
 * @throws BadDataset for any other
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
