/**
 * Ais's models as checkpoints and a feature set. The room `ais` brings models and training sets of Ais in, and networks
 * out to it.
 */

import { basename, join } from "node:path";
import { stringify } from "yaml";
import { leastCommonMultiple } from "../../domain/numbers.js";
import type { ExternalSpec } from "../../engines/externalSpec.js";
import { inputName, lowerKeras, outputName } from "../../engines/keras/lower.js";
import { openExternal } from "../../engines/onnx/external/external.js";
import {
  type AisGroup,
  type AisInteraction,
  type AisModel,
  readScnm,
  readScnmGroup,
} from "../../formats/ais/scnm.js";
import { readKeras } from "../../formats/keras/hdf5.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf, writeWhole } from "../../system/files.js";
import { inside, nameFault } from "../../system/paths/names.js";
import { type Checkpoint, writeCheckpoint } from "../checkpoint/checkpoint.js";
import { unknownLineage } from "../checkpoint/lineage.js";
import { checkExperiment } from "../experiment/experiment.js";
import { experimentNameOf } from "../experiment/experimentName.js";

/** Counts of images that a prediction may be averaged over: the plane, its quarter turns, and their mirror images. */
export const testTimeCounts = [1, 4, 8] as const;

/** How imported models predict. */
export interface ImportOptions {
  /** Å per pixel of models that do not know theirs. */
  readonly spacing?: number | undefined;
  /** Images that each prediction is averaged over. */
  readonly testTime?: (typeof testTimeCounts)[number];
}

/** A model that became a checkpoint. */
export interface ImportedModel {
  /** Name of its feature and of its file. */
  readonly name: string;
  readonly title: string;
  /** Å per pixel. */
  readonly spacing: number;
  readonly box: number;
  readonly slices: number;
  readonly parameters: number;
  readonly threshold: number;
  readonly overlap: number;
  readonly emit: boolean;
  readonly absorb: boolean;
  readonly colour: string;
  readonly checkpoint: Checkpoint;
}

/** Models with the rules between them. */
export interface ImportedModels {
  readonly models: readonly ImportedModel[];
  readonly interactions: readonly AisInteraction[];
}

/**
 * Reads a `.scnm` as one model. @throws PickbenchError BadDataset where it is damaged, Unsupported naming a layer that is
 * not taken, BadUsage where its pixel size is known neither to it nor to `options`
 */
export async function importModel(path: string, options: ImportOptions): Promise<ImportedModels> {
  return {
    models: [await imported(await readScnm(path), { path, file: basename(path) }, options)],
    interactions: [],
  };
}

/** Reads a `.scnmgroup`. @throws as `importModel` */
export async function importGroup(path: string, options: ImportOptions): Promise<ImportedModels> {
  const { models, interactions }: AisGroup = await readScnmGroup(path);
  const all: ImportedModel[] = [];
  for (const [file, model] of models)
    all.push(await imported(model, { path: `${path}, ${file}`, file }, options));
  const names = all.map(({ name }) => name);
  const doubled = names.find((name, at) => names.indexOf(name) < at);
  if (doubled !== undefined)
    throw new PickbenchError(
      "BadDataset",
      `${path}: two titles make the same file name ${JSON.stringify(doubled)}; rename one in Ais`,
      { path },
    );
  return { models: all, interactions };
}

/** Ais continues planes to multiples of this, and by this more. */
const reflectedMultiple = 32;
const reflectedMargin = 64;
/** Planes of a tile; a model that sees neighbours is given the whole depth, so that they are the volume's own. */
const tilePlanes = 16;
const anyDepth = 4096;
const anySide = 16_384;

async function imported(
  { metadata, weights }: AisModel,
  { path, file }: { readonly path: string; readonly file: string },
  { spacing: given, testTime = 1 }: ImportOptions,
): Promise<ImportedModel> {
  const { title, apix, box_size, threshold, overlap, emit, absorb } = metadata;
  const spacing = spacingOf(path, apix, given);
  const keras = await readKeras(weights, path);
  const { model, slices, outputs, multiple, parameters } = lowerKeras(keras.config, keras.weights, path);
  checkPlanes(path, slices, outputs);
  const name = fileName(title);
  const external: ExternalSpec = {
    file,
    sha256: hashOf(model),
    input: inputName,
    output: outputName,
    outputs: 1,
    layout: "channelsFirst",
    slices,
    multiple: [1, 1, 1],
    fixed: [null, null, null],
    normalisation: { kind: "zScore", per: "slice" },
    reflection: { multiple: leastCommonMultiple(reflectedMultiple, multiple), margin: reflectedMargin },
    planeSpacing: spacing,
    parameters,
  };
  const network: ExternalNetwork = { external, model, activation: "none", channels: [name] };
  await tryOnce(network);
  const experiment = checkExperiment(
    {
      name: experimentNameOf(name),
      question: `Ais's model ${JSON.stringify(title)}`,
      network: {
        onnx: file,
        activation: "none",
        outputs: [name],
        slices,
        normalisation: external.normalisation,
      },
      splits: { train: 0, tune: 0, holdout: 0 },
      predict: {
        tile: [slices > 1 ? anyDepth : tilePlanes, anySide, anySide],
        overlap: 0,
        rotations: testTime > 1,
        flips: testTime === 8,
      },
    },
    path,
  );
  const checkpoint: Checkpoint = {
    experiment,
    spacing,
    networks: [network],
    picking: new Map(),
    features: [{ name, threshold }],
    tuneScore: null,
    contrast: "unknown",
    lineage: unknownLineage(file),
  };
  const colour = hexOf(metadata.colour);
  const facts = { spacing, box: box_size, slices, parameters, threshold, overlap, emit, absorb, colour };
  return { name, title, ...facts, checkpoint };
}

