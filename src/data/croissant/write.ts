/** Writing of manifests: a JSON-LD document and the tables beside it. */
import { join, relative } from "node:path";
import { hashOf, writeWhole } from "../../system/files.js";
import { slashed } from "../../system/paths/home.js";
import { copickObjects } from "../layouts/copickProject.js";
import { dataManifest } from "../manifest.js";
import type { Dataset } from "../model.js";
import { listPicks } from "../picks.js";
import { csvOf, type Row, type Table, type TableName, tableNames, tables } from "./tables.js";

/** What is said of the data set as a whole. */
interface ManifestFacts {
  readonly name: string;
  readonly description: string;
  /** Name or address of the licence. */
  readonly license: string;
  readonly creator: string;
  /** Day of publication, YYYY-MM-DD. */
  readonly date: string;
  readonly version: string;
  /** Address at which the data set's folder can be had; none where it is found from the manifest's place. */
  readonly url?: string | undefined;
  /** Splits of runs by name. */
  readonly splits: ReadonlyMap<string, string>;
}

/** Names of Croissant 1.1 and of copick that the document uses, by their full addresses. */
const context = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  sc: "https://schema.org/",
  cr: "http://mlcommons.org/croissant/",
  dct: "http://purl.org/dc/terms/",
  copick: "https://copick.org/schema/",
  conformsTo: "dct:conformsTo",
  ...Object.fromEntries(
    [
      ...["citeAs", "column", "containedIn", "extract", "field", "fileObject", "fileProperty", "fileSet"],
      ...["format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path"],
      ...["recordSet", "references", "regex", "repeated", "replace", "separator", "source", "subField"],
      "transform",
    ].map((name) => [name, `cr:${name}`]),
  ),
  data: { "@id": "cr:data", "@type": "@json" },
  examples: { "@id": "cr:examples", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  "copick:config": { "@id": "copick:config", "@type": "@json" },
};

/** MLCommons' definitions of splits by the names that people give them. */
const splitMeanings: Readonly<Record<string, string>> = {
  train: "https://mlcommons.org/definitions/training_split",
  val: "https://mlcommons.org/definitions/validation_split",
  validation: "https://mlcommons.org/definitions/validation_split",
  tune: "https://mlcommons.org/definitions/validation_split",
  test: "https://mlcommons.org/definitions/test_split",
  holdout: "https://mlcommons.org/definitions/test_split",
};

