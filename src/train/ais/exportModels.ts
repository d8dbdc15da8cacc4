/** Checkpoints as Ais's models: one a type or feature. */

import { leastCommonMultiple } from "../../domain/numbers.js";
import { challengeParticles } from "../../domain/particles.js";
import { checkKeras } from "../../engines/keras/check.js";
import { kerasModel } from "../../engines/keras/write.js";
import { encodeScnm, encodeScnmGroup } from "../../formats/ais/scnm.js";
import { encodeKeras, readKeras } from "../../formats/keras/hdf5.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { featureColour } from "../../present/pictures/canvas.js";
import { PickbenchError } from "../../system/errors.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type NamedNetwork, namedNetworks, offsetsOf } from "../checkpoint/modelMetadata.js";

/** A model as it is written for Ais. */
export interface ExportedModel {
  readonly title: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly slices: number;
  readonly box: number;
  readonly threshold: number;
  /** Largest difference of the written model from the engine; null where it was not asked for. */
  readonly difference: number | null;
  /** The `.scnm` file's bytes. */
  readonly bytes: Uint8Array;
}

interface ExportOptions {
  /** The one type or feature that is wanted; all if absent. */
  readonly only?: string | undefined;
  readonly version: string;
  /** Whether each model is read again and run beside the engine. */
  readonly check: boolean;
}

/** What rounding in another order leaves, and no mistake does. */
const tolerance = 1e-3;

/** Boxes of Ais have multiples of this many pixels a side. */
const boxStep = 32;

/**
 * Writes each type's and feature's map of a checkpoint as an Ais model.
 *
 * @param path of the checkpoint, for errors
 * @throws PickbenchError Unsupported where a network has an operation that is no layer of Ais's models, or reaches along
 * z; BadUsage where `only` is none of its maps
 */
export async function exportModels(
  path: string,
  checkpoint: Checkpoint,
  { only, version, check }: ExportOptions,
): Promise<ExportedModel[]> {
  const wanted = namedNetworks(checkpoint).flatMap((named) =>
    named.given.channels.flatMap((title, channel) => (title === null ? [] : [{ named, title, channel }])),
  );
  const titles = wanted.map(({ title }) => title);
  if (only !== undefined && !titles.includes(only))
    throw new PickbenchError(
      "BadUsage",
      `--network: ${path} has no map of ${JSON.stringify(only)}; it has ${titles.join(", ")}`,
      { path },
    );
  const doubled = titles.find((title, at) => titles.indexOf(title) < at);
  if (doubled !== undefined)
    throw new PickbenchError(
      "Unsupported",
      `${path}: several of its networks predict ${doubled}, and an Ais model is one network; export one of the ensemble's checkpoints`,
      { path },
    );
  const models: ExportedModel[] = [];
  for (const [at, { named, title, channel }] of wanted.entries())
    if (only === undefined || only === title)
      models.push(await exported(checkpoint, named, { title, channel, place: at, version, check }));
  return models;
}

interface MapChoice {
  readonly title: string;
  readonly channel: number;
  /** Place among all maps, which decides a feature's colour. */
  readonly place: number;
  readonly version: string;
  readonly check: boolean;
}

async function exported(
  checkpoint: Checkpoint,
  { name, given }: NamedNetwork,
  { title, channel, place, version, check }: MapChoice,
): Promise<ExportedModel> {
  if (offsetsOf(given) > 0)
    throw new PickbenchError(
      "Unsupported",
      `network ${name}: its maps are votes for centres, and Ais's models give one map of probabilities; export it as ONNX`,
    );
  const network = await loadNetwork(given.network);
  const { weights, activation } = given;
  const slices = given.network.slices ?? 1;
  const box = boxOf(checkpoint.experiment.patch.shape[1], network.multiple[1]);
  const keras = kerasModel({ network, weights, activation, channel, box, name });
  const parameters = [...keras.weights.values()].flat().reduce((sum, { data }) => sum + data.length, 0);
  const threshold = thresholdOf(checkpoint, title);
  const facts = { title, architecture: network.architecture, parameters, slices, box, threshold };
  const [red, green, blue] = colourOf(title, place);
  const file = await encodeKeras(keras);
  const written = { network, weights, activation, channel };
  const difference = check ? await checkKeras(await readKeras(file, title), written) : null;
  if (difference !== null && !(difference <= tolerance))
    throw new Error(`${title}: the Keras model differs by ${difference} from the engine`);
  const bytes = encodeScnm(
    title,
    {
      ...facts,
      depth: slices,
      boxSize: box,
      apix: checkpoint.spacing,
      colour: [red / 255, green / 255, blue / 255],
      info: `${network.architecture}, trained by pickbench ${version}`,
    },
    file,
  );
  return { ...facts, difference, bytes };
}

/** Packs models into a `.scnmgroup`. */
export const groupOf = (base: string, models: readonly ExportedModel[]): Uint8Array =>
  encodeScnmGroup(
    base,
    models.map(({ bytes }) => bytes),
  );

function boxOf(patch: number, multiple: number): number {
  const step = leastCommonMultiple(boxStep, multiple);
  return step * Math.max(1, Math.round(patch / step));
}

function thresholdOf({ picking, features = [] }: Checkpoint, title: string): number {
  const found = picking.get(title)?.threshold ?? features.find(({ name }) => name === title)?.threshold;
  return Math.min(1, Math.max(0, found ?? 0.5));
}

const colourOf = (title: string, place: number): readonly [number, number, number] =>
  challengeParticles.find(({ name }) => name === title)?.colour ?? featureColour(place);
