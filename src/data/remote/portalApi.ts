/** Search and file lists of the CryoET Data Portal, by its GraphQL API. */
import { z } from "zod";
import { checkLimit } from "../../system/limits.js";
import { checkedPath } from "./address.js";
import { downloadOptional, downloadText } from "./download.js";
import { answerOf, jsonOf, type RemoteFile } from "./listing.js";
import { redirectFault } from "./redirects.js";
import { storeFiles } from "./remoteFiles.js";
import { AbsentError, type RequestOptions, refused, withoutUser } from "./request.js";

/**
 * URL of the CryoET Data Portal's GraphQL API, whose schema lies in its Python client
 * (cryoet_data_portal/data/schema.graphql).
 */
export const portalApi = "https://graphql.cryoetdataportal.czscience.com/graphql";

const mostAnswerBytes = 2 ** 26;
const perPage = 500;

interface Api extends RequestOptions {
  readonly url: string;
}

/** Queries all rows of a list, page by page. @throws PickbenchError BadDataset where the answer has another schema */
async function rowsOf<T extends { readonly id?: number | undefined }>(
  api: Api,
  list: { readonly field: string; readonly clause: string; readonly fields: string; readonly where: unknown },
  row: z.ZodType<T>,
  most = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const query = `query ($where: ${list.clause}, $page: LimitOffsetClause) { ${list.field}(where: $where, orderBy: [{ id: asc }], limitOffset: $page) { ${list.fields} } }`;
  const rows: T[] = [];
  const ids = new Set<number>();
  let last: string | undefined;
  for (;;) {
    const limit = Math.min(perPage, most - rows.length);
    const variables = { where: list.where, page: { limit, offset: rows.length } };
    const text = await downloadText(api.url, {
      ...api,
      mostBytes: mostAnswerBytes,
      body: JSON.stringify({ query, variables }),
    });
    const page = rowsIn(api.url, text, list.field, row);
    const isKnown = page.some(({ id }) => id !== undefined && ids.has(id));
    for (const { id } of page) if (id !== undefined) ids.add(id);
    rows.push(...page);
    if (isKnown || (text === last && page.length > 0))
      throw refused(api.url, `its list of ${list.field} comes round again; try again later`);
    if (page.length < limit || rows.length >= most) return rows.slice(0, most);
    checkLimit("portalRows", rows.length, { what: `${api.url}: the list of ${list.field}`, path: api.url });
    last = text;
  }
}

const errorsSchema = z.looseObject({ errors: z.array(z.looseObject({ message: z.string() })).min(1) });

function rowsIn<T>(url: string, text: string, field: string, row: z.ZodType<T>): T[] {
  const answer = jsonOf(url, text, "the portal's GraphQL API");
  const errors = errorsSchema.safeParse(answer);
  if (errors.success)
    throw refused(
      url,
      `refuses the question: ${errors.data.errors[0]!.message.split("\n")[0]!.slice(0, 200)}`,
    );
  const schema = z.looseObject({ data: z.looseObject({ [field]: z.array(row) }) });
  return answerOf(url, answer, schema).data[field] as T[];
}

const datasetSchema = z.object({
  id: z.number().int(),
  title: z.string(),
  organismName: z.string().nullish(),
  fileSize: z.number().nullish(),
});

type PortalDataset = z.infer<typeof datasetSchema>;

/** Search for datasets; all given conditions must hold. */
interface PortalSearch {
  readonly dataset?: number | undefined;
  /** Part of the organism's name. */
  readonly organism?: string | undefined;
  /** Part of an annotated object's name. */
  readonly object?: string | undefined;
  readonly limit: number;
}

/** Finds the datasets that match all of a search, by number. */
export async function findDatasets(api: Api, search: PortalSearch): Promise<PortalDataset[]> {
  const like = (part: string) => ({ _ilike: `%${part.replace(/[\\%_]/g, "\\$&")}%` });
  const where = {
    ...(search.dataset === undefined ? {} : { id: { _eq: search.dataset } }),
    ...(search.organism === undefined ? {} : { organismName: like(search.organism) }),
    ...(search.object === undefined ? {} : { runs: { annotations: { objectName: like(search.object) } } }),
  };
  const fields = "id title organismName fileSize";
  const list = { field: "datasets", clause: "DatasetWhereClause", fields, where };
  return (await rowsOf(api, list, datasetSchema, search.limit)).sort((a, b) => a.id - b.id);
}

/** The wanted parts of a dataset. */
interface PortalWish {
  readonly dataset: number;
  /** Names of runs; all if absent. */
  readonly runs?: readonly string[] | undefined;
  /** Tomogram types: the processing (`denoised`), or for raw tomograms the method (`wbp`); all if absent. */
  readonly tomoTypes?: readonly string[] | undefined;
  readonly annotations: "ground-truth" | "all";
}

const runSchema = z.object({ id: z.number().int(), name: z.string() });
const tomogramSchema = z.object({
  id: z.number().int().optional(),
  processing: z.string(),
  reconstructionMethod: z.string(),
  httpsOmezarrDir: z.url({ protocol: /^https?$/ }).nullish(),
});
const annotationFileSchema = z.object({
  id: z.number().int().optional(),
  httpsPath: z.url({ protocol: /^https?$/ }),
  annotationShape: z.object({
    annotation: z.object({
      httpsMetadataPath: z.url({ protocol: /^https?$/ }),
    }),
  }),
});

