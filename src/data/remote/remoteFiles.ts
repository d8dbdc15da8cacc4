/** Lists the files behind an address: by the bucket's list, or by the metadata of its stores. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { openZarrArray } from "../../formats/zarr/array.js";
import { readMultiscales } from "../../formats/zarr/ome.js";
import { writeWhole } from "../../system/files.js";
import { limits } from "../../system/limits.js";
import { isMrcName } from "../volumeNames.js";
import { checkedPath, type RemoteAddress, urlBelow } from "./address.js";
import { checkMetadata, mostJsonBytes, namingAddress } from "./content.js";
import { downloadOptional } from "./download.js";
import { listBucket, type RemoteFile } from "./listing.js";
import { AbsentError, type RequestOptions, refused } from "./request.js";

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
  const files = bucket && (await listed({ ...address, bucket }, options));
  if (files !== undefined) {
    if (files.length === 0) throw refused(given, "nothing lies there; check bucket and prefix");
    return name.endsWith(".zarr") ? inName(files) : files;
  }
  if (name.endsWith(".zarr")) return inName(await storeFiles(url, options));
  if (named) return namedFiles(url, named, options);
  throw refused(
    given,
    `${bucket ? "this bucket lets nobody list its files (403)" : "this server does not say which files it has"}; give s3://…, one .zarr or .mrc, or name the runs: pickbench fetch URL --runs A,B --out DIR`,
  );
}

/** Lists a bucket; undefined where it lets nobody list it, which need not keep anyone from reading its files. */
async function listed(
  address: Parameters<typeof listBucket>[0],
  options: RequestOptions,
): Promise<RemoteFile[] | undefined> {
  try {
    return await listBucket(address, options);
  } catch (error) {
    if (error instanceof AbsentError) return undefined;
    throw error;
  }
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
      const text = await downloadOptional(urlBelow(url, path), { ...options, mostBytes: mostJsonBytes });
      if (!(text instanceof AbsentError)) files.push({ path, url: urlBelow(url, path) });
    }
  }
  return files;
}

/** Most levels of a store that are fetched; an image that is halved so often is one voxel. */
const mostLevels = 32;
const mostChunks = 1_000_000;

/**
 * Lists all files of an OME-Zarr store on a server that lists nothing: the metadata determine every chunk and shard.
 * Sizes are unknown. A server may answer 403 instead of 404 for what it does not have; chunks need not be there.
 *
 * @param store URL without a trailing slash
 * @throws PickbenchError BadDataset where the metadata is missing, refused or wrong
 */
export async function storeFiles(store: string, options: RequestOptions): Promise<RemoteFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "pickbench-store-"));
  try {
    return await namingAddress(folder, store, () => filesByMetadata(store, folder, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesByMetadata(
  store: string,
  folder: string,
  options: RequestOptions,
): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  /** Fetches a document; what is not there is returned as the error that says so. */
  const fetched = async (path: string): Promise<AbsentError | undefined> => {
    const url = urlBelow(store, path);
    const text = await downloadOptional(url, { ...options, mostBytes: limits.headerBytes.most });
    if (text instanceof AbsentError) return text;
    checkMetadata(url, text);
    await writeWhole(join(folder, path), text);
    files.push({ path, url });
    return undefined;
  };
  const absent = (await fetched("zarr.json")) && (await fetched(".zattrs"));
  if (absent !== undefined) throw absent;
  if (files.some(({ path }) => path === ".zattrs")) await fetched(".zgroup");
  const levels = [...new Set((await readMultiscales(folder)).levels.map(({ path }) => path))];
  if (levels.length > mostLevels)
    throw refused(store, `its metadata names ${levels.length} levels; at most ${mostLevels} are fetched`);
  for (const level of levels) {
    const inside = checkedPath(store, level);
    const missing = (await fetched(`${inside}/zarr.json`)) && (await fetched(`${inside}/.zarray`));
    if (missing !== undefined) throw missing;
    for (const path of await chunkPaths(store, folder, inside))
      files.push({ path, url: urlBelow(store, path), optional: true });
  }
  return files;
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
