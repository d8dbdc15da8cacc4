/** Searches tomograms for templates that compete, and writes what they found. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findBlank } from "../data/blank/blank.js";
import { contrastOfVoxels } from "../data/contrast.js";
import type { DataAccess, TomogramReader, TomogramRef } from "../data/model.js";
import { filterVolume } from "../data/spectrum/filter.js";
import { matchingGain, type RadialGain } from "../data/spectrum/gain.js";
import { measureSpectrum } from "../data/spectrum/spectrum.js";
import { openTomogram, resolveTomogram } from "../data/tomograms/omeZarr.js";
import type { Rotation } from "../domain/rotation.js";
import { indexToPosition, isOneGrid, type Spacing3, type Volume } from "../domain/volume.js";
import { type FeatureMap, findFeatureMaps, openFeatureMap } from "../infer/maps/featureMaps.js";
import { PickbenchError } from "../system/errors.js";
import { canonicalJson, hashOf } from "../system/files.js";
import type { Reporter } from "../system/reporter.js";
import { ownVersion } from "../system/version.js";
import { cutOffOf } from "./cutOff.js";
import { type Candidate, candidatesIn, pickGreatest, placeOf } from "./extract.js";
import { type MatchedPick, outputPaths, writeMaps, writeMatches } from "./outputs.js";
import { type Area, AreaBuilder, wholeArea } from "./search/area.js";
import type { SearchJob } from "./search/best.js";
import { cubeEdge } from "./search/kernels.js";
import { Ledger } from "./search/ledger.js";
import { matchTemplate } from "./search/matchTemplate.js";
import { readTemplate, type Template, type TemplateOptions } from "./template.js";
import { bandGain, frequencyWeights, type Weighting } from "./weights.js";

/** How tomograms are searched. */
export interface MatchSettings extends Omit<TemplateOptions, "spacing"> {
  readonly templates: readonly string[];
  readonly rotations: readonly Rotation[];
  readonly weighting: Omit<Weighting, "gain">;
  readonly band: { readonly lowPass?: number | undefined; readonly highPass?: number | undefined };
  readonly isWhitened: boolean;
  /** Whether dense matter is bright in the tomogram. */
  readonly isInverted: boolean;
  /** Maps of the area; the whole tomogram if absent. */
  readonly within?: SearchArea | undefined;
  readonly falsePositives: number;
  /** A score in place of the cut-off by false positives. */
  readonly threshold?: number | undefined;
  /** Å in which a pick takes away others; the template's radius if absent. */
  readonly minSpacing?: number | undefined;
  readonly threads: number;
  readonly out: string;
}

/** Maps that say where to search. */
export interface SearchArea {
  readonly paths: readonly string[];
  /** Features whose maps count, each above its threshold; every map above 0 if absent. */
  readonly thresholds?: Readonly<Record<string, number>> | undefined;
}

/** Finds the maps of a run's area. @throws PickbenchError as `findFeatureMaps` */
export const areaMaps = (
  { paths, thresholds }: SearchArea,
  run: string,
  reporter: Reporter,
): Promise<FeatureMap[]> =>
  findFeatureMaps(paths, { features: thresholds && Object.keys(thresholds), runs: [run], reporter });

/** What was found of one template in one run. */
export interface MatchedTemplate {
  readonly run: string;
  readonly template: string;
  readonly picks: number;
  readonly cutOff: number;
  readonly std: number;
  /** Greatest score. */
  readonly greatest: number;
  /** Voxels searched, and rotations. */
  readonly voxels: number;
  readonly rotations: number;
  readonly seconds: number;
  /** Seconds of processors, of all threads. */
  readonly processorSeconds: number;
  /** How much of the area went through Fourier transforms, and how much through matrix products. */
  readonly blocks: number;
  readonly singleVoxels: number;
}

/** A run's picks by template. */
export interface MatchedRun {
  readonly run: string;
  readonly templates: readonly MatchedTemplate[];
  readonly picks: ReadonlyMap<string, readonly MatchedPick[]>;
}

interface FoundTemplate {
  readonly template: Template;
  readonly matched: Omit<MatchedTemplate, "picks">;
  readonly ledger: Ledger;
}

/** Folder in the output where states of unfinished searches lie. */
export const statesFolder = ".matching";

/** Å by which a tomogram's voxels may differ along the axes. */
const cubicWithin = 1e-3;
/** Share by which voxels of an area may differ from the tomogram's: names round. */
const areaWithin = 0.01;
/** Greatest gain of whitening. */
const mostWhitening = 1e3;

/**
 * Searches a run's tomogram for all templates and writes maps of scores and rotations, and picks. A voxel belongs to the
 * template of the greatest score/std, and picks of all templates take each other away.
 *
 * @throws PickbenchError Stopped where the reporter says so: the same call goes on
 */