/**
 * Lists the files of a dataset's runs in the portal's own layout, `RUN/Reconstructions/VoxelSpacing…`: OME-Zarr stores,
 * points of the annotations, and the metadata of both.
 *
 * @throws PickbenchError BadDataset where there is no such dataset, run or type
 */
export async function portalFiles(api: Api, wish: PortalWish): Promise<RemoteFile[]> {
  const runs = await wantedRuns(api, wish);
  const files = new Map<string, RemoteFile>();
  for (const run of runs) {
    const stores = await storesOf(api, run, wish.tomoTypes);
    const points = await pointsOf(api, run, wish.annotations);
    for (const url of [...stores, ...points]) await checkPlace(api.url, url);
    const place = (url: string): string => placeOf(api.url, run.name, url);
    for (const store of stores) {
      const beside = `${store.slice(0, store.lastIndexOf("/"))}/tomogram_metadata.json`;
      const text = await downloadOptional(beside, { ...api, mostBytes: mostAnswerBytes });
      if (!(text instanceof AbsentError)) files.set(place(beside), { path: place(beside), url: beside });
      for (const file of await storeFiles(store, api))
        files.set(`${place(store)}/${file.path}`, { ...file, path: `${place(store)}/${file.path}` });
    }
    for (const url of points) files.set(place(url), { path: place(url), url });
  }
  return [...files.values()];
}

async function wantedRuns(
  api: Api,
  { dataset, runs: names }: PortalWish,
): Promise<z.infer<typeof runSchema>[]> {
  const where = { datasetId: { _eq: dataset }, ...(names ? { name: { _in: names } } : {}) };
  const runs = await rowsOf(
    api,
    { field: "runs", clause: "RunWhereClause", fields: "id name", where },
    runSchema,
  );
  const missing = (names ?? []).filter((name) => !runs.some((run) => run.name === name));
  if (runs.length === 0 || missing.length > 0)
    throw refused(
      api.url,
      `dataset ${dataset} has no ${missing.length > 0 ? `run ${missing.join(", ")}` : "runs"}; look with pickbench portal find`,
    );
  for (const { name } of runs) checkedPath(api.url, name);
  return runs;
}

async function storesOf(
  api: Api,
  run: z.infer<typeof runSchema>,
  tomoTypes: PortalWish["tomoTypes"],
): Promise<string[]> {
  const fields = "id processing reconstructionMethod httpsOmezarrDir";
  const list = {
    field: "tomograms",
    clause: "TomogramWhereClause",
    fields,
    where: { runId: { _eq: run.id } },
  };
  const tomograms = (await rowsOf(api, list, tomogramSchema)).map((tomogram) => ({
    ...tomogram,
    type: (tomogram.processing === "raw" ? tomogram.reconstructionMethod : tomogram.processing).toLowerCase(),
  }));
  const known = new Set(tomograms.map(({ type }) => type));
  const missing = tomoTypes?.find((name) => !known.has(name.toLowerCase()));
  if (missing !== undefined && known.size > 0)
    throw refused(api.url, `run ${run.name} has no tomogram ${missing}; there is ${[...known].join(", ")}`);
  const asked = tomoTypes && new Set(tomoTypes.map((name) => name.toLowerCase()));
  const wanted = tomograms.filter(({ type }) => asked === undefined || asked.has(type));
  return wanted.flatMap(({ httpsOmezarrDir: store }) => (store ? [store.replace(/\/+$/, "")] : []));
}

async function pointsOf(
  api: Api,
  run: z.infer<typeof runSchema>,
  which: PortalWish["annotations"],
): Promise<string[]> {
  const annotation = {
    runId: { _eq: run.id },
    ...(which === "all" ? {} : { groundTruthStatus: { _eq: true } }),
  };
  const where = { format: { _eq: "ndjson" }, annotationShape: { annotation } };
  const fields = "id httpsPath annotationShape { annotation { httpsMetadataPath } }";
  const list = { field: "annotationFiles", clause: "AnnotationFileWhereClause", fields, where };
  const rows = await rowsOf(api, list, annotationFileSchema);
  return rows.flatMap(({ httpsPath, annotationShape: { annotation: about } }) => [
    about.httpsMetadataPath,
    httpsPath,
  ]);
}

/** @throws PickbenchError BadDataset where the API names an address that a redirect may not lead to either */
async function checkPlace(api: string, url: string): Promise<void> {
  const fault = await redirectFault(new URL(api), new URL(url));
  if (fault !== undefined) throw refused(api, `names ${withoutUser(new URL(url))}, ${fault}`);
}

/** Returns a URL's path from `RUN/Reconstructions/…` on. @throws PickbenchError BadDataset where it lies elsewhere */
function placeOf(api: string, run: string, url: string): string {
  const path = urlPath(api, url);
  const at = path.indexOf(`/${run}/Reconstructions/`);
  if (at >= 0) return checkedPath(api, path.slice(at + 1));
  throw refused(
    api,
    `names ${url}, which is not below ${run}/Reconstructions; the portal's layout may have changed`,
  );
}

function urlPath(api: string, url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    throw refused(api, `names ${url}, in which a % begins no encoded character`);
  }
}
