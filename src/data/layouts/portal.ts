/** The CryoET Data Portal's layout of downloaded runs: tomograms and annotations. */
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { parseJson, readIfThere } from "../../formats/zarr/omeDocument.js";
import { isSidecar } from "../../system/paths/sidecar.js";
import type { PortalAnnotation, Run, SegmentationRef, TomogramRef } from "../model.js";
import { namesIn, tellsType, volumeStem, volumesIn, voxelSpacingOf } from "../volumeNames.js";

const reconstructions = "Reconstructions";

/**
 * Lists the runs of a downloaded portal dataset, or the single run that a folder is:
 * `RUN/Reconstructions/VoxelSpacing…/{Tomograms/ID/NAME.zarr, Annotations/ID/OBJECT-VERSION.json}`.
 *
 * @throws PickbenchError BadDataset where metadata is broken
 */
export async function portalRuns(folder: string): Promise<Run[]> {
  if ((await namesIn(join(folder, reconstructions))).length > 0) return [await portalRun(folder)];
  const runs: Run[] = [];
  for (const name of await namesIn(folder)) {
    const inside = join(folder, name);
    if ((await namesIn(join(inside, reconstructions))).length > 0) runs.push(await portalRun(inside));
  }
  return runs;
}

async function portalRun(folder: string): Promise<Run> {
  const name = basename(folder);
  const tomograms: TomogramRef[] = [];
  const annotations: PortalAnnotation[] = [];
  const segmentations: SegmentationRef[] = [];
  for (const spacingName of await namesIn(join(folder, reconstructions))) {
    const voxelSpacing = voxelSpacingOf(spacingName);
    if (voxelSpacing === undefined) continue;
    const inside = join(folder, reconstructions, spacingName);
    tomograms.push(...(await tomogramsIn(inside, name, voxelSpacing)));
    for (const annotated of await annotationsIn(join(inside, "Annotations"), voxelSpacing)) {
      annotations.push(...annotated.points);
      segmentations.push(...annotated.masks);
    }
  }
  const sources = [join(folder, reconstructions)];
  return { name, tomograms, annotations, sources, ...(segmentations.length > 0 ? { segmentations } : {}) };
}

const tomogramSchema = z.looseObject({
  reconstruction_method: z.string().nullish(),
  processing: z.string().nullish(),
  omezarr_dir: z.string().nullish(),
  voxel_spacing: z.number().positive().nullish(),
});

/** Lists the tomograms of a voxel spacing; OME-Zarr goes before MRC where both were downloaded. */
async function tomogramsIn(folder: string, run: string, voxelSpacing: number): Promise<TomogramRef[]> {
  const places = [
    "CanonicalTomogram",
    ...(await namesIn(join(folder, "Tomograms"))).map((id) => join("Tomograms", id)),
  ];
  const found = new Map<string, TomogramRef>();
  for (const place of places) {
    const names = await volumesIn(join(folder, place));
    const volume = names.find((name) => name.endsWith(".zarr")) ?? names[0];
    if (volume === undefined) continue;
    const stem = volumeStem(volume);
    const { type: told, statedSpacing } = await metadataOf(join(folder, place, "tomogram_metadata.json"));
    const kind = told ?? stem;
    const tomoType = found.has(kind) ? `${kind}-${basename(place)}` : kind;
    const isOnly = told === undefined && !tellsType(stem, run);
    found.set(tomoType, {
      run,
      tomoType,
      path: join(folder, place, volume),
      voxelSpacing,
      ...(isOnly ? { isOnly } : {}),
      ...(statedSpacing ? { statedSpacing } : {}),
    });
  }
  return [...found.values()];
}

/**
 * Reads a tomogram's type, the processing (`denoised`, `filtered`) or for raw tomograms the method (`wbp`, `sirt`), and
 * its voxel spacing.
 */
