import { describe, expect, it } from "vitest";
import { checkParameters, trialName, withValues } from "../../../src/search/trialExperiment.js";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentYaml } from "../../../src/train/experiment/experimentYaml.js";
import { checkSearch } from "../../../src/train/experiment/searchSpace.js";

const origin = "tiny.yaml";
const base = checkExperiment(
  {
    name: "tiny",
    network: "plain",
    splits: { train: 1, tune: 1 },
    loss: [{ kind: "crossEntropy" }],
    budget: "10 steps",
  },
  origin,
);

describe("a search", () => {
  it("is read as parameters in the file's order", () => {
    const search = {
      "optimiser.rate": { log: [1e-4, 5e-3] },
      "target.fraction": { range: [0.3, 0.8] },
      "patch.batch": { integer: [1, 4] },
      "picking.minVolumes.0": { choice: [0.1, 0.2] },
    };
    expect(checkSearch(search, origin)).toEqual([
      { path: "optimiser.rate", kind: "log", low: 1e-4, high: 5e-3 },
      { path: "target.fraction", kind: "range", low: 0.3, high: 0.8 },
      { path: "patch.batch", kind: "integer", low: 1, high: 4 },
      { path: "picking.minVolumes.0", kind: "choice", values: [0.1, 0.2] },
    ]);
  });

  it.each<[unknown, string]>([
    [{}, "tiny.yaml: search: names no parameter; wanted"],
    [null, "tiny.yaml: search: names no parameter"],
    ["optimiser.rate", "tiny.yaml: search: names no parameter"],
    [[{ log: [1, 2] }], 'tiny.yaml: search: "0" is no path'],
    [{ "../up": { log: [1, 2] } }, 'tiny.yaml: search: "../up" is no path'],
    [{ "optimiser.rate": { log: [0, 1] } }, "search.optimiser.rate.log.0: got 0, wanted a number above 0"],
    [
      { "optimiser.rate": { log: [1e-2, 1e-3] } },
      "search.optimiser.rate.log: got a list of 2, wanted two numbers",
    ],
    [
      { "optimiser.rate": { range: [1, 1] } },
      "search.optimiser.rate.range: got a list of 2, wanted two numbers, the",
    ],
    [
      { "optimiser.rate": { range: [1] } },
      "search.optimiser.rate.range: got a list of 1, wanted two numbers",
    ],
    [
      { "patch.batch": { integer: [1, 2.5] } },
      "search.patch.batch.integer.1: got 2.5, wanted a whole number",
    ],
    [
      { "patch.batch": { choice: [] } },
      "search.patch.batch.choice: got a list of 0, wanted one value or more",
    ],
    [{ "optimiser.rate": { lgo: [1, 2] } }, "search: unknown key optimiser.rate.lgo"],
    [{ "optimiser.rate": 3 }, "search.optimiser.rate: got 3, wanted"],
    [{ seed: { integer: [0, 9] } }, "search.seed: cannot be searched, for the best of many seeds is luck"],
    [{ "picking.choice": { choice: ["smooth"] } }, "search.picking.choice: cannot be searched"],
    [{ "splits.tune": { integer: [0, 1] } }, "search.splits.tune: cannot be searched"],
    [
      { target: { choice: [{ kind: "centre" }] }, "target.fraction": { range: [0.1, 1] } },
      "search.target.fraction: lies within search.target",
    ],
  ])("%j is refused in one sentence", (search, message) => {
    const refused = () => checkSearch(search, origin);
    expect(refused).toThrow(expect.objectContaining({ tag: "BadExperiment" }));
    expect(refused).toThrow(message);
    expect(refused).not.toThrow("\n");
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { "optimizer.rate": { log: [1, 2] } },
      "search.optimizer.rate cannot be 1: optimizer.rate: the experiment has no optimizer;",
    ],
    [{ "optimiser.rat": { log: [1, 2] } }, "search.optimiser.rat cannot be 1: unknown key optimiser.rat"],
    [
      { "loss.1.weight": { log: [1, 2] } },
      "search.loss.1.weight cannot be 1: loss.1.weight: the experiment has no loss.1;",
    ],
    [
      { "patch.shape.3": { integer: [4, 8] } },
      "search.patch.shape.3 cannot be 4: the experiment has no patch.shape.3",
    ],
    [
      { "optimiser.rate.low": { range: [1, 2] } },
      "search.optimiser.rate.low cannot be 1: optimiser.rate.low: the experiment has no",
    ],
    [
      { "target.fraction": { range: [0.5, 3] } },
      "search.target.fraction cannot be 3: target.fraction: got 3, wanted number to be <=2",
    ],
    [{ network: { choice: ["plain", "plane"] } }, "search.network cannot be plane: "],
    [
      { "target.constructor": { choice: [1] } },
      "search.target.constructor cannot be 1: unknown key target.constructor",
    ],
  ])("%j is refused by name for what the experiment does not take", (search, message) => {
    expect(() => checkParameters(base, checkSearch(search, origin), origin)).toThrow(message);
  });
});

describe("a trial's experiment", () => {
  const values = { "optimiser.rate": 0.002, "loss.0.backgroundWeight": 0.1, target: { kind: "centre" } };

  it("is the searched one with the trial's values and name alone", () => {
    const trial = withValues(base, values, trialName(base, "trial-003"), origin);
    const expected = structuredClone(base) as unknown as Record<string, Record<string, unknown>>;
    expected.optimiser!.rate = 0.002;
    expected.loss = [{ ...base.loss[0], backgroundWeight: 0.1 }] as unknown as Record<string, unknown>;
    expected.target = { kind: "centre" };
    expect(trial).toEqual({ ...expected, name: "tiny-trial-003" });
    expect(base.optimiser.rate).toBe(1e-3);
  });

  it("keeps within the length that names may have", () => {
    const long = { ...base, name: "a".repeat(64) };
    expect(withValues(long, {}, trialName(long, "trial-003"), origin).name).toHaveLength(64);
  });

  it("names its network's file as seen from where it is written", () => {
    const own = withValues(base, { network: { file: "nets/own.ts" } }, "own", "experiments/tiny.yaml");
    expect(own.network).toEqual({ file: "experiments/nets/own.ts", slices: 1 });
    expect(experimentYaml(own, "runs/a", [])).toContain("file: ../../experiments/nets/own.ts\n");
  });
});
