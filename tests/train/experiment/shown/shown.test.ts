import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkExperiment } from "../../../../src/train/experiment/experiment.js";
import { experimentSchema } from "../../../../src/train/experiment/schema.js";
import { annotatedYaml } from "../../../../src/train/experiment/shown/annotatedYaml.js";
import {
  differencesText,
  experimentDifferences,
} from "../../../../src/train/experiment/shown/differences.js";

const base = {
  name: "a",
  network: "baseline",
  splits: { train: "rest", tune: 1 },
  loss: [{ kind: "crossEntropy", backgroundWeight: 0.1 }, { kind: "tversky" }],
  budget: "5 steps",
};
const experiment = (changes: Readonly<Record<string, unknown>> = {}) =>
  checkExperiment({ ...base, ...changes }, "x");

describe("differences", () => {
  test("are keys with both values, defaults filled in", () => {
    const other = experiment({
      optimiser: { rate: 2e-3 },
      types: ["ribosome"],
      target: { kind: "gaussian", sigma: 2 },
      loss: [{ kind: "crossEntropy", backgroundWeight: 0.2 }, { kind: "tversky" }],
    });
    expect(experimentDifferences(experiment(), other)).toEqual([
      { key: "target.kind", a: "ball", b: "gaussian" },
      { key: "target.fraction", a: 0.5, b: undefined },
      { key: "target.sigma", a: undefined, b: 2 },
      { key: "loss.0.backgroundWeight", a: 0.1, b: 0.2 },
      { key: "optimiser.rate", a: 0.001, b: 0.002 },
      { key: "types", a: undefined, b: ["ribosome"] },
    ]);
    expect(experimentDifferences(experiment(), experiment({ optimiser: { rate: 1e-3 } }))).toEqual([]);
  });

  test("of lists of other lengths and kinds of values are of the whole or of what is more", () => {
    const one = experiment({ loss: base.loss.slice(0, 1), network: { architecture: "unet", slices: 3 } });
    expect(experimentDifferences(experiment(), one)).toEqual([
      { key: "network", a: "baseline", b: { architecture: "unet", slices: 3 } },
      { key: "loss.1", a: expect.objectContaining({ kind: "tversky" }), b: undefined },
    ]);
  });

  test("are few in a sentence", () => {
    const many = experiment({
      optimiser: { rate: 1, beta1: 0, beta2: 0, epsilon: 1, clipNorm: 2, average: 0 },
    });
    expect(differencesText(experimentDifferences(experiment(), many))).toMatch(
      /^optimiser\.rate is 0\.001 there, 1 here; .*; and 2 keys more$/,
    );
  });
});

describe("the annotated YAML", () => {
  const changed = experiment({
    optimiser: { rate: 2e-3 },
    types: ["ribosome"],
    patch: { shape: [16, 32, 32] },
  });
  const text = annotatedYaml(changed);

  test("is the experiment", () => expect(checkExperiment(parse(text), "x")).toEqual(changed));

  test("has a word above every key that the schema describes, and marks what is changed", () => {
    const lines = text.split("\n");
    const above = (key: string) =>
      lines[lines.findIndex((line) => line.trim().startsWith(`${key}:`)) - 1]!.trim();
    expect(above("weightDecay")).toBe("# weight decay of AdamW");
    for (const [key, { description }] of Object.entries(experimentSchema.shape))
      if (description !== undefined && key in changed) expect(above(key), key).toMatch(/^# /);
    expect(above("rate")).toBe("# changed; default 0.001");
    expect(above("shape")).toBe("# changed; default [64,64,64]");
    expect(above("types")).toBe("# changed; absent by default");
    expect(lines.filter((line) => line.includes("# changed;")).length).toBe(3);
  });
});
