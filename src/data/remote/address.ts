/** Addresses of data on servers: https URLs and S3 buckets. */
import { PickbenchError } from "../../system/errors.js";
import { nameFault } from "../../system/paths/names.js";
import { withoutUser } from "./request.js";

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
  const hasUser = parsed !== undefined && (parsed.username !== "" || parsed.password !== "");
  if (parsed === undefined || hasUser || parsed.search !== "" || parsed.hash !== "")
    throw new PickbenchError(
      "BadUsage",
      `${hasUser ? withoutUser(parsed) : given}: not a plain address; wanted https://HOST/PATH or s3://BUCKET/PREFIX without user, ? or #`,
    );
  if (parsed.protocol === "s3:") return bucketAddress(given, parsed);
  const url = parsed.href.replace(/\/+$/, "");
  const prefix = pathOf(given, parsed);
  return {
    given,
    url,
    bucket: bucketHost.test(parsed.hostname) ? { url: parsed.origin, prefix } : undefined,
  };
}

/** Returns an address's path without slashes around it. @throws PickbenchError BadUsage where it is not well encoded */
function pathOf(given: string, { pathname }: URL): string {
  try {
    return decodeURIComponent(pathname).replace(/^\/+|\/+$/g, "");
  } catch {
    throw new PickbenchError(
      "BadUsage",
      `${given}: a % in it begins no encoded character; write %25 for a %`,
    );
  }
}

function bucketAddress(given: string, address: URL): RemoteAddress {
  const name = address.hostname;
  if (!bucketName.test(name))
    throw new PickbenchError("BadUsage", `${given}: ${name} is no bucket's name; give s3://BUCKET/PREFIX`);
  const prefix = pathOf(given, address);
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

/** Hidden names that belong to Zarr. */
const zarrNames: readonly string[] = [".zattrs", ".zgroup", ".zarray", ".zmetadata"];

/** Tells whether a file is one that macOS leaves everywhere, which belongs to no data. */
export const isSystemFile = (path: string): boolean => /(?:^|\/)(?:\.DS_Store|\._[^/]*)$/.test(path);

/** Returns what keeps a path from lying below a folder here; undefined for a fit one. */
function pathFault(path: string): string | undefined {
  if (path.length > 1024) return "it is longer than 1,024 characters";
  const names = path.split("/");
  const last = names.length - 1;
  for (const [at, name] of names.entries()) {
    const fault = at === last && zarrNames.includes(name) ? undefined : nameFault(name);
    if (fault !== undefined) return fault;
    if (name.includes(":")) return "it holds a colon";
  }
  return undefined;
}

/**
 * Returns a path that is safe to create below a folder: relative, no `..`, no hidden name but Zarr's, no name that a file
 * system refuses.
 *
 * @throws PickbenchError BadDataset for any other
 */
export function checkedPath(source: string, path: string): string {
  const fault = pathFault(path);
  if (fault === undefined) return path;
  throw new PickbenchError(
    "BadDataset",
    `${source}: names a file ${JSON.stringify(path.slice(0, 80))}, which cannot lie below a folder here: ${fault}; ask its owner to rename it`,
  );
}
