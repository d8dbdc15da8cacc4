/**
 * Checkpoint files. The room `checkpoint` writes and reads trained networks with all that predicting and picking need.
 */
import { z } from "zod";
import { type TrainedContrast, usualContrast } from "../../data/contrast.js";
import { type RadialPower, radialPowerSchema } from "../../data/spectrum/gain.js";
import { activations } from "../../engines/activation.js";
import { externalSpecSchema } from "../../engines/externalSpec.js";
import { trainingLayout } from "../../engines/trainable.js";
import { parseJson } from "../../formats/json.js";
import { readTensors, type TensorFile, writeTensors } from "../../formats/safetensors.js";
import { type PickingSettings, pickingSchema } from "../../infer/pick/picking.js";
import type { Averaging } from "../../infer/predict/averaging.js";
import type { AnyNetwork, ExternalNetwork, PredictNetwork } from "../../infer/predict/predictor.js";
import { loadNetwork, networkSpecSchema } from "../../nets/library/catalogue.js";
import { namedWeights } from "../../nets/weights.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { checkExperiment, experimentText, withoutWatching } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";
import type { ExperimentNetwork } from "../fit/networks.js";
import { allowedFile, type CodeLeave } from "./allowedCode.js";
import { type EnsembleRecord, ensembleSchema } from "./ensembleRecord.js";
import { type Lineage, lineageSchema } from "./lineage.js";

const featureSchema = z.strictObject({ name: z.string(), threshold: z.number() });
/** A feature's name and the threshold above which a voxel belongs to it. */
export type FeatureSettings = z.infer<typeof featureSchema>;

/** Contents of best.safetensors: all that predicting and picking need. */
export interface Checkpoint {
  readonly experiment: Experiment;
  /** Å per voxel of the training data, along z. */
  readonly spacing: number;
  readonly networks: readonly AnyNetwork[];
  /** Picking settings by type: as tuned, or the experiment's fallback where nothing was tuned. */
  readonly picking: ReadonlyMap<string, PickingSettings>;
  /** Thresholds of the features that it segments; absent where there are none. */
  readonly features?: readonly FeatureSettings[];
  /** Score of these settings on the tune runs; null without tune runs. */
  readonly tuneScore: number | null;
  /** Origin of a checkpoint made of other checkpoints. */
  readonly ensemble?: EnsembleRecord;
  /** Contrast that the voxels of its tomograms showed, where it was not dark, as is usual; older ones lack an unknown one. */
  readonly contrast?: Exclude<TrainedContrast, "dark">;
  /** Spectrum that every tomogram is given before it is normalised; absent where each keeps its own. */
  readonly reference?: RadialPower;
  /** Trainings that made its networks, its own first; absent in older checkpoints. */
  readonly lineage?: Lineage;
}

/** Returns the contrast of the tomograms that a checkpoint was trained on. */
export const trainedContrast = ({ contrast }: Pick<Checkpoint, "contrast">): TrainedContrast =>
  contrast ?? usualContrast;

/** Returns what a checkpoint holds of a contrast: nothing of the usual one. */
export const heldContrast = (contrast: TrainedContrast): Pick<Checkpoint, "contrast"> =>
  contrast === usualContrast ? {} : { contrast };

/** Returns the averaging of a checkpoint's networks. */
export const averagingOf = ({ ensemble }: Pick<Checkpoint, "ensemble">): Averaging =>
  ensemble?.average === "logits" ? "logits" : "probabilities";

const format = "pickbench checkpoint 1";

/** Relative weight of a network among others; 1 if absent. */
const share = z.number().positive().optional();
const networkSchema = networkSpecSchema.extend({
  name: z.string(),
  activation: z.enum(activations),
  channels: z.array(z.string().nullable()),
  radii: z.array(z.number().positive().nullable()).nullable().default(null),
  share,
});
const externalSchema = z.strictObject({
  name: z.string(),
  external: externalSpecSchema,
  activation: z.enum(activations),
  channels: z.array(z.string().nullable()),
  share,
});
const metadataSchema = z.looseObject({
  format: z.literal(format),
  experiment: z.string(),
  spacing: z.string(),
  networks: z.string(),
  picking: z.string(),
  features: z.string().optional(),
  tuneScore: z.string(),
  ensemble: z.string().optional(),
  contrast: z.enum(["bright", "mixed", "unknown"]).optional(),
  spectrum: z.string().optional(),
  lineage: z.string().optional(),
});

