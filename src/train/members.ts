import type { PatchSpec } from "../data/patchStream.js";
import type { Activation } from "../engines/onnx/inferenceGraph.js";
import { PickbenchError } from "../errors.js";
import type { Particle } from "../particles.js";
import type { Experiment } from "./experiment.js";

/** One network of an experiment: all types in one, or one type each. */
export interface Member {
  readonly name: string;
  readonly architecture: string;
  readonly types: readonly Particle[];
  /** Channels of the output: the types, behind a background where `background` says so. */
  readonly outputs: number;
  readonly background: boolean;
  readonly activation: Activation;
  /** What each output predicts; null is not picked from: background, ignored and unscored types. */
  readonly channels: readonly (string | null)[];
}

const activations = { softmax: "softmax", sigmoid: "sigmoid", heatmap: "none" } as const;

/** The networks an experiment trains on a data set of these particles. */
export function membersOf(experiment: Experiment, particles: readonly Particle[]): Member[] {
  const learned = learnedTypes(experiment, particles);
  const scored = learned.filter(({ name, weight }) => weight > 0 && !experiment.ignore.includes(name));
  if (scored.length === 0)
    throw new PickbenchError(
      "BadExperiment",
      `types: none of ${learned.map(({ name }) => name).join(", ")} is scored; name at least one type with a weight`,
    );
  const background = experiment.output === "softmax";
  const member = (name: string, types: readonly Particle[]): Member => ({
    name,
    architecture: experiment.network,
    types,
    outputs: types.length + (background ? 1 : 0),
    background,
    activation: activations[experiment.output],
    channels: [
      ...(background ? [null] : []),
      ...types.map((type) => (scored.includes(type) ? type.name : null)),
    ],
  });
  return experiment.networks === "all"
    ? [member("all", learned)]
    : scored.map((type) => member(type.name, [type]));
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

/** How a member's batches are made. */
export function patchSpecOf(experiment: Experiment, member: Member, seed: number): PatchSpec {
  return {
    seed,
    patchShape: experiment.patch.shape,
    batchSize: experiment.patch.batch,
    types: member.types,
    background: member.background,
    target: experiment.target,
    ignore: experiment.ignore,
    backgroundShare: experiment.patch.backgroundShare,
    augment: experiment.augment,
  };
}