export async function matchRun(
  ref: TomogramRef,
  access: DataAccess | undefined,
  settings: MatchSettings,
  reporter: Reporter,
): Promise<MatchedRun> {
  const { run } = ref;
  const reader = await openTomogram(await resolveTomogram(ref, access), 0, access);
  const { shape } = reader;
  const spacing = cubic(ref.path, reader.spacing);
  const area = await readArea(settings, run, reader, reporter);
  const raw = await readVolume(reader);
  noteContrast(run, raw, settings, reporter);
  const gain = gainFor(raw, spacing, settings);
  if (gain) filterVolume(raw, gain);
  standardise(raw);
  const found: FoundTemplate[] = [];
  for (const path of settings.templates) {
    const template = await readTemplate(path, { ...settings, spacing }, reporter.note);
    const job = jobOf(template, { data: raw.data, shape }, spacing, gain, settings);
    const folder = join(settings.out, statesFolder, `${run}__${template.name}`);
    const label = settings.templates.length > 1 ? `${run} ${template.name}` : run;
    const { threads } = settings;
    const ledger = new Ledger(folder, keyOf(job, area));
    const result = await matchTemplate({ job, area, threads, ledger, reporter, label });
    await mkdir(settings.out, { recursive: true });
    await writeMaps(settings.out, { run, name: template.name, shape, spacing: reader.spacing }, result);
    const { std, searched, seconds, processorSeconds, plan } = result;
    const cutOff = settings.threshold ?? cutOffOf(std, searched, settings.falsePositives);
    const matched = {
      ...{ run, template: template.name, cutOff, std, seconds, processorSeconds, voxels: area.voxels },
      greatest: result.scores.reduce((most, score) => Math.max(most, score), 0),
      rotations: settings.rotations.length,
      blocks: plan.batches.reduce(
        (sum, batch) => sum + (batch.kind === "blocks" ? batch.blocks.length : 0),
        0,
      ),
      singleVoxels: plan.batches.reduce(
        (sum, batch) => sum + (batch.kind === "voxels" && !batch.isSample ? batch.voxels : 0),
        0,
      ),
    };
    found.push({ template, matched, ledger });
  }
  const picks = await pickRun(run, found, reader.spacing, settings);
  for (const { matched } of found)
    await writeMatches(
      settings.out,
      { ...matched, name: matched.template, spacing },
      picks.get(matched.template)!,
    );
  for (const { ledger } of found) await ledger.remove();
  const templates = found.map(({ matched }) => ({ ...matched, picks: picks.get(matched.template)!.length }));
  return { run, templates, picks };
}

function cubic(path: string, [z, y, x]: Spacing3): number {
  if (Math.max(z, y, x) / Math.min(z, y, x) - 1 < cubicWithin) return x;
  throw new PickbenchError(
    "BadDataset",
    `${path}: voxels of ${z}×${y}×${x} Å, wanted cubes to search for a template; resample it`,
    { path },
  );
}

/** Reads the area of a run: voxels that are above 0, or a feature's threshold, in any of its maps. */
async function readArea(
  { within }: MatchSettings,
  run: string,
  { shape, spacing }: Pick<Volume, "shape" | "spacing">,
  reporter: Reporter,
): Promise<Area> {
  if (within === undefined) return wholeArea(shape);
  const readers = [];
  for (const map of await areaMaps(within, run, reporter)) {
    const reader = await openFeatureMap(map);
    if (!isOneGrid(reader, { shape, spacing }, areaWithin))
      throw new PickbenchError(
        "BadDataset",
        `${map.store}: ${reader.shape.join("×")} voxels of ${reader.spacing[2]} Å, the tomogram of ${run} ${shape.join("×")} of ${spacing[2]} Å; make the area on the tomogram's grid`,
        { path: map.store },
      );
    readers.push({ ...reader, threshold: Math.fround(within.thresholds?.[map.type] ?? 0) });
  }
  const builder = new AreaBuilder(shape);
  const depth = Math.max(1, ...readers.map(({ slabDepth }) => slabDepth));
  for (let z = 0; z < shape[0]; z += depth) {
    const end = Math.min(shape[0], z + depth);
    const inside = new Float32Array((end - z) * shape[1] * shape[2]);
    for (const { readSlab, threshold } of readers)
      for (const [at, value] of (await readSlab(z, end)).entries()) if (value > threshold) inside[at] = 1;
    builder.add(z, inside);
  }
  const area = builder.area();
  if (area.voxels > 0) return area;
  throw new PickbenchError(
    "BadDataset",
    `${within.paths.join(", ")}: the area of ${run} holds no voxel above ${within.thresholds ? "a threshold" : "0"}, so that nothing would be searched; make it again, or leave ${run} out`,
  );
}

