import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { buildNetwork } from "../../../src/nets/architecture.js";
import { architectureNamed, architectures } from "../../../src/nets/library/catalogue.js";
import { allKeys } from "../../../src/system/schema/keys.js";
import { draftExperiment } from "../../../src/train/draft/draft.js";
import type { DataSurvey } from "../../../src/train/draft/survey.js";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentSchema } from "../../../src/train/experiment/schema.js";

const starter = readFileSync(new URL("../../../src/commands/train/starter.yaml", import.meta.url), "utf8");
const survey: DataSurvey = {
  data: "my data",
  tomogram: "wbp",
  voxelSpacing: undefined,
  shape: [40, 50, 630],
  spacing: 10,
  runs: ["007", "TS_2", "TS_3"].map((name) => ({ name, picks: new Map([["ribosome", 3]]) })),
  types: ["apo-ferritin", "beta-amylase", "ribosome"],
  features: ["carbon", "membrane"],
};
const drafted = (wishes: Parameters<typeof draftExperiment>[1], found: DataSurvey | undefined = survey) => {
  const { text, notes } = draftExperiment(starter, wishes, found);
  return { text, notes, experiment: checkExperiment(parse(text), "draft") };
};

describe("a drafted experiment", () => {
  test("fits the data set, and keeps every key and comment of the starter", () => {
    const { text, notes, experiment } = drafted({ name: "mine", budget: "20m", spacing: 9 });
    expect(experiment).toMatchObject({
      name: "mine",
      network: "baseline",
      data: { tomogram: "wbp", spacing: 9 },
      splits: { train: "rest", tune: 1, holdout: 1 },
      types: ["ribosome"],
      patch: { shape: [40, 48, 64] },
      budget: "20m",
    });
    expect(notes).toContain("Left out, for no run to train on has any of them: apo-ferritin.");
    expect(allKeys(experimentSchema).filter((path) => !text.includes(`${String(path.at(-1))}:`))).toEqual([]);
    const comments = (of: string) => of.split("\n").filter((line) => /^ *# (?!\w+: )/.test(line));
    expect(comments(text)).toEqual(expect.arrayContaining(comments(starter).slice(6)));
  });

  test.each(architectures.map(({ name }) => name))("of %s takes its multiples", (network) => {
    const large = { ...survey, shape: [184, 630, 630] as const };
    const { experiment } = drafted({ network }, large);
    expect(experiment.network).toBe(network);
    const { multiple } = buildNetwork(architectureNamed(network), { outputs: 1 });
    expect(experiment.patch.shape.map((size, axis) => size % multiple[axis]!)).toEqual([0, 0, 0]);
    expect(experiment.patch.shape.every((size) => size >= 4 && size <= 64)).toBe(true);
  });

  test("has features beside types where they are asked for, and alone where nobody picked", () => {
    const runs = survey.runs.map((run) => ({ ...run, features: ["membrane"] }));
    const both = drafted({ features: ["membrane"] }, { ...survey, runs }).experiment;
    expect(both).toMatchObject({ types: ["ribosome"], features: ["membrane"], output: "sigmoid" });
    const unpicked = runs.map((run) => ({ ...run, picks: new Map<string, number>() }));
    const alone = drafted({}, { ...survey, runs: unpicked });
    expect(alone.experiment).toMatchObject({ types: [], features: ["membrane"], output: "sigmoid" });
    expect(alone.notes).toContain("Left out, for no run to train on has any of them: carbon.");
    expect(drafted({}).notes).toContain("There are masks too: --features carbon,membrane segments them.");
    expect(() => drafted({ features: ["membran"] })).toThrow(/--features: .*did you mean membrane\?/);
  });

  test("names what is not there, and what a network cannot take", () => {
    expect(() => drafted({ types: ["ribosom"] })).toThrow(/--types: .*did you mean ribosome\?/);
    expect(() => drafted({ network: "baselin" })).toThrow(/did you mean baseline/);
    expect(() => drafted({ budget: "soon" })).toThrow(/budget/);
    expect(() => drafted({}, { ...survey, shape: [2, 50, 50] })).toThrow(
      /smallest volume has 2×50×50 .*--network/,
    );
    const empty = { ...survey, features: [], runs: [{ name: "A", picks: new Map() }] };
    expect(() => drafted({}, empty)).toThrow(/none of its 1 runs .*has a pick or mask of/);
  });

  test("without a data set is the starter", () => {
    expect(draftExperiment(starter, {})).toEqual({ text: starter, notes: [] });
    const { text } = draftExperiment(starter, { network: "unet", types: ["a"] });
    expect(checkExperiment(parse(text), "draft")).toMatchObject({ network: "unet", types: ["a"] });
  });
});
