import { relative, sep } from "node:path";
import { PickbenchError } from "../system/errors.js";
import { shellWord } from "../system/files.js";

/** A store as a browser is to get it. */
interface ServedStore {
  readonly url: string;
  /** The folder to serve at the URL's beginning. */
  readonly folder: string;
}

const loopback = "http://127.0.0.1:8000";

/**
 * The URL of an OME-Zarr store.
 *
 * @param folders that may be served; the first that holds the store is
 * @param given where that folder is served, or where the store itself is if it ends in .zarr; the loopback if undefined
 * @throws BadUsage for what is no http or https URL
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

/** How to serve the folder to a browser on this machine; CORS lets the viewer's page read it. */
export const serving = ({ url, folder }: ServedStore): string =>
  url.startsWith(loopback)
    ? `npx http-server ${shellWord(folder)} -a 127.0.0.1 -p 8000 --cors`
    : `the folder ${folder} is to be served there, with CORS`;
