/** The networks that an experiment trains: outputs, channels and patches of each. */
import { offsetChannels } from "../../data/patches/offsets.js";
import type { PatchSpec } from "../../data/patches/stream.js";
import type { Particle } from "../../domain/particles.js";
import type { Activation } from "../../engines/activation.js";
import type { BallRadii } from "../../infer/predict/votes.js";
import { codeOfHash, readArchitecture, runCode } from "../../nets/architectureFile.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";
import { featureNames } from "../experiment/features.js";
import type { ResolvedNetwork, TrainedChoice } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";

/** A network of an experiment: one for all types and features, or one for each. */
export interface ExperimentNetwork {
  readonly name: string;
  /** Specification; its outputs are the types, after a background where `background` is true. */
  readonly network: NetworkSpec;
  readonly types: readonly Particle[];
  /** Features, whose outputs come after those of the types. */
  readonly features: readonly string[];
  readonly background: boolean;
  readonly activation: Activation;
  /**
   * Type or feature that each output predicts; null where nothing is predicted: background, ignored and unscored types,
   * offsets.
   */
  readonly channels: readonly (string | null)[];
  /** Radii of the balls whose voxels vote for a centre; null where the output has no offsets. */
  readonly radii: BallRadii | null;
}

const activations = { softmax: "softmax", sigmoid: "sigmoid", heatmap: "none" } as const;

/**
 * Resolves the network that an experiment trains: its architecture's name, and the hash of its file. A file whose hash the
 * experiment names is run only where it has that hash.
 *
 * @throws PickbenchError BadExperiment where the file cannot be used
 */
export async function resolveNetwork(network: TrainedChoice): Promise<ResolvedNetwork> {
  if (typeof network === "string") return { architecture: network };
  if ("architecture" in network) return network;
  const { file, slices, sha256: wanted } = network;
  if (wanted === undefined) {
    const { architecture, sha256 } = await readArchitecture(file, 1);
    return { architecture: architecture.name, slices, file: { path: file, sha256 } };
  }
  const code = await codeOfHash(file, wanted);
  if (!code)
    throw new PickbenchError(
      "BadExperiment",
      `${file}: the architecture's file is not the one whose SHA-256 the experiment names (${wanted.slice(0, 12)}…); put that one back, or leave network.sha256 out`,
      { path: file },
    );
  const { name } = await runCode(code, 1);
  return { architecture: name, slices, file: { path: file, sha256: wanted } };
}

/**
 * Returns the networks that an experiment trains on a data set of these particles.
 * @throws PickbenchError BadExperiment for a type that the data set lacks, where no type is scored and there is no feature,
 * or where a type and a feature have one name
 */
export function networksOf(
  experiment: Experiment,
  particles: readonly Particle[],
  network: ResolvedNetwork,
): ExperimentNetwork[] {
  const learned = learnedTypes(experiment, particles);
  const scored = learned.filter(({ name, weight }) => weight > 0 && !experiment.ignore.includes(name));
  const segmented = featureNames(experiment);
  if (scored.length === 0 && segmented.length === 0)
    throw new PickbenchError(
      "BadExperiment",
      `types: none of ${learned.map(({ name }) => name).join(", ")} is scored; name at least one type with a weight`,
    );
  const background = experiment.output === "softmax";
  const { head, target } = experiment;
  const fraction = target.kind === "ball" ? target.fraction : 1;
  const both = learned.find(({ name }) => segmented.includes(name));
  if (both)
    throw new PickbenchError(
      "BadExperiment",
      `features: ${both.name} is among the types too; learn it as a type or as a feature, with types: ${JSON.stringify(learned.flatMap(({ name }) => (segmented.includes(name) ? [] : [name])))}`,
    );
  checkWeights(experiment, [...scored.map(({ name }) => name), ...segmented]);
  const networkFor = (
    name: string,
    types: readonly Particle[],
    features: readonly string[],
  ): ExperimentNetwork => {
    const classes = [
      ...(background ? [null] : []),
      ...types.map((type) => (scored.includes(type) ? type : null)),
    ];
    const offsets = new Array<null>(head.offsets ? offsetChannels : 0).fill(null);
    return {
      name,
      network: {
        ...network,
        outputs: classes.length + features.length + offsets.length,
        ...(head.stride === 1 ? {} : { stride: head.stride }),
      },
      types,
      features,
      background,
      activation: activations[experiment.output],
      channels: [...classes.map((type) => type?.name ?? null), ...features, ...offsets],
      radii: head.offsets ? classes.map((type) => type && fraction * type.radius) : null,
    };
  };
  return experiment.networks === "all"
    ? [networkFor("all", learned, segmented)]
    : [
        ...scored.map((type) => networkFor(type.name, [type], [])),
        ...segmented.map((feature) => networkFor(feature, [], [feature])),
      ];
}

/** @throws PickbenchError BadExperiment where weights are of what is not learned */
function checkWeights({ patch }: Experiment, learned: readonly string[]): void {
  for (const name of Object.keys(patch.weights ?? {}))
    if (!learned.includes(name))
      throw new PickbenchError(
        "BadExperiment",
        `patch.weights: got ${JSON.stringify(name)}, which is not learned, wanted names of ${learned.join(", ")}; correct the name or leave it out`,
      );
}

function learnedTypes({ types }: Experiment, particles: readonly Particle[]): readonly Particle[] {
  if (!types) return particles;
  return types.map((name) => {
    const found = particles.find((particle) => particle.name === name);
    if (found) return found;
    const known = particles.map((particle) => particle.name).join(", ");
    throw new PickbenchError("BadExperiment", `types: the data set has no ${name}; it has ${known}`);
  });
}

/** How a network's batches are made. */
export function patchSpecOf(experiment: Experiment, network: ExperimentNetwork, seed: number): PatchSpec {
  return {
    seed,
    patchShape: experiment.patch.shape,
    batchSize: experiment.patch.batch,
    types: network.types,
    features: network.features,
    background: network.background,
    target: experiment.target,
    head: experiment.head,
    ignore: experiment.ignore,
    backgroundShare: experiment.patch.backgroundShare,
    weights: experiment.patch.weights,
    hardShare: experiment.patch.hardShare,
    furtherShares: experiment.data.also?.map(({ share }) => share),
    augment: experiment.augment,
  };
}
