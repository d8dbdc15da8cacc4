/** Local mirrors of data on servers. The room `remote` lists, fetches and caches remote data sets. */
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { hashOf, writeWhole } from "../../system/files.js";
import { addressPath, cacheFolder, mirroredAt, treeName } from "../../system/paths/cacheFolder.js";
import { readText } from "../../system/paths/opening.js";
import type { Reporter } from "../../system/reporter.js";
import type { DataAccess } from "../model.js";
import { isMrcName, isVolumeName } from "../volumeNames.js";
import { accessFor } from "./access.js";
import { parseAddress, type RemoteAddress } from "./address.js";
import { isZarrMetadata } from "./content.js";
import { type Destination, fetchFiles } from "./fetchFiles.js";
import type { RemoteFile } from "./listing.js";
import { remoteFiles } from "./remoteFiles.js";
import { refused } from "./request.js";

const destinationOf = (mirror: string): Destination => ({
  folder: join(mirror, treeName),
  ledger: join(mirror, "fetched.jsonl"),
  partials: join(mirror, "partial"),
});
const listPath = (mirror: string): string => join(mirror, "files.json");

/** A server's folder, mirrored in the cache. */
interface Mirror {
  /** Folder that holds `static/`, the tree below the address. */
  readonly folder: string;
  readonly tree: string;
  /** Names at the top of the tree. */
  readonly names: readonly string[];
}

/**
 * Fetches what describes the data behind an address: the list of files, all metadata and all picks. Voxels of stores are
 * fetched when a tomogram is opened (`ensureLocal`); MRC files in folders below are not. Without a connection the last
 * list counts.
 *
 * @param given `https://…` or `s3://…`
 * @throws BadDataset where nothing can be had
 * @throws Stopped when the user asks to stop
 */
export function openMirror(given: string, access: DataAccess): Promise<Mirror> {
  const { reporter } = access;
  const address = parseAddress(given);
  const folder = join(cacheFolder(), hashOf(address.url).slice(0, 24));
  return reporter.stoppable("file", async () => {
    const files = await listed(folder, () => remoteFiles(address, { signal: reporter.signal }), reporter);
    await writeWhole(addressPath(folder), treeAddress(address));
    const small = files.filter(({ path }) => isListing(path));
    if (small.length === 0)
      throw refused(given, "no OME-Zarr stores and no picks lie there; point to the folder that holds them");
    await fetchFiles(small, destinationOf(folder), { access, label: `metadata of ${given}` });
    const names = [...new Set(files.map(({ path }) => path.split("/")[0]!))];
    return { folder, tree: join(folder, treeName), names };
  });
}

/** Files of a mirror that something else than their server names. */
interface ListedFiles {
  /** As the user gave it, for messages. */
  readonly given: string;
  /** Of the tree's files. */
  readonly address: string;
  /** Names them; asked once for each key. */
  readonly list: () => Promise<readonly RemoteFile[]>;
}

/**
 * Fetches what describes data that are listed elsewhere, as `openMirror` does. The list is kept.
 *
 * @param key of the mirror: another one for another list
 * @throws BadDataset, Stopped as `openMirror`
 */
export function openListed(
  key: string,
  { given, address, list }: ListedFiles,
  access: DataAccess,
): Promise<Pick<Mirror, "folder" | "tree">> {
  const folder = join(cacheFolder(), key.slice(0, 24));
  return access.reporter.stoppable("file", async () => {
    const kept = await keptList(folder);
    const files = kept ?? (await list());
    if (!kept) await writeWhole(listPath(folder), JSON.stringify(files));
    await writeWhole(addressPath(folder), address);
    const small = files.filter(({ path }) => isListing(path));
    await fetchFiles(small, destinationOf(folder), { access, label: `metadata of ${given}` });
    return { folder, tree: join(folder, treeName) };
  });
}

/** Returns the address of a mirror's tree: that of the folder around a lone store or MRC file. */
function treeAddress({ given }: RemoteAddress): string {
  const plain = given.replace(/\/+$/, "");
  const at = plain.lastIndexOf("/");
  return isVolumeName(plain.slice(at + 1)) ? plain.slice(0, at) : plain;
}

