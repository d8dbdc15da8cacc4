/** Lists the files behind an address: by the bucket's list, or by the metadata of its stores. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { openZarrArray } from "../../formats/zarr/array.js";
import { readMultiscales } from "../../formats/zarr/ome.js";
import { writeWhole } from "../../system/files.js";
import { isMrcName } from "../volumeNames.js";
import { checkedPath, type RemoteAddress, urlBelow } from "./address.js";
import { downloadText } from "./download.js";
import { listBucket, type RemoteFile } from "./listing.js";
import { notThere, type RequestOptions, refused } from "./request.js";

/** Names of runs in copick's layout, for a server that lists nothing. */
interface NamedRuns {
  readonly runs: readonly string[];
  /** The reconstruction: `denoised`. */
  readonly tomoType: string;
  /** Voxel spacing as in the folder's name: `10.000`. */
  readonly voxelSpacing: string;
  /** Names of files of picks to look for, without `.json`. */
  readonly picks: readonly string[];
}

const mostPicksBytes = 2 ** 28;

/**
 * Lists the files behind an address: a bucket's by its list; an OME-Zarr store's by its metadata; a single MRC file;
 * or, on a server that lists nothing, the named runs.
 *
 * @param named runs of a copick root, `ExperimentRuns/RUN`
 * @throws PickbenchError BadDataset where there is nothing, or nothing can be listed
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

const mostMetadataBytes = 2 ** 24;
const mostChunks = 1_000_000;

/**
 * Lists all files of an OME-Zarr store on a server that lists nothing: the metadata determine every chunk and shard.
 * Sizes are unknown.
 *
 * @param store URL without a trailing slash
 * @throws PickbenchError BadDataset where the metadata is missing or wrong
 */
export async function storeFiles(store: string, options: RequestOptions): Promise<RemoteFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "pickbench-store-"));
  try {
    const paths: string[] = [];
    const have = async (path: string): Promise<boolean> => {
      const url = urlBelow(store, path);
      const text = await downloadText(url, { ...options, mostBytes: mostMetadataBytes });
      if (text === undefined) return false;
      await writeWhole(join(folder, path), text);
      paths.push(path);
      return true;
    };
    if (!(await have("zarr.json"))) {
      if (!(await have(".zattrs"))) throw notThere(urlBelow(store, ".zattrs"));
      await have(".zgroup");
    }
    for (const { path: level } of (await readMultiscales(folder)).levels) {
      const inside = checkedPath(store, level);
      if (!(await have(`${inside}/zarr.json`)) && !(await have(`${inside}/.zarray`)))
        throw notThere(urlBelow(store, `${inside}/.zarray`));
      paths.push(...(await chunkPaths(store, folder, inside)));
    }
    return paths.map((path) => ({ path, url: urlBelow(store, path) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lists the chunk files of one level; chunks that share a shard have one path. */
async function chunkPaths(store: string, folder: string, level: string): Promise<string[]> {
  const array = await openZarrArray(join(folder, level));
  const counts = array.shape.map((size, axis) => Math.ceil(size / array.chunkShape[axis]!));
  const total = counts.reduce((product, count) => product * count, 1);
  if (total > mostChunks)
    throw refused(urlBelow(store, level), `has ${total} chunks; at most ${mostChunks} are fetched`);
  const paths = new Set<string>();
  for (let index = 0; index < total; index++) {
    let rest = index;
    const at = counts.map((count) => {
      const coordinate = rest % count;
      rest = Math.floor(rest / count);
      return coordinate;
    });
    paths.add(relative(folder, array.chunkFile(at)).split(sep).join("/"));
  }
  return [...paths].map((path) => checkedPath(store, path));
}
