/** Data of a manifest on servers: the files behind its rows, mirrored in the cache under copick's names. */
import { PickbenchError } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import type { DataAccess } from "../model.js";
import { isRemote, parseAddress, urlBelow } from "../remote/address.js";
import type { RemoteFile } from "../remote/listing.js";
import { openListed } from "../remote/mirror.js";
import { remoteFiles } from "../remote/remoteFiles.js";
import { followed, type Manifest } from "./read.js";
import { refusal } from "./resource.js";
import { type Placed, placesOf } from "./rows.js";

/** A mirror, and what lies in it under which path. */
interface MirroredManifest {
  /** Folder that holds the tree, and the overlay. */
  readonly folder: string;
  readonly tree: string;
  readonly placed: Placed;
}

/**
 * Mirrors the data of a manifest: picks and metadata at once, voxels when they are read. Hashes and sizes that it states are
 * what files must have.
 *
 * @throws PickbenchError BadDataset where an address is none that may be followed, or nothing can be had
 */
export async function mirrorManifest(manifest: Manifest, access: DataAccess): Promise<MirroredManifest> {
  const { place, base, hash } = manifest;
  const placed = placesOf(manifest, "copick");
  const key = hashOf(`${place} ${base} ${hash}`);
  const list = async () => {
    const files: RemoteFile[] = [];
    for (const row of placed.all) files.push(...(await filesOf(manifest, row, access)));
    return files;
  };
  const mirror = await openListed(key, { given: place, address: base, list }, access);
  return { ...mirror, placed };
}

/** Lists the files of a row: those that the manifest names, else what the server says. */
async function filesOf(
  { place, base, files }: Manifest,
  { url, path, isStore, sha256 }: Placed["all"][number],
  { reporter }: DataAccess,
): Promise<RemoteFile[]> {
  const given = isRemote(url) ? await followed(place, url) : url;
  if (!isRemote(given) && !isRemote(base))
    throw refusal(
      place,
      `${url} does not lie beside it, while other data lie on servers; bring all, or none`,
    );
  const addressOf = (below: string) => serverUrl(isRemote(below) ? below : urlBelow(base, below));
  if (!isStore) {
    const facts = files?.get(url);
    const known = sha256 || facts?.sha256;
    return [
      {
        path,
        url: addressOf(given),
        ...(facts?.size ? { size: facts.size } : {}),
        ...(known ? { sha256: known } : {}),
      },
    ];
  }
  const named = [...(files ?? [])].filter(([file]) => file.startsWith(`${url}/`));
  if (named.length > 0)
    return named.map(([file, facts]) => ({
      path: `${path}${file.slice(url.length)}`,
      url: addressOf(file),
      ...facts,
    }));
  const store = isRemote(given) ? given : `${base}/${given}`;
  const found = await remoteFiles(parseAddress(store), { signal: reporter.signal });
  return found.map((file) => ({ ...file, path: `${path}${file.path.slice(file.path.indexOf("/"))}` }));
}

/** Returns the https address of one that may be a bucket's. */
function serverUrl(address: string): string {
  if (!/^s3:/i.test(address)) return address;
  try {
    return parseAddress(address).url;
  } catch (error) {
    throw new PickbenchError("BadDataset", `${address}: no address of a file`, {
      path: address,
      cause: error,
    });
  }
}