/** Makes a network to predict with, from an experiment's network and the flat weights of its training. */
export async function networkOf(
  { network, activation, channels, radii }: ExperimentNetwork,
  flat: Float32Array,
): Promise<PredictNetwork> {
  const layout = trainingLayout(await loadNetwork(network));
  return { network, activation, channels, radii, weights: namedWeights(layout, flat) };
}

/** Writes best.safetensors; equal checkpoints give equal bytes. */
export async function writeCheckpoint(
  path: string,
  names: readonly string[],
  checkpoint: Checkpoint,
): Promise<void> {
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const bytes = new Map<string, Uint8Array>();
  const networks: (z.input<typeof networkSchema> | z.input<typeof externalSchema>)[] = [];
  for (const [at, given] of checkpoint.networks.entries()) {
    const name = names[at]!;
    const counts = given.share === undefined ? {} : { share: given.share };
    if ("external" in given) {
      const { external, activation, channels, model } = given;
      bytes.set(modelTensor(name), model);
      networks.push({ name, external, activation, channels: [...channels], ...counts });
      continue;
    }
    const { network, activation, channels, radii, weights } = given;
    for (const { name: parameter, shape } of (await loadNetwork(network)).parameters)
      tensors.set(`${name}/${parameter}`, { shape, data: weights.get(parameter)! });
    networks.push({
      name,
      ...network,
      activation,
      channels: [...channels],
      radii: radii && [...radii],
      ...counts,
    });
  }
  await writeTensors(path, {
    tensors,
    bytes,
    metadata: {
      format,
      experiment: experimentText(withoutWatching(checkpoint.experiment)),
      networks: JSON.stringify(networks),
      picking: JSON.stringify(Object.fromEntries(checkpoint.picking)),
      spacing: JSON.stringify(checkpoint.spacing),
      tuneScore: JSON.stringify(checkpoint.tuneScore),
      ...(checkpoint.features && {
        features: JSON.stringify(checkpoint.features.map(({ name, threshold }) => ({ name, threshold }))),
      }),
      ...(checkpoint.ensemble && { ensemble: canonicalJson(checkpoint.ensemble) }),
      ...(checkpoint.contrast && { contrast: checkpoint.contrast }),
      ...(checkpoint.reference && { spectrum: canonicalJson(checkpoint.reference) }),
      ...(checkpoint.lineage && { lineage: canonicalJson(checkpoint.lineage) }),
    },
  });
}

/** Name of the tensor that holds an external network's ONNX file. */
const modelTensor = (name: string): string => `${name}/model.onnx`;

/** What a checkpoint holds besides its networks. */
type Settings = Omit<Checkpoint, "networks">;

/**
 * Reads best.safetensors. Code that its networks name is run only where `leave` allows it.
 *
 * @throws PickbenchError BadCheckpoint where the file is no checkpoint, a tensor is missing or of another shape, or it
 * names code that may not be run; NotFinite where a tensor holds NaN or infinity
 */
export async function readCheckpoint(path: string, leave: CodeLeave = {}): Promise<Checkpoint> {
  const { file, settings, networks } = await readParts(path);
  const { ensemble, ...others } = settings;
  const opened = networks.map((network) =>
    "external" in network ? readExternal(path, file, network) : readNetwork(path, file, network, leave),
  );
  return { ...others, networks: await Promise.all(opened), ...(ensemble && { ensemble }) };
}

/** Reads what best.safetensors holds besides its networks, and so runs no code. @throws as `readCheckpoint` */
export const readSettings = async (path: string): Promise<Settings> => (await readParts(path)).settings;

/** @throws PickbenchError NotFinite where a tensor holds NaN or infinity */
export function checkFinite(path: string, tensor: string, data: Float32Array): void {
  if (data.every(Number.isFinite)) return;
  throw new PickbenchError(
    "NotFinite",
    `${path}: tensor ${tensor} holds NaN or infinity; give a checkpoint of a run that stayed finite`,
    { path },
  );
}

const networksSchema = z.array(z.union([externalSchema, networkSchema])).min(1);

/** A checkpoint file, with all that its metadata hold. */
interface Parts {
  readonly file: TensorFile;
  readonly settings: Settings;
  readonly networks: z.infer<typeof networksSchema>;
}