/** Mirrors an address and returns the local path that `openDataset` opens in its place. */
export async function mirroredData(given: string, access: DataAccess): Promise<string> {
  const { folder, tree, names } = await openMirror(given, access);
  const [only] = names;
  if (names.includes("ExperimentRuns")) return folder;
  return only !== undefined && names.length === 1 && isVolumeName(only) ? join(tree, only) : tree;
}

/**
 * Tells whether `openDataset` needs a file for listing: metadata of stores, picks, other JSON, and MRC files at the
 * top.
 */
function isListing(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return isZarrMetadata(path) || (path === name && isMrcName(name)) || /\.(json|ndjson)$/.test(name);
}

const listSchema = z.array(
  z.object({
    path: z.string(),
    url: z.string(),
    size: z.number().optional(),
    etag: z.string().optional(),
    sha256: z.string().optional(),
    optional: z.boolean().optional(),
  }),
);

async function listed(
  mirror: string,
  list: () => Promise<RemoteFile[]>,
  reporter: Reporter,
): Promise<RemoteFile[]> {
  let files: RemoteFile[];
  try {
    files = await list();
  } catch (error) {
    const kept = isPickbenchError(error, "BadDataset") ? await keptList(mirror, error) : undefined;
    if (kept === undefined) throw error;
    reporter.note(`${messageOf(error)}\nusing what was fetched before`);
    return kept;
  }
  await writeWhole(listPath(mirror), JSON.stringify(files));
  return files;
}

/**
 * Reads the list of a mirror's files; undefined where there is none.
 *
 * @param why the error for which it is needed
 * @throws PickbenchError BadDataset where it cannot be read
 */
async function keptList(mirror: string, why?: Error): Promise<RemoteFile[] | undefined> {
  const path = listPath(mirror);
  try {
    return parsedList(await readText(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const fault = error instanceof SyntaxError || error instanceof z.ZodError ? "damaged" : messageOf(error);
    throw new PickbenchError(
      "BadDataset",
      `${why === undefined ? "" : `${why.message}; `}the list of what was fetched before, ${path}, cannot be read (${fault}): remove it and open the address again`,
      { path, cause: error },
    );
  }
}

const parsedList = (text: string): RemoteFile[] =>
  listSchema.parse(JSON.parse(text)).map(({ path, url, size, etag, sha256, optional }) => ({
    path,
    url,
    ...(size === undefined ? {} : { size }),
    ...(etag === undefined ? {} : { etag }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(optional === undefined ? {} : { optional }),
  }));

/** Tells whether a path lies in a mirror, so that reading it may fetch it. */
export const isMirrored = (path: string): boolean => {
  const below = relative(cacheFolder(), resolve(path));
  return below !== "" && !isAbsolute(below) && below.split(sep)[0] !== "..";
};

/**
 * Brings a mirror's file, or all files below a folder of it, here and checks what is here by its hash; anything that lies
 * in no mirror is left alone.
 *
 * @param access of the data set that the file belongs to; silent if absent
 * @param isWanted takes a file by its full path
 * @throws BadDataset where a file cannot be had
 * @throws Stopped when the user asks to stop
 */
export async function ensureLocal(
  path: string,
  access: DataAccess = accessFor(),
  isWanted?: (path: string) => boolean,
): Promise<void> {
  const mirrored = mirroredAt(path);
  if (mirrored === undefined) return;
  const { mirror, inside } = mirrored;
  const wanted = inside.join("/");
  const destination = destinationOf(mirror);
  const files = ((await keptList(mirror)) ?? []).filter(
    ({ path: file }) =>
      (wanted === "" || file === wanted || file.startsWith(`${wanted}/`)) &&
      (isWanted?.(join(destination.folder, file)) ?? true),
  );
  const label = `fetching ${inside.slice(-3).join("/")}`;
  await access.reporter.stoppable("file", () => fetchFiles(files, destination, { access, label }));
}
