/** The key `features` of an experiment: what it may say, what it changes, and what does not go with it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { withValues } from "../../../src/search/trialExperiment.js";
import { checkExperiment, experimentHash, readExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentYaml } from "../../../src/train/experiment/experimentYaml.js";
import { networksOf } from "../../../src/train/fit/networks.js";
import { leastExperiment } from "../../support/leastExperiment.js";

const least = { ...leastExperiment, features: ["membrane"], loss: [{ kind: "binaryCrossEntropy" }] };

const refusal = (changes: Readonly<Record<string, unknown>>): string => {
  try {
    checkExperiment({ ...least, ...changes }, "tiny.yaml");
  } catch (error) {
    expect(error).toMatchObject({ tag: "BadExperiment" });
    return (error as Error).message;
  }
  throw new Error("it was not refused");
};

describe("features", () => {
  test("make the output sigmoid, and leave other experiments as they were", () => {
    expect(checkExperiment(least, "tiny.yaml")).toMatchObject({ output: "sigmoid", features: ["membrane"] });
    const { features: _, ...plain } = { ...least, loss: [{ kind: "crossEntropy" }] };
    expect(checkExperiment(plain, "tiny.yaml")).not.toHaveProperty("features");
    expect(checkExperiment(plain, "tiny.yaml").output).toBe("softmax");
  });

  test("are names, or mappings with all that is said of their masks", () => {
    const { features } = checkExperiment(
      {
        ...least,
        features: [
          "membrane",
          {
            name: "carbon",
            masks: "m/{run}.mrc",
            label: 3,
            ignore: 2,
            annotated: { boxes: { TS_1: [[0, 0, 0, 4, 5, 6]] } },
          },
        ],
      },
      "tiny.yaml",
    );
    expect(features?.[1]).toMatchObject({ annotated: { boxes: { TS_1: [[0, 0, 0, 4, 5, 6]] } } });
  });

  test.each([
    [
      { output: "softmax", loss: [{ kind: "tversky" }] },
      /output: softmax does not go with features, of which a voxel may have several or none; wanted sigmoid/,
    ],
    [
      { output: "heatmap", target: { kind: "gaussian", sigma: 3 }, loss: [{ kind: "squaredError" }] },
      /output: heatmap does not go with features/,
    ],
    [{ loss: [{ kind: "crossEntropy" }] }, /loss: crossEntropy does not go with output: sigmoid/],
    [
      { head: { offsets: true }, picking: { method: "peaks" } },
      /head.offsets: offsets lead to particles, and features have none/,
    ],
    [{ features: ["a", "a"] }, /features: a is listed twice/],
    [{ types: ["a"], features: ["a"] }, /features: a is among the types too/],
    [
      { features: [{ name: "a", masks: "{run}.mrc", user: "me" }] },
      /a has masks of its own, so that no user is looked up/,
    ],
    [{ features: [{ name: "a", label: 2, ignore: 2 }] }, /label and ignore are both 2/],
    [
      { features: [{ name: "a", masks: "one.mrc" }] },
      /features.0.masks: got "one.mrc", wanted a path with \{run\} in place of the run's name/,
    ],
    [
      { features: [{ name: "a", lable: 2 }] },
      /unknown key features.0.lable; did you mean features.0.label\?/,
    ],
    [{ features: [{ name: "a", annotated: "slice" }] }, /features.0.annotated: got "slice"/],
    [
      { features: [{ name: "a", annotated: { boxes: { R: [[0, 0, 0, 0, 1, 1]] } } }] },
      /ends lie after its starts/,
    ],
    [{ features: ["a/b"] }, /a name that can be a file's/],
    [{ features: [] }, /features: got a list of 0/],
    [
      { features: undefined, output: undefined, types: [], loss: [{ kind: "tversky" }] },
      /types: got a list of 0, wanted one type or more, or features beside it/,
    ],
  ])("refuses %j", (changes, message) => {
    expect(refusal(changes)).toMatch(message);
  });

  test("lists all mistakes at once", () => {
    const message = refusal({
      features: [
        { name: "a", lable: 1 },
        { name: "b", masks: "x" },
      ],
      seed: -1,
    });
    for (const part of [/features.0.lable/, /features.1.masks/, /seed/]) expect(message).toMatch(part);
  });
});

test("paths are relative to the experiment's file, and no part of its hash", async () => {
  const folder = await mkdtemp(join(tmpdir(), "features-"));
  try {
    const features = [{ name: "a", masks: "m/{run}.mrc", annotated: { mask: "k/{run}.mrc" } }];
    const text = JSON.stringify({ ...least, features });
    await mkdir(join(folder, "deep"));
    const paths = [join(folder, "tiny.yaml"), join(folder, "deep", "tiny.yaml")];
    for (const path of paths) await writeFile(path, text);
    const [here, there] = [await readExperiment(paths[0]!), await readExperiment(paths[1]!)];
    expect(here.features).toEqual([
      {
        name: "a",
        masks: relative(".", join(folder, "m", "{run}.mrc")),
        annotated: { mask: relative(".", join(folder, "k", "{run}.mrc")) },
      },
    ]);
    expect(there.features).not.toEqual(here.features);
    const copy = join(folder, "deep", "copy.yaml");
    await writeFile(copy, experimentYaml(here, join(folder, "deep"), []));
    expect((await readExperiment(copy)).features).toEqual(here.features);
    const tried = withValues(here, { features }, "tried", paths[1]!);
    expect(tried.features).toEqual(there.features);
    expect(experimentHash(there)).toBe(experimentHash(here));
    const other = checkExperiment(
      { ...here, features: [{ ...(here.features![0] as object), label: 2 }] },
      "x",
    );
    expect(experimentHash(other)).not.toBe(experimentHash(here));
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe("networks", () => {
  const plain = { architecture: "plain" };
  const of = (changes: Readonly<Record<string, unknown>>) =>
    networksOf(checkExperiment({ ...least, ...changes }, "tiny.yaml"), challengeParticles, plain);

  test("of all have the features after the types", () => {
    const [network, second] = of({ types: ["ribosome", "beta-amylase"], features: ["membrane", "carbon"] });
    expect(second).toBeUndefined();
    expect(network).toMatchObject({
      network: { outputs: 4 },
      channels: ["ribosome", null, "membrane", "carbon"],
      features: ["membrane", "carbon"],
      activation: "sigmoid",
    });
    expect(of({ types: [] })[0]).toMatchObject({ network: { outputs: 1 }, channels: ["membrane"] });
  });

  test("per type are per feature too", () => {
    const networks = of({ types: ["ribosome"], features: ["membrane", "carbon"], networks: "perType" });
    expect(networks.map(({ name, channels, features }) => [name, channels, features])).toEqual([
      ["ribosome", ["ribosome"], []],
      ["membrane", ["membrane"], ["membrane"]],
      ["carbon", ["carbon"], ["carbon"]],
    ]);
  });

  test("learn nothing as a type and as a feature", () => {
    expect(() => of({ features: ["ribosome"] })).toThrow(
      /features: ribosome is among the types too; learn it as a type or as a feature, with types: \["apo-ferritin",/,
    );
  });
});
