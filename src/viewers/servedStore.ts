/** How a browser reaches an OME-Zarr store: its URL, and the folder to serve. */
import { relative, sep } from "node:path";
import { PickbenchError } from "../system/errors.js";

/** A store as served to a browser. */
interface ServedStore {
  readonly url: string;
  /** Folder to serve at the beginning of the URL. */
  readonly folder: string;
}

const loopback = "http://127.0.0.1:8000";

/**
 * Returns the URL of an OME-Zarr store.
 *
 * @param folders candidates to serve; the first that holds the store is served
 * @param given URL of that folder, or of the store itself if it ends in .zarr; the loopback if undefined
 * @throws PickbenchError BadUsage for anything but an http or https URL
 */
export function servedStore(
  path: string,
  folders: readonly string[],
  given: string | undefined,
): ServedStore {
  const start = (given ?? loopback).replace(/\/+$/, "");
  const url = URL.canParse(start) ? new URL(start) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new PickbenchError(
      "BadUsage",
      `--url is ${given}, wanted where the data are served, as in ${loopback}`,
    );
  const holds = (folder: string) => !relative(folder, path).split(sep).includes("..");
  const folder = folders.find(holds) ?? path;
  if (/\.zarr$/.test(url.pathname)) return { url: url.href, folder };
  const inside = relative(folder, path).split(sep).filter(Boolean).map(encodeURIComponent);
  return { url: [url.href.replace(/\/+$/, ""), ...inside].join("/"), folder };
}

/** Says how the store comes to be served. */
export const serving = ({ url, folder }: ServedStore): string =>
  url.startsWith(loopback)
    ? "the same command with --serve serves the tomogram, and prints a link to it"
    : `the folder ${folder} is to be served there, with CORS`;