/** What a manifest was made of. */
interface WrittenManifest {
  readonly runs: number;
  readonly tomograms: number;
  readonly picks: number;
  readonly segmentations: number;
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

/** Names of the files of a manifest, the document last. */
export const manifestFiles = (document: string): string[] => [
  ...tableNames.map((name) => tables[name].file),
  document,
];

/**
 * Writes a data set in copick's layout as a manifest, with the SHA-256 of every file of its runs. The document is written
 * last, so that there is never one whose tables are missing.
 *
 * @param base folder that the data set's roots lie in
 * @param place folder of the manifest, and the document's name in it
 */
export async function writeManifest(
  dataset: Dataset,
  base: string,
  { folder, document }: { readonly folder: string; readonly document: string },
  facts: ManifestFacts,
): Promise<WrittenManifest> {
  const rows = await rowsOfData(dataset, base, facts.splits);
  const texts = new Map(tableNames.map((name) => [name, csvOf(tables[name], rows[name])]));
  const below = slashed(relative(base, folder));
  const addressOf = (file: string) => (facts.url === undefined ? file : `${facts.url}/${below}/${file}`);
  const written = documentOf(dataset, facts, texts, addressOf);
  for (const [name, text] of texts) await writeWhole(join(folder, tables[name].file), text);
  await writeWhole(join(folder, document), `${JSON.stringify(written, null, 2)}\n`);
  return {
    runs: rows.runs.length,
    tomograms: rows.tomograms.length,
    picks: rows.picks.length,
    segmentations: rows.segmentations.length,
    files: rows.files.length,
    bytes: rows.files.reduce((sum, { size }) => sum + Number(size), 0),
  };
}

async function rowsOfData(
  dataset: Dataset,
  base: string,
  splits: ReadonlyMap<string, string>,
): Promise<Record<TableName, Row[]>> {
  const urlOf = (path: string) => slashed(relative(base, path));
  const names = dataset.runs.map(({ name }) => name);
  const entries = await dataManifest(dataset, names, { hash: true });
  const hashes = new Map(entries.map(({ path, sha256 = "" }) => [path, sha256]));
  const rows: Record<TableName, Row[]> = {
    ...{ runs: [], voxelSpacings: [], tomograms: [], features: [], picks: [], meshes: [] },
    ...{ segmentations: [], objects: [] },
    files: entries.map(({ path, size, sha256 = "" }) => ({ path, size: String(size), sha256 })),
  };
  for (const run of dataset.runs) {
    rows.runs.push({ name: run.name, split: splits.get(run.name) ?? "" });
    const { tomograms, segmentations = [] } = run;
    const spacings = [...tomograms, ...segmentations].map(({ voxelSpacing }) => voxelSpacing ?? 0);
    for (const spacing of [...new Set(spacings)].sort((a, b) => a - b))
      rows.voxelSpacings.push({ run: run.name, voxel_size: String(spacing) });
    for (const { tomoType, path, voxelSpacing = 0 } of tomograms)
      rows.tomograms.push({
        ...{ run: run.name, voxel_size: String(voxelSpacing), tomo_type: tomoType, url: urlOf(path) },
      });
    for (const { name, path, userId, sessionId, voxelSpacing, isMultilabel } of segmentations)
      rows.segmentations.push({
        ...{ run: run.name, voxel_size: String(voxelSpacing), user_id: userId, session_id: sessionId },
        ...{ name, is_multilabel: String(isMultilabel), url: urlOf(path) },
      });
    for (const { name } of dataset.particles)
      for (const { path, userId = "", sessionId = "" } of await listPicks(dataset, run.name, name)) {
        const url = urlOf(path);
        const sha256 = hashes.get(url) ?? "";
        rows.picks.push({
          ...{ run: run.name, user_id: userId, session_id: sessionId, object_name: name, url, sha256 },
        });
      }
  }
  return rows;
}

function documentOf(
  dataset: Dataset,
  facts: ManifestFacts,
  texts: ReadonlyMap<TableName, string>,
  addressOf: (file: string) => string,
): Record<string, unknown> {
  const { name, description, license, creator, date, version, url, splits } = facts;
  const used = [...new Set(splits.values())].sort();
  return {
    "@context": context,
    "@type": "sc:Dataset",
    ...{ name, description, conformsTo: "http://mlcommons.org/croissant/1.1", license },
    ...(url === undefined ? {} : { url }),
    creator: { "@type": "sc:Person", name: creator },
    ...{ datePublished: date, version },
    ...(url === undefined ? {} : { "copick:baseUrl": url }),
    "copick:config": { name, description, version, pickable_objects: copickObjects(dataset.particles) },
    distribution: [...texts].map(([table, text]) => ({
      "@type": "cr:FileObject",
      "@id": tables[table].id,
      name: tables[table].id,
      contentUrl: addressOf(tables[table].file),
      contentSize: `${Buffer.byteLength(text)} B`,
      encodingFormat: "text/csv",
      sha256: hashOf(text),
    })),
    recordSet: [
      ...tableNames.map((table) => recordSetOf(tables[table], used.length > 0)),
      ...(used.length > 0 ? [splitsOf(used)] : []),
    ],
  };
}

const splitsId = "copick/splits";

function recordSetOf({ record, id, columns }: Table, hasSplits: boolean): Record<string, unknown> {
  return {
    "@type": "cr:RecordSet",
    "@id": record,
    name: record.slice(record.indexOf("/") + 1),
    field: Object.entries(columns).map(([column, dataType]) => ({
      "@type": "cr:Field",
      "@id": `${record}/${column}`,
      name: column,
      dataType,
      source: { fileObject: { "@id": id }, extract: { column } },
      ...(hasSplits && record === tables.runs.record && column === "split"
        ? { references: { field: { "@id": `${splitsId}/name` } } }
        : {}),
    })),
  };
}

const splitsOf = (names: readonly string[]): Record<string, unknown> => ({
  "@type": "cr:RecordSet",
  "@id": splitsId,
  name: "splits",
  dataType: "cr:Split",
  key: { "@id": `${splitsId}/name` },
  field: [
    { "@type": "cr:Field", "@id": `${splitsId}/name`, name: "name", dataType: "sc:Text" },
    { "@type": "cr:Field", "@id": `${splitsId}/url`, name: "url", dataType: "sc:URL" },
  ],
  data: names.map((name) => ({
    [`${splitsId}/name`]: name,
    [`${splitsId}/url`]: splitMeanings[name.toLowerCase()] ?? "",
  })),
});