function spacingOf(path: string, apix: number, given: number | undefined): number {
  if (apix > 0) return apix;
  if (given !== undefined) return given;
  throw new PickbenchError(
    "BadUsage",
    `${path}: its pixel size is ${apix}, which means unknown; give --spacing with the Å per pixel that it was trained at`,
    { path },
  );
}

function checkPlanes(path: string, slices: number, outputs: number): void {
  if (slices % 2 === 0)
    throw new PickbenchError(
      "Unsupported",
      `${path}: it sees ${slices} slices, an even number, so that none is the middle one; Ais cannot run it either`,
      { path },
    );
  if (outputs !== 1)
    throw new PickbenchError(
      "Unsupported",
      `${path}: it has ${outputs} output maps, wanted one, as Ais's models have`,
      {
        path,
      },
    );
}

/** Runs a network once on zeros: what cannot be run is no checkpoint. */
async function tryOnce({ external, model, activation }: ExternalNetwork): Promise<void> {
  const opened = await openExternal(model, external, activation, { engine: "onnx-cpu", threads: 1 });
  try {
    await opened.run(new Float32Array(32 * 32), [1, 32, 32]);
  } finally {
    await opened.close();
  }
}

/** A title as a feature's name: what cannot stand in a file's name becomes a dash. */
function fileName(title: string): string {
  const plain = title
    .replace(/[/\\\p{Cc}]|__/gu, "-")
    .trim()
    .replace(/^\.+|[. ]+$/g, "");
  return nameFault(plain) === undefined ? plain : "model";
}

const hexOf = (colour: readonly number[]): string =>
  `#${colour
    .slice(0, 3)
    .map((share) =>
      Math.round(255 * Math.min(1, Math.max(0, share)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** Names of the files that models become in a folder: checkpoints, and the feature set of them all. */
export function importPaths(folder: string, base: string, { models }: ImportedModels) {
  const origin = { what: "model", remedy: "rename it in Ais" };
  return {
    checkpoints: models.map(({ name }) => inside(folder, `${name}.safetensors`, origin)),
    set: join(folder, `${base}.yaml`),
  };
}

/** Writes models as checkpoints, and the feature set that joins them. */
export async function writeImported(folder: string, base: string, imported: ImportedModels): Promise<void> {
  const { checkpoints, set } = importPaths(folder, base, imported);
  for (const [at, { name, checkpoint }] of imported.models.entries())
    await writeCheckpoint(checkpoints[at]!, [name], checkpoint);
  await writeWhole(set, featureSetText(imported));
}

const angstromsPerNanometre = 10;

/** The feature set of models as YAML: Ais's rules, in Ais's order and way. */
export function featureSetText({ models, interactions }: ImportedModels): string {
  const nameOf = new Map(models.map(({ title, name }) => [title, name]));
  const features = models.map(({ name, colour, threshold, emit, absorb }) => ({
    name,
    colour,
    model: `${name}.safetensors`,
    threshold,
    emit,
    absorb,
  }));
  const rules = interactions.map(({ parent_title, partner_title, type, radius, threshold }) => ({
    feature: nameOf.get(parent_title)!,
    type: type === 0 ? "colocalise" : "avoid",
    with: nameOf.get(partner_title)!,
    radius: radius * angstromsPerNanometre,
    threshold,
  }));
  const notes = models.map(
    ({ name, title, spacing, box, slices, overlap }) =>
      `# ${JSON.stringify(name)}: Ais's ${JSON.stringify(title)}, ${spacing} Å per pixel, boxes of ${box}, ${slices === 1 ? "1 slice" : `${slices} slices`}, overlap ${overlap}`,
  );
  return `${notes.join("\n")}\n${stringify({ features, ...(rules.length > 0 ? { interactions: rules } : {}), mode: "ais" })}`;
}