async function metadataOf(
  path: string,
): Promise<{ type?: string | undefined; statedSpacing?: number | undefined }> {
  const text = await readIfThere(path);
  if (text === undefined) return {};
  const {
    processing,
    reconstruction_method: method,
    ...rest
  } = parseJson(path, text, tomogramSchema, "tomogram metadata");
  const type = processing && processing !== "raw" ? processing : method;
  return { type: type ? hyphened(type) : undefined, statedSpacing: rest.voxel_spacing ?? undefined };
}

const annotationSchema = z.looseObject({
  annotation_object: z.looseObject({ name: z.string() }),
  ground_truth_status: z.boolean().nullish(),
  files: z
    .array(z.looseObject({ format: z.string(), path: z.string(), shape: z.string().nullish() }))
    .nullish(),
});

/** Annotations of one metadata file that are there: points, and the mask. */
interface Annotated {
  readonly points: readonly PortalAnnotation[];
  readonly masks: readonly SegmentationRef[];
}

/** Lists annotations; their metadata lies in numbered folders or, in older downloads, flat. */
async function annotationsIn(folder: string, voxelSpacing: number): Promise<Annotated[]> {
  const found: Annotated[] = [];
  for (const name of (await namesIn(folder)).filter((each) => !isSidecar(each))) {
    const files = name.endsWith(".json")
      ? [join(folder, name)]
      : (await namesIn(join(folder, name)))
          .filter((file) => file.endsWith(".json") && !isSidecar(file))
          .map((file) => join(folder, name, file));
    for (const file of files) found.push(await annotationsOf(file, voxelSpacing));
  }
  return found;
}

/** Shapes of annotations that are masks, as the portal's metadata and its interface call them. */
const maskShapes: readonly string[] = ["SegmentationMask", "SemanticSegmentationMask"];
/** Formats of masks; where both were downloaded the first counts. */
const maskFormats: readonly string[] = ["zarr", "mrc"];

async function annotationsOf(path: string, voxelSpacing: number): Promise<Annotated> {
  const text = await readIfThere(path);
  if (text === undefined) return { points: [], masks: [] };
  const { annotation_object: object, ...rest } = parseJson(
    path,
    text,
    annotationSchema,
    "annotation metadata",
  );
  const here = await namesIn(dirname(path));
  const inFolder = /^\d+$/.test(basename(dirname(path)));
  const there = (rest.files ?? []).filter(({ path: stored }) => here.includes(basename(stored)));
  const id = inFolder ? basename(dirname(path)) : basename(path, ".json");
  const isGroundTruth = rest.ground_truth_status === true;
  const placeOf = ({ path: stored }: { path: string }) => join(dirname(path), basename(stored));
  const points = there
    .filter(({ format }) => format === "ndjson")
    .map((file) => ({
      type: particleName(object.name),
      path: placeOf(file),
      id,
      isGroundTruth,
      voxelSpacing,
    }));
  const [mask] = maskFormats.flatMap((wanted) =>
    there.filter(({ format, shape }) => format === wanted && maskShapes.includes(shape ?? "")),
  );
  const maskOf = (file: { path: string }): SegmentationRef => ({
    name: hyphened(object.name),
    path: placeOf(file),
    userId: "portal",
    sessionId: id,
    voxelSpacing,
    isMultilabel: false,
    isTruth: isGroundTruth,
  });
  return { points, masks: mask ? [maskOf(mask)] : [] };
}

const hyphened = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** Names of the challenge's particles in the portal (its deposition 10310, dataset 10440). */
const portalNames: Readonly<Record<string, string>> = {
  "ferritin-complex": "apo-ferritin",
  apoferritin: "apo-ferritin",
  "cytosolic-ribosome": "ribosome",
  "pp7-vlp": "virus-like-particle",
  "virus-like-capsid": "virus-like-particle",
};

function particleName(object: string): string {
  const name = hyphened(object);
  return portalNames[name] ?? name;
}