function noteContrast(run: string, volume: Volume, { isInverted }: MatchSettings, { note }: Reporter): void {
  const seen = contrastOfVoxels(volume);
  const wanted = isInverted ? "bright" : "dark";
  if (seen !== "unknown" && seen !== wanted)
    note(
      `${run}: its grey values are skewed as where particles are ${seen}, and ${wanted} ones are searched for; ${isInverted ? "leave --invert out" : "give --invert"} if they are ${seen}`,
    );
}

/** Returns the gain by which tomogram and template are filtered alike; undefined where they are not. */
function gainFor(
  volume: Volume,
  spacing: number,
  { band, isWhitened }: MatchSettings,
): RadialGain | undefined {
  if (!isWhitened && band.lowPass === undefined && band.highPass === undefined) return undefined;
  if (!isWhitened) return bandGain(band, undefined, spacing);
  const own = measureSpectrum(volume);
  const whitening = matchingGain(own, { ...own, power: own.power.map(() => 1) }, mostWhitening);
  const greatest = Math.max(...whitening.gains);
  return bandGain(band, { ...whitening, gains: whitening.gains.map((each) => each / greatest) }, spacing);
}

/** Reads a tomogram, with the voxels that hold no data. */
async function readVolume(reader: TomogramReader): Promise<Volume> {
  const volume = await reader.readAll();
  const blank = findBlank(volume, reader.ref.nan === "blank")?.mask;
  return { ...volume, ...(blank && { blank }) };
}

/** Brings values to mean 0 and variance 1, and blank ones to 0. @throws PickbenchError BadDataset where all are equal */
function standardise({ data, blank }: Volume): void {
  let [sum, count] = [0, 0];
  for (let at = 0; at < data.length; at++)
    if (blank?.[at] !== 1) {
      sum += data[at]!;
      count++;
    }
  const mean = sum / count;
  let squares = 0;
  for (let at = 0; at < data.length; at++) if (blank?.[at] !== 1) squares += (data[at]! - mean) ** 2;
  if (!(squares > 0))
    throw new PickbenchError(
      "BadDataset",
      "all voxels of the tomogram are equal; wanted one that shows something",
    );
  const scale = 1 / Math.sqrt(squares / count);
  for (let at = 0; at < data.length; at++) data[at] = blank?.[at] === 1 ? 0 : (data[at]! - mean) * scale;
}

function jobOf(
  template: Template,
  { data, shape }: Pick<Volume, "data" | "shape">,
  spacing: number,
  gain: RadialGain | undefined,
  { weighting, rotations, isInverted }: MatchSettings,
): SearchJob {
  return {
    template,
    weights: frequencyWeights(cubeEdge(template), spacing, { ...weighting, gain }),
    sign: isInverted ? 1 : -1,
    rotations: Float64Array.from(rotations.flat()),
    volume: data,
    shape,
  };
}

/** What the ledger's states depend on. */
function keyOf({ template, weights, rotations, volume, ...job }: SearchJob, { runs }: Area): string {
  const bytes = (values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): string =>
    hashOf(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const { map, mask, path: _, ...rest } = template;
  const masked = mask.kind === "map" ? bytes(mask.map.data) : mask;
  return hashOf(
    canonicalJson({
      ...{ ...job, rest, masked, mapShape: map.shape, version: ownVersion() },
      arrays: [map.data, weights, rotations, volume, runs].map(bytes),
    }),
  );
}

/** Picks a run from the maps that were written, slab by slab. */
async function pickRun(
  run: string,
  found: readonly FoundTemplate[],
  spacing: Spacing3,
  { out, rotations, minSpacing }: MatchSettings,
): Promise<Map<string, MatchedPick[]>> {
  const readers = await Promise.all(
    found.map(async ({ matched: { template, std, cutOff } }) => {
      const paths = outputPaths(out, run, template);
      const open = (store: string) => openFeatureMap({ store, run, type: template, channel: 0 });
      return { std, cutOff, scores: await open(paths.scores), angles: await open(paths.angles) };
    }),
  );
  const { shape } = readers[0]!.scores;
  const candidates: Candidate[] = [];
  for (let z = 0; z < shape[0]; z++) {
    const slabs = await Promise.all(
      readers.map(async ({ std, cutOff, scores, angles }) => ({
        ...{
          std,
          cutOff,
          scores: await scores.readSlab(z, z + 1),
          rotations: await angles.readSlab(z, z + 1),
        },
      })),
    );
    for (const candidate of candidatesIn(slabs, z * shape[1] * shape[2])) candidates.push(candidate);
  }
  const radii = found.map(({ template }) =>
    minSpacing === undefined ? Math.floor(template.radius) : minSpacing / spacing[2],
  );
  const picks = new Map<string, MatchedPick[]>(found.map(({ template }) => [template.name, []]));
  for (const { voxel, template, rotation, score } of pickGreatest(candidates, shape, radii))
    picks.get(found[template]!.template.name)!.push({
      ...indexToPosition(...placeOf(voxel, shape[1], shape[2]), spacing),
      score,
      rotation: rotations[rotation]!,
    });
  return picks;
}
