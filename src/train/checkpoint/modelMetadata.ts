/** Metadata of exported model files. */
import { normalisationRule } from "../../data/normalise.js";
import { offsetUnit } from "../../data/patches/offsets.js";
import { matchingRule } from "../../data/spectrum/gain.js";
import type { PredictNetwork } from "../../infer/predict/predictor.js";
import type { Network } from "../../nets/architecture.js";
import { PickbenchError } from "../../system/errors.js";
import { experimentHash, runName } from "../experiment/experiment.js";
import type { Checkpoint } from "./checkpoint.js";

/** A checkpoint's network with its name: its only type, `all`, or its number in an ensemble. */
export interface NamedNetwork {
  readonly name: string;
  readonly given: PredictNetwork;
}

/** Names a checkpoint's networks. @throws PickbenchError Unsupported for a network trained elsewhere */
export const namedNetworks = ({ experiment, networks, ensemble }: Checkpoint): NamedNetwork[] =>
  networks.map((given, at) => {
    if ("external" in given)
      throw new PickbenchError(
        "Unsupported",
        `the checkpoint's network is an ONNX file already, ${given.external.file} (SHA-256 ${given.external.sha256}); use that file`,
      );
    if (ensemble && ensemble.average !== "weights") return { name: String(at + 1), given };
    const name = experiment.networks === "all" ? "all" : given.channels.find((type) => type !== null)!;
    return { name, given };
  });

/** Returns the number of a network's last outputs that are offsets. */
export const offsetsOf = ({ network, radii }: PredictNetwork): number =>
  radii ? network.outputs - radii.length : 0;

interface MetadataOptions {
  readonly checkpoint: Checkpoint;
  readonly checkpointSha256: string;
  readonly named: NamedNetwork;
  readonly network: Network;
  /** Name of the model's output. */
  readonly output: string;
  readonly version: string;
}

/**
 * Returns a model file's metadata, so that a program without pickbench can prepare a tomogram, run the model and pick
 * from its maps. Values are text; anything longer than a word is JSON.
 */
export function modelMetadata(options: MetadataOptions): Record<string, string> {
  const { checkpoint, named, network, output, version } = options;
  const { experiment, spacing, picking, tuneScore } = checkpoint;
  const { activation, channels, radii } = named.given;
  const offsets = offsetsOf(named.given);
  const types = channels.slice(0, channels.length - offsets);
  const settings = types.flatMap((type) =>
    type !== null && picking.has(type) ? [[type, picking.get(type)]] : [],
  );
  const features = checkpoint.features?.filter(({ name }) => types.includes(name));
  const facts: Record<string, unknown> = {
    format: "pickbench model 1",
    pickbenchVersion: version,
    network: named.name,
    architecture: network.architecture,
    parameters: network.parameterCount,
    slices: named.given.network.slices ?? 1,
    multiple: network.multiple,
    axes: "z, y, x",
    spacing: [spacing, spacing, spacing],
    spacingUnit: "Å per voxel",
    tomogram: { tomoType: experiment.data.tomogram, level: experiment.data.level },
    ...(checkpoint.reference && { spectrum: { ...checkpoint.reference, rule: matchingRule } }),
    normalisation: normalisationRule,
    output,
    outputStride: network.logits.stride,
    activation,
    outputs: types,
    ...(radii && {
      offsets,
      offsetUnit: `${offsetUnit} voxels of the input, to the centre, along z, y, x`,
      radii,
    }),
    picking: Object.fromEntries(settings),
    ...(features && {
      features: Object.fromEntries(features.map(({ name, threshold }) => [name, threshold])),
    }),
    pickingUnits: {
      minVolume: "Å³",
      minSpacing: "Å",
      radius: "Å",
      threshold: "of the activated output",
      density: "picks per Å³",
    },
    positionOffset: experiment.data.offset,
    predict: experiment.predict,
    tuneScore,
    ...(checkpoint.ensemble && { ensemble: checkpoint.ensemble, share: named.given.share ?? 1 }),
    experiment: runName(experiment),
    experimentHash: experimentHash(experiment),
    checkpointSha256: options.checkpointSha256,
    ...(checkpoint.lineage && { lineage: checkpoint.lineage }),
  };
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
