/** Reading of manifests: the document, and the tables that it names, each checked by its hash. */
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { hashOf } from "../../system/files.js";
import { checkedName } from "../../system/paths/names.js";
import { readBytes } from "../../system/paths/opening.js";
import { isThere } from "../../system/paths/replacing.js";
import { checkedPath, isRemote } from "../remote/address.js";
import { mostJsonBytes } from "../remote/content.js";
import { downloadText } from "../remote/download.js";
import { redirectFault } from "../remote/redirects.js";
import { findSets, isFileSet } from "./fileSets.js";
import { checkedHash, type Resource, refusal, resourceSchema } from "./resource.js";
import { type Row, rowsOfCsv, type TableName, tables } from "./tables.js";

/** What a manifest says of a file. */
export interface FileFacts {
  /** Bytes, where it says so. */
  readonly size?: number;
  /** Hex. */
  readonly sha256?: string;
}

/** A manifest with its tables. */
export interface Manifest {
  /** Its path or address. */
  readonly place: string;
  /** Folder or address below which relative addresses lie, without a slash at its end. */
  readonly base: string;
  /** Hash of the document. */
  readonly hash: string;
  /** copick's pickable objects, where it has any. */
  readonly objects: unknown;
  readonly rows: Readonly<Record<"runs" | "tomograms" | "picks" | "segmentations", readonly Row[]>>;
  /** Files by their paths below the base; undefined where it names none singly. */
  readonly files: ReadonlyMap<string, FileFacts> | undefined;
  /** Sentences on what cannot be checked. */
  readonly notes: readonly string[];
}

const documentSchema = z.looseObject({
  conformsTo: z.union([z.string(), z.array(z.string())]),
  distribution: z.array(resourceSchema),
  "copick:baseUrl": z.string().nullish(),
  "copick:config": z.looseObject({ pickable_objects: z.unknown() }).nullish(),
});

/** Tells whether a JSON text calls itself a Croissant manifest. */
export const looksLikeManifest = (text: string): boolean =>
  text.includes('"@context"') && /mlcommons\.org\/croissant\/\d/.test(text);

/**
 * Reads a manifest and its tables. Everything in it is taken for untrusted: addresses are relative, https or s3; relative
 * ones have no `..`; those of a manifest on a server lead to no place nearer to this machine than the server is.
 *
 * @param place path or address of the document
 * @param text of the document
 * @throws PickbenchError BadDataset in one sentence for anything else, or a table of another hash
 */
export async function readManifest(place: string, text: string): Promise<Manifest> {
  const parsed = documentSchema.safeParse(parseJson(text, { path: place }));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(place, `${issue!.path.join(".") || "the document"}: ${issue!.message}`);
  }
  const { distribution, "copick:baseUrl": stated, "copick:config": config } = parsed.data;
  const files = distribution.filter(({ "@type": type = "" }) => /(?:^|[:/])FileObject$/.test(type));
  const found = new Map<TableName, readonly Row[]>();
  for (const name of ["runs", "tomograms", "picks", "segmentations", "files"] as const) {
    const resource = files.find(({ "@id": id }) => id === tables[name].id);
    if (resource) found.set(name, await tableOf(place, name, resource));
  }
  const single =
    found.has("tomograms") || found.has("picks")
      ? undefined
      : await filesOf(place, files, distribution, stated ?? undefined);
  const rows = single ? rowsOfPaths([...single.files.keys()]) : rowsFound(found);
  const sample = [...rows.tomograms, ...rows.picks][0]?.url;
  if (sample === undefined)
    throw refusal(
      place,
      "it names no tomogram and no picks, wanted copick's tables or files below ExperimentRuns/RUN/",
    );
  const table = found.get("files");
  return {
    ...{ place, hash: hashOf(text), rows, objects: config?.pickable_objects },
    base: single?.base ?? (await baseOf(place, stated ?? undefined, sample)),
    files: single?.files ?? (table && filesOfTable(place, table)),
    notes: single?.notes ?? [],
  };
}

const rowsFound = (found: ReadonlyMap<TableName, readonly Row[]>): Manifest["rows"] => ({
  runs: found.get("runs") ?? [],
  tomograms: found.get("tomograms") ?? [],
  picks: found.get("picks") ?? [],
  segmentations: found.get("segmentations") ?? [],
});

const needed: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  runs: ["name"],
  tomograms: ["run", "voxel_size", "tomo_type", "url"],
  picks: ["run", "user_id", "session_id", "object_name", "url"],
  segmentations: ["run", "voxel_size", "user_id", "session_id", "name", "is_multilabel", "url"],
  files: ["path", "size", "sha256"],
};

/** Reads a table: of a manifest here from its own folder, whatever address its file was published at. */
async function tableOf(place: string, name: TableName, { contentUrl, sha256 }: Resource): Promise<Row[]> {
  const given = contentUrl ?? tables[name].file;
  const file = given.slice(given.lastIndexOf("/") + 1);
  const path = isRemote(place)
    ? await followed(place, new URL(given, place).href)
    : join(dirname(place), checkedName(file, { what: "table", path: place }));
  const bytes = isRemote(place)
    ? Buffer.from(await downloadText(path, { mostBytes: mostJsonBytes }))
    : await readBytes(path).catch(() => undefined);
  if (bytes === undefined) throw refusal(place, `its table ${file} does not lie beside it; bring both`);
  if (sha256 !== undefined && hashOf(bytes) !== sha256.toLowerCase())
    throw refusal(path, `its SHA-256 is not that of ${place}; bring both anew, or write the manifest anew`);
  return rowsOfCsv(path, bytes.toString(), needed[name] ?? []);
}

