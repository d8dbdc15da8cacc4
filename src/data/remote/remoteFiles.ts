import { isMrcName } from "../mrcTomogram.js";
import { checkedPath, type RemoteAddress, urlBelow } from "./address.js";
import { downloadText } from "./download.js";
import { listBucket, type RemoteFile } from "./listing.js";
import { type RequestOptions, refused } from "./request.js";
import { storeFiles } from "./storeFiles.js";

/** Runs in copick's layout on a server that lists nothing. */
export interface NamedRuns {
  readonly runs: readonly string[];
  /** The reconstruction: `denoised`. */
  readonly tomoType: string;
  /** As in the folder's name: `10.000`. */
  readonly voxelSpacing: string;
  /** Files of picks that are looked for, without `.json`. */
  readonly picks: readonly string[];
}

const mostPicksBytes = 2 ** 28;

/**
 * The files behind an address: a bucket's by its list; an OME-Zarr store's by its metadata; an MRC file; or, where the
 * server lists nothing, what is named.
 *
 * @param named of a copick root, whose runs are `ExperimentRuns/RUN`
 * @throws BadDataset where there is nothing, or nothing can be known
 */
export async function remoteFiles(
  address: RemoteAddress,
  options: RequestOptions,
  named?: NamedRuns,
): Promise<RemoteFile[]> {
  const { url, bucket, given } = address;
  const name = checkedPath(given, decodeURIComponent(url.slice(url.lastIndexOf("/") + 1)));
  if (isMrcName(name)) return [{ path: name, url }];
  const inName = (files: readonly RemoteFile[]): RemoteFile[] =>
    files.map((file) => ({ ...file, path: `${name}/${file.path}` }));
  if (bucket !== undefined) {
    const files = await listBucket({ ...address, bucket }, options);
    if (files.length === 0) throw refused(given, "nothing lies there; check bucket and prefix");
    return name.endsWith(".zarr") ? inName(files) : files;
  }
  if (name.endsWith(".zarr")) return inName(await storeFiles(url, options));
  if (named) return namedFiles(url, named, options);
  throw refused(
    given,
    "this server does not say which files it has; give s3://…, one .zarr or .mrc, or name the runs: pickbench fetch URL --runs A,B --out DIR",
  );
}

async function namedFiles(url: string, named: NamedRuns, options: RequestOptions): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for (const run of named.runs) {
    const folder = checkedPath(url, `ExperimentRuns/${run}`);
    const store = checkedPath(url, `${folder}/VoxelSpacing${named.voxelSpacing}/${named.tomoType}.zarr`);
    for (const file of await storeFiles(urlBelow(url, store), options))
      files.push({ ...file, path: `${store}/${file.path}` });
    for (const picks of named.picks) {
      const path = checkedPath(url, `${folder}/Picks/${picks}.json`);
      const text = await downloadText(urlBelow(url, path), { ...options, mostBytes: mostPicksBytes });
      if (text !== undefined) files.push({ path, url: urlBelow(url, path) });
    }
  }
  return files;
}
