/**
 * Opens what a training begins with. The room `transfer` takes weights of trained networks into new ones, and keeps runs
 * that they have seen from being held out.
 */
import { basename } from "node:path";
import { z } from "zod";
import { offsetChannels } from "../../data/patches/offsets.js";
import { challengeParticles } from "../../domain/particles.js";
import { parseJson } from "../../formats/json.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { hashFile, hashOf } from "../../system/files.js";
import { readBytes } from "../../system/paths/opening.js";
import { type Lineage, lineageOf, lineageSchema, unknownLineage } from "../checkpoint/lineage.js";
import { readStored, type StoredNetwork } from "../checkpoint/stored.js";
import { experimentHash, runName } from "../experiment/experiment.js";
import { featureNames } from "../experiment/features.js";
import type { Experiment } from "../experiment/schema.js";

/** An array of a trained network. */
export interface SourceTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A trained network whose weights may be taken. */
export interface SourceNetwork {
  readonly name: string;
  /** Its architecture, or the file of a model from elsewhere. */
  readonly architecture: string;
  /** What each output predicts, null where it is not known; null where nothing is known of the outputs. */
  readonly labels: readonly (string | null)[] | null;
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  /** Whether names may have a prefix, and shapes ones at their end, that our networks have not. */
  readonly isForeign: boolean;
}

/** What a training begins with: a checkpoint, or an ONNX model. */
export interface StartSource {
  readonly path: string;
  readonly sha256: string;
  /** Name of the experiment that trained it; null where it is not known. */
  readonly experiment: string | null;
  readonly experimentHash: string | null;
  /** All trainings that made it. */
  readonly lineage: Lineage;
  readonly networks: readonly SourceNetwork[];
}

/** What an output predicts besides the types. */
export const backgroundLabel = "background";
export const offsetLabels: readonly string[] = ["z", "y", "x"]
  .slice(0, offsetChannels)
  .map((axis) => `offset ${axis}`);

/**
 * Reads the checkpoint or ONNX model at a path. No code that a checkpoint names is run.
 *
 * @throws PickbenchError BadCheckpoint where it cannot be begun with, NotFinite where a weight is NaN or infinite
 */
export async function readSource(path: string): Promise<StartSource> {
  return /\.onnx$/i.test(path) ? modelSource(path) : checkpointSource(path);
}

async function checkpointSource(path: string): Promise<StartSource> {
  const { settings, networks } = await readStored(path);
  const { experiment, ensemble } = settings;
  if (ensemble && ensemble.average !== "weights" && networks.length > 1)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: an ensemble of ${networks.length} networks, of which no training can begin; give one of its members, or a soup of them (pickbench ensemble --average weights)`,
      { path },
    );
  const own = lineageOf(settings);
  const types = experiment.types ?? own[0]!.types;
  const learned = types && [...types, ...featureNames(experiment)];
  const opened = networks.map(async (network): Promise<SourceNetwork> => {
    const name = ensemble && ensemble.average !== "weights" ? "all" : network.name;
    const { architecture, model } = network;
    const labels = labelsOf(network, experiment, learned);
    if (model) {
      const { tensors } = await weightsOf(path, model);
      return { name, architecture, labels, tensors, isForeign: true };
    }
    return { name, architecture, labels, tensors: network.tensors, isForeign: false };
  });
  return {
    path,
    sha256: await hashFile(path),
    experiment: runName(experiment),
    experimentHash: experimentHash(experiment),
    lineage: own,
    networks: await Promise.all(opened),
  };
}

/** Names what each output predicts: its channel, the background, an offset, or a type that is not picked. */
function labelsOf(
  { channels, offsets, model }: StoredNetwork,
  { networks, output }: Experiment,
  learned: readonly string[] | null,
): (string | null)[] {
  const classes = channels.slice(0, channels.length - offsets);
  const first = output === "softmax" && !model && classes[0] === null ? 1 : 0;
  const fits = (types: readonly string[]) =>
    types.length === classes.length - first &&
    types.every((type, at) => [null, type].includes(classes[at + first] ?? null));
  const known = [learned, challengeParticles.map(({ name }) => name)].find((types) => types && fits(types));
  return labelled(classes, first, networks === "all" && !model ? known : null, offsets);
}

/** Names outputs: the background where it is the first, then channels, by what is learned where they are not picked. */
function labelled(
  classes: readonly (string | null)[],
  first: number,
  learned: readonly string[] | null | undefined,
  offsets: number,
): (string | null)[] {
  const named = classes.map((channel, at) =>
    at < first ? backgroundLabel : (channel ?? learned?.[at - first] ?? null),
  );
  return [...named, ...offsetLabels.slice(0, offsets)];
}

async function modelSource(path: string): Promise<StartSource> {
  const model = await readBytes(path).catch((error: unknown) => {
    throw bad(path, `it cannot be read (${messageOf(error)}); give a checkpoint or an ONNX file`, error);
  });
  const { tensors, metadata } = await weightsOf(path, model);
  const facts = metadata.format === "pickbench model 1" ? metadata : {};
  const { network: name = "all", architecture = basename(path), experiment, experimentHash: hash } = facts;
  const lineage = modelLineage(path, metadata);
  const labels = exportedLabels(path, facts, lineage[0]!.types);
  return {
    path,
    sha256: hashOf(model),
    experiment: experiment ?? null,
    experimentHash: hash ?? null,
    lineage,
    networks: [{ name, architecture, labels, tensors, isForeign: true }],
  };
}

/** Returns the lineage that a model's metadata hold; one that says that nothing is known where they hold none. */
export function modelLineage(path: string, { lineage }: Readonly<Record<string, string>>): Lineage {
  return lineage === undefined ? unknownLineage(basename(path)) : fromJson(path, lineage, lineageSchema);
}

function exportedLabels(
  path: string,
  { outputs, offsets = "0", activation }: Readonly<Record<string, string>>,
  types: readonly string[] | null,
): (string | null)[] | null {
  if (outputs === undefined) return null;
  const channels = fromJson(path, outputs, z.array(z.string().nullable()));
  const first = activation === "softmax" && channels[0] === null ? 1 : 0;
  const isWhole = types?.length === channels.length - first;
  return labelled(channels, first, isWhole ? types : null, Number(offsets));
}

function fromJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(parseJson(text, { path }));
  } catch (error) {
    throw bad(path, "its metadata is damaged; give a model as it was exported", error);
  }
}

/** Loads what reads ONNX only where there is a model. @throws PickbenchError BadCheckpoint for a broken one */
async function weightsOf(path: string, model: Uint8Array) {
  const { modelWeights } = await import("../../engines/onnx/external/weights.js");
  try {
    const weights = modelWeights(path, model);
    for (const [name, { data }] of weights.tensors)
      if (!data.every(Number.isFinite))
        throw new PickbenchError(
          "NotFinite",
          `${path}: array ${name} holds NaN or infinity; give a model that stayed finite`,
          { path },
        );
    return weights;
  } catch (error) {
    if (!(error instanceof PickbenchError) || error.tag !== "BadExperiment") throw error;
    throw new PickbenchError("BadCheckpoint", error.message, { path, cause: error });
  }
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadCheckpoint", `${path}: ${what}`, { path, cause });