/** Returns an address that a manifest on a server may lead to. @throws PickbenchError BadDataset for another */
export async function followed(place: string, address: string): Promise<string> {
  if (!isRemote(address)) throw refusal(place, `it leads to ${address}, wanted https:// or s3://`);
  if (!isRemote(place) || /^s3:/i.test(address)) return address;
  const fault = await redirectFault(new URL(place), new URL(address));
  if (fault === undefined) return address;
  throw refusal(place, `it leads to ${address}, ${fault}`);
}

/** Files of the table of files, by their paths. @throws PickbenchError BadDataset for a row that names none in the base */
const filesOfTable = (place: string, table: readonly Row[]): Map<string, FileFacts> =>
  new Map(
    table.map(({ path = "", size, sha256 }) => {
      if (size && !/^\d+$/.test(size))
        throw refusal(place, `the size of ${path} is ${size}, wanted bytes; write the manifest anew`);
      return [checkedPath(place, path), factsOf(size || undefined, checkedHash(place, path, sha256))];
    }),
  );

const factsOf = (size: string | undefined, sha256: string | undefined): FileFacts => ({
  ...(size === undefined ? {} : { size: Number(size) }),
  ...(sha256 === undefined ? {} : { sha256 }),
});

interface SingleFiles {
  readonly files: ReadonlyMap<string, FileFacts>;
  /** Set where patterns were searched for in it. */
  readonly base?: string;
  readonly notes: readonly string[];
}

/** Files that a manifest without copick's tables names: one by one, by their relative addresses, and by patterns. */
async function filesOf(
  place: string,
  objects: readonly Resource[],
  all: readonly Resource[],
  stated: string | undefined,
): Promise<SingleFiles> {
  const files = new Map<string, FileFacts>();
  for (const { contentUrl, contentSize, sha256 } of objects) {
    if (contentUrl === undefined || isRemote(contentUrl) || contentUrl.endsWith("/")) continue;
    const size = /^\s*(\d+)\s*(?:B|bytes)?\s*$/i.exec(String(contentSize ?? ""))?.[1];
    const path = checkedPath(place, contentUrl.replace(/^\.\//, ""));
    files.set(path, factsOf(size, checkedHash(place, path, sha256)));
  }
  if (!all.some(isFileSet)) return { files, notes: [] };
  if (isRemote(place))
    throw refusal(
      place,
      "it names files by a FileSet, whose patterns no server answers; name them one by one",
    );
  const own = dirname(resolve(place));
  const [first] = files.keys();
  const alone = basename(own) === "Croissant" ? dirname(own) : own;
  const base = first === undefined ? alone : await baseOf(place, stated, first);
  const sets = await findSets(place, base, all);
  for (const path of sets.paths) if (!files.has(path)) files.set(path, {});
  return { files, base, notes: sets.notes };
}

const storePath = /^(?:.*\/)?ExperimentRuns\/([^/]+)\/VoxelSpacing([\d.]+)\/([^/]+)\.zarr(?=\/)/;
const picksPath = /^(?:.*\/)?ExperimentRuns\/([^/]+)\/Picks\/(?:([^/_]+)_([^/_]+)_)?([^/]+)\.json$/;

/** Rows of tomograms and picks by the paths of copick's tree. */
function rowsOfPaths(paths: readonly string[]): Manifest["rows"] {
  const tomograms = new Map<string, Row>();
  const picks: Row[] = [];
  for (const path of paths) {
    const [url, run, spacing, type] = storePath.exec(path) ?? [];
    if (url !== undefined) tomograms.set(url, { run: run!, voxel_size: spacing!, tomo_type: type!, url });
    const [, ofRun, user = "", session = "", object] = picksPath.exec(path) ?? [];
    if (object !== undefined)
      picks.push({ run: ofRun!, user_id: user, session_id: session, object_name: object, url: path });
  }
  return { runs: [], tomograms: [...tomograms.values()], picks, segmentations: [] };
}

/**
 * Returns the base of relative addresses: of a manifest here its data where they lie beside its folder, else what it
 * states; of one on a server what it states, else the folder around its own.
 */
async function baseOf(place: string, stated: string | undefined, sample: string): Promise<string> {
  const trimmed = stated?.replace(/\/+$/, "");
  if (isRemote(place)) {
    const own = new URL("..", place).href.replace(/\/+$/, "");
    return trimmed === undefined || trimmed === "" ? own : followed(place, trimmed);
  }
  const around = dirname(dirname(resolve(place)));
  const isHere = !isRemote(sample) && (await isThere(join(around, checkedPath(place, sample))));
  if (isHere || trimmed === undefined || trimmed === "") return around;
  if (isRemote(trimmed)) return trimmed;
  const folder = resolve(around, trimmed.replace(/^(?:file|local):\/\//, ""));
  const below = relative(around, folder);
  if (below.split(/[/\\]/)[0] !== ".." && !isAbsolute(below)) return folder;
  throw refusal(
    place,
    `its copick:baseUrl ${trimmed} lies outside of ${around}; put the manifest's folder into that of the data, or take copick:baseUrl out`,
  );
}
