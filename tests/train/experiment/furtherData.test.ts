import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { experimentHash, readExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentYaml } from "../../../src/train/experiment/experimentYaml.js";
import { experimentWith, leastExperiment } from "../../support/leastExperiment.js";

const withAlso = (also: unknown, changes: object = {}) => experimentWith({ data: { also }, ...changes });

it("paths of further data sets are relative to the experiment's file, and move with it; addresses stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "also-"));
  const also = [
    { data: "../simulated", share: 0.3 },
    { data: "https://data.example/set", share: 0.1 },
  ];
  mkdirSync(join(folder, "experiments"));
  const path = join(folder, "experiments", "least.yaml");
  writeFileSync(path, JSON.stringify({ ...leastExperiment, data: { also } }));
  const experiment = await readExperiment(path);
  expect(experiment.data.also).toEqual([
    { data: relative(".", join(folder, "simulated")), share: 0.3 },
    also[1],
  ]);
  const yaml = parse(experimentYaml(experiment, join(folder, "elsewhere"), []));
  expect(yaml.data.also).toEqual(also);
});

it("an experiment is the same wherever its further data sets lie, and another with another share", () => {
  const hash = (data: string, share: number) => experimentHash(withAlso([{ data, share }]));
  expect(hash("b", 0.3)).toBe(hash("a", 0.3));
  expect(hash("a", 0.4)).not.toBe(hash("a", 0.3));
  expect(hash("a", 0.3)).not.toBe(experimentHash(experimentWith()));
  expect(experimentWith().data).not.toHaveProperty("also");
});

it.each([
  [[{ data: "a", share: 0 }], "data.also.0.share: got 0, wanted number to be >0"],
  [[{ data: "a" }], "data.also.0.share: got nothing, wanted number"],
  [[{ data: "a", share: 0.5, runs: 3 }], "unknown key data.also.0.runs"],
  [[], "data.also: got a list of 0, wanted"],
  [
    [
      { data: "a", share: 0.5 },
      { data: "b", share: 0.5 },
    ],
    "data.also: got shares of 1 together, wanted less than 1",
  ],
])("%j is refused", (also, message) => {
  expect(() => withAlso(also)).toThrow(message);
});

it("is refused with features, whose masks it has not", () => {
  expect(() => withAlso([{ data: "a", share: 0.5 }], { features: ["membrane"] })).toThrow(
    "data.also: masks are read from the data set itself alone",
  );
});