/** Reads a checkpoint file and its metadata. @throws as `readCheckpoint` */
export async function readParts(path: string): Promise<Parts> {
  const file = await readTensors(path);
  const parsed = metadataSchema.safeParse(file.metadata);
  if (!parsed.success)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: its metadata is not that of a best.safetensors (${parsed.error.issues[0]!.path.join(".")}); give the best.safetensors of a run's folder`,
      { path, cause: parsed.error },
    );
  try {
    const metadata = parsed.data;
    const networks = networksSchema.parse(jsonIn(path, metadata.networks));
    const picking = z.record(z.string(), pickingSchema).parse(jsonIn(path, metadata.picking));
    const features =
      metadata.features === undefined
        ? undefined
        : z.array(featureSchema).parse(jsonIn(path, metadata.features));
    for (const name of networks.flatMap(({ channels }) => channels))
      if (
        name !== null &&
        Object.hasOwn(picking, name) === (features?.some((each) => each.name === name) ?? false)
      )
        throw new TypeError(`${name} has no picking settings and no threshold, or both`);
    const settings = {
      experiment: checkExperiment(jsonIn(path, metadata.experiment), path),
      spacing: z.number().positive().parse(jsonIn(path, metadata.spacing)),
      picking: new Map(Object.entries(picking)),
      ...(features && { features }),
      tuneScore: z.number().nullable().parse(jsonIn(path, metadata.tuneScore)),
      ...(metadata.ensemble !== undefined && {
        ensemble: ensembleSchema.parse(jsonIn(path, metadata.ensemble)),
      }),
      ...(metadata.contrast && { contrast: metadata.contrast }),
      ...(metadata.spectrum !== undefined && {
        reference: radialPowerSchema.parse(jsonIn(path, metadata.spectrum)),
      }),
      ...(metadata.lineage !== undefined && { lineage: lineageSchema.parse(jsonIn(path, metadata.lineage)) }),
    };
    return { file, settings, networks };
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: its metadata is damaged; give a best.safetensors as it was written`,
      { path, cause: error },
    );
  }
}

/** Parses JSON of a checkpoint's metadata. @throws TypeError where it is damaged, or nests too deeply */
function jsonIn(path: string, text: string): unknown {
  try {
    return parseJson(text, { path });
  } catch (cause) {
    throw new TypeError("its JSON is damaged", { cause });
  }
}

async function readNetwork(
  path: string,
  file: TensorFile,
  { name: network, activation, channels, radii, share: counts, ...named }: z.infer<typeof networkSchema>,
  leave: CodeLeave,
): Promise<PredictNetwork> {
  const spec = named.file ? { ...named, file: await allowedFile(path, named.file, leave) } : named;
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of (await loadNetwork(spec)).parameters) {
    const tensor = file.tensors.get(`${network}/${name}`);
    const got = tensor ? `shape ${tensor.shape.join("×")}` : "nothing";
    if (!tensor || tensor.shape.join() !== shape.join())
      throw new PickbenchError(
        "BadCheckpoint",
        `${path}: tensor ${network}/${name} has ${got}, wanted shape ${shape.join("×")}; was it written by another version?`,
        { path },
      );
    checkFinite(path, `${network}/${name}`, tensor.data);
    weights.set(name, tensor.data);
  }
  if (channels.length !== spec.outputs)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: ${network} names ${channels.length} channels, wanted ${spec.outputs}`,
      { path },
    );
  return {
    network: spec,
    activation,
    channels,
    radii,
    weights,
    ...(counts !== undefined && { share: counts }),
  };
}

/** Reads a network that was trained elsewhere. @throws PickbenchError BadCheckpoint where it is not whole */
export async function readExternal(
  path: string,
  { bytes }: TensorFile,
  { name, external, activation, channels, share: counts }: z.infer<typeof externalSchema>,
): Promise<ExternalNetwork> {
  const model = bytes?.get(modelTensor(name));
  if (!model || hashOf(model) !== external.sha256)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: ${modelTensor(name)} ${model ? "is not the file" : "is missing"} that its metadata names, ${external.file}; give the checkpoint as it was written`,
      { path },
    );
  const { checkOneFile } = await import("../../engines/onnx/external/model.js");
  checkOneFile(path, model);
  if (channels.length !== external.outputs)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: ${name} names ${channels.length} channels, wanted ${external.outputs}`,
      { path },
    );
  return { external, activation, channels, model, ...(counts !== undefined && { share: counts }) };
}
