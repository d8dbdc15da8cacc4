import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { writeWhole } from "../../files.js";
import { readMultiscales } from "../omeMetadata.js";
import { openZarrArray } from "../zarrArray.js";
import { checkedPath, urlBelow } from "./address.js";
import { downloadText } from "./download.js";
import type { RemoteFile } from "./listing.js";
import { notThere, type RequestOptions, refused } from "./request.js";

const mostMetadataBytes = 2 ** 24;
const mostChunks = 1_000_000;

/**
 * All files of an OME-Zarr store on a server that lists nothing: the metadata name every chunk and shard. Sizes are not
 * known.
 *
 * @param store its address, without a slash at the end
 * @throws BadDataset where there is no metadata, or it is wrong
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

/** Of one level; chunks that share a shard have one path. */
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
