/** Checks of experiments whose network was trained elsewhere. */
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson } from "../../system/files.js";
import type { ExternalChoice } from "./networkChoice.js";
import type { Experiment } from "./schema.js";

/** Keys of training, and keys whose values `network.outputs` and `network.activation` set for an external network. */
const trainingKeys = [
  "from",
  "loss",
  "budget",
  "networks",
  "types",
  "features",
  "output",
  "head",
  "patch",
  "augment",
  "optimiser",
  "evaluate",
  "checkpoint",
] as const;

const background = "background";

/**
 * Checks an experiment with an external network.
 *
 * @param untouched the same experiment with only default values
 * @throws PickbenchError BadExperiment where a key of training is set, or the outputs clash
 */
export function checkExternal(
  experiment: Experiment,
  untouched: Experiment,
  network: ExternalChoice,
  origin: string,
): void {
  const bad = (what: string) => new PickbenchError("BadExperiment", `${origin}: ${what}`, { path: origin });
  const set = trainingKeys.find(
    (key) => canonicalJson(experiment[key] ?? null) !== canonicalJson(untouched[key] ?? null),
  );
  if (set !== undefined)
    throw bad(`${set}: ${network.onnx} is not trained here, so that nothing would read it; leave ${set} out`);
  if (experiment.data.spectrum !== undefined)
    throw bad(
      `data.spectrum: ${network.onnx} is not trained here, so that no spectrum of its training is known; leave it out`,
    );
  if (experiment.data.also !== undefined)
    throw bad(
      `data.also: ${network.onnx} is not trained here, so that nothing would read it; leave data.also out`,
    );
  const picked = network.outputs.filter((type) => type !== null && type !== background);
  const twice = picked.find((type, at) => picked.indexOf(type) !== at);
  if (twice !== undefined) throw bad(`network.outputs: ${twice} is listed twice; name each type once`);
  if (picked.length === 0) throw bad("network.outputs: none is a particle type; name at least one");
  if (network.activation === "softmax" && network.outputs.length === 1)
    throw bad("network.activation: softmax over one output gives 1 everywhere; wanted sigmoid or none");
}

/**
 * Returns the type picked from each output; null for background and for types that are ignored or not scored.
 * @throws PickbenchError BadExperiment for a type that the data set lacks, or where no type is scored
 */
export function pickedChannels(
  { ignore }: Experiment,
  { outputs }: ExternalChoice,
  weights: ReadonlyMap<string, number>,
): (string | null)[] {
  const channels = outputs.map((type) => {
    if (type === null || type === background) return null;
    const weight = weights.get(type);
    if (weight === undefined)
      throw new PickbenchError(
        "BadExperiment",
        `network.outputs: the data set has no ${type}; it has ${[...weights.keys()].join(", ")}`,
      );
    return weight > 0 && !ignore.includes(type) ? type : null;
  });
  if (channels.every((type) => type === null))
    throw new PickbenchError(
      "BadExperiment",
      `network.outputs: none of ${outputs.join(", ")} is scored; name at least one type with a weight`,
    );
  return channels;
}
