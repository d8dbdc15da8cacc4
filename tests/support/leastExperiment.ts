/** The least experiment that trains a network, for tests that are about a few keys. */
import { checkExperiment } from "../../src/train/experiment/experiment.js";
import type { Experiment } from "../../src/train/experiment/schema.js";

export const leastExperiment = {
  name: "least",
  network: "plain",
  splits: { train: 1 },
  loss: [{ kind: "crossEntropy" }],
  budget: "1 step",
};

/** Returns the least experiment with all defaults filled in; `changes` replace whole keys. */
export const experimentWith = (changes: object = {}): Experiment =>
  checkExperiment({ ...leastExperiment, ...changes }, "least.yaml");
