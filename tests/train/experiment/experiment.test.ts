import { writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  checkExperiment,
  experimentHash,
  experimentText,
  readExperiment,
} from "../../../src/train/experiment/experiment.js";
import { withSettings } from "../../../src/train/experiment/settings.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const least = {
  name: "tiny",
  network: "plain",
  splits: { train: 1 },
  loss: [{ kind: "crossEntropy" }],
  budget: "10 steps",
};
const recipes = fileURLToPath(new URL("../../../experiments", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "experiment-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const refusal = (changes: Readonly<Record<string, unknown>>): string => {
  try {
    checkExperiment({ ...least, ...changes }, "tiny.yaml");
  } catch (error) {
    expect(error).toMatchObject({ tag: "BadExperiment" });
    return (error as Error).message;
  }
  throw new Error("it was not refused");
};

async function refusalOf(text: string): Promise<string> {
  const path = join(folder, "broken.yaml");
  await writeFile(path, text);
  const error: unknown = await readExperiment(path).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ tag: "BadExperiment" });
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  return message.replace(`${path}: `, "");
}

describe("an experiment", () => {
  it("is filled with defaults and frozen to its depth", () => {
    const experiment = checkExperiment(least, "tiny.yaml");
    expect(experiment).toMatchObject({
      networks: "all",
      seed: 0,
      splits: { train: 1, tune: 0, holdout: 0 },
      patch: { shape: [64, 64, 64], batch: 1, backgroundShare: 0.1 },
      augment: { flip: true, intensity: { scale: 0.1 } },
      optimiser: { rate: 1e-3, warmupSteps: "auto", average: "auto" },
      checkpoint: { everySeconds: 30 },
      picking: { method: "watershed" },
    });
    expect(Object.isFrozen(experiment.augment.intensity)).toBe(true);
    expect(() => (experiment.patch.shape as number[]).push(1)).toThrow(TypeError);
  });

  it("keeps its hash where it names its schedules itself", () => {
    const named = {
      ...{ name: "pinned", network: "baseline", splits: { train: 1, tune: 0, holdout: 0 } },
      ...{ loss: [{ kind: "crossEntropy" }], budget: "100 steps", evaluate: { times: 3 } },
      optimiser: { warmupSteps: 50, average: 0.995 },
    };
    // Computed while these numbers were the defaults.
    expect(experimentHash(checkExperiment(named, "a"))).toBe(
      "4e6ef36a1cb909149f0c034f9bd4f5a5a502f64d18e99055493fbc73a67788ed",
    );
  });

  it("has one text and hash whatever the order of its keys, and another for another value", () => {
    const reversed = Object.fromEntries(Object.entries(least).reverse());
    const [one, same] = [checkExperiment(least, "a"), checkExperiment(reversed, "b")];
    expect(experimentText(same)).toBe(experimentText(one));
    expect(checkExperiment(JSON.parse(experimentText(one)), "c")).toEqual(one);
    expect(experimentHash(checkExperiment({ ...least, seed: 1 }, "d"))).not.toBe(experimentHash(one));
  });

  it.each([
    [{ neetwork: "plain" }, /unknown key neetwork; did you mean network\?/],
    [{ patch: { shpe: [64, 64, 64] } }, /unknown key patch\.shpe; did you mean patch\.shape\?/],
    [{ rate: 1e-3 }, /unknown key rate; did you mean optimiser\.rate\?/],
    [{ augment: { intensity: { scael: 1 } } }, /unknown key augment\.intensity\.scael/],
    [
      { loss: [{ kind: "crossEntropy", wieght: 2 }] },
      /unknown key loss\.0\.wieght; did you mean loss\.0\.weight\?/,
    ],
    [{ splits: { trian: 3, tune: 1 } }, /unknown key splits\.trian; did you mean splits\.train\?/],
    [{ splits: { fold: 0, folds: 3, holdout: 1 } }, /unknown key splits\.holdout/],
    [
      { network: undefined, netwrk: "plain" },
      /^tiny\.yaml: unknown key netwrk; did you mean network\? pickbench experiment new/,
    ],
  ])("refuses %j by name", (changes, message) => {
    expect(refusal(changes)).toMatch(message);
  });

  it.each([
    [{ patch: { batch: "two" } }, 'patch.batch: got "two", wanted number'],
    [{ patch: { batch: 0 } }, "patch.batch: got 0, wanted number to be >=1"],
    [{ optimiser: { rate: Number.NaN } }, "optimiser.rate: got NaN, wanted number"],
    [{ patch: { shape: [64, 64] } }, "patch.shape: got a list of 2"],
    [{ loss: [{ kind: "crossentropy" }] }, 'loss.0.kind: got "crossentropy", wanted'],
    [{ loss: [] }, "loss: got a list of 0, wanted"],
    [{ splits: { train: "all" } }, 'splits.train: got "all", wanted array or number or "rest"'],
    [{ splits: 3 }, "splits: got 3, wanted object"],
    [{ splits: undefined }, "splits: got nothing, wanted object"],
    [{ name: "../up" }, 'name: got "../up", wanted letters'],
    [{ seed: 1.5 }, "seed: got 1.5, wanted int"],
    [{ output: "relu" }, 'output: got "relu", wanted'],
    [{ network: "resnext" }, "choose one of baseline, plain"],
    [{ budget: "long" }, 'budget "long"'],
  ])("refuses %j with what was got and wanted", (changes, message) => {
    expect(refusal(changes)).toContain(message);
  });

  it.each([
    [{ networks: "perType" }, "output: softmax"],
    [{ output: "sigmoid" }, "loss: crossEntropy does not go with output: sigmoid"],
    [{ loss: [{ kind: "squaredError" }] }, "loss: squaredError does not go with output: softmax"],
    [
      { output: "heatmap", loss: [{ kind: "tversky" }], target: { kind: "gaussian", sigma: 2 } },
      "loss: tversky does not go with output: heatmap",
    ],
    [
      { output: "heatmap", loss: [{ kind: "squaredError" }] },
      "target: ball does not go with output: heatmap",
    ],
    [{ types: ["ribosome"], ignore: ["ribosome"] }, "types: all of them are ignored"],
  ])("refuses what does not go together: %j", (changes, message) => {
    expect(refusal(changes)).toContain(message);
  });
});

describe("all mistakes at once", () => {
  it("has a line for each, misspelt keys first, and the missing ones that they explain left out", () => {
    const message = refusal({
      optimizer: { rate: 1 },
      patch: { batch: "two", shpe: [1] },
      splits: undefined,
      split: { train: 1 },
      loss: undefined,
      budget: undefined,
    });
    expect(message.split("\n")).toEqual([
      "tiny.yaml: 6 mistakes; pickbench experiment new writes every key with its meaning",
      "  unknown key patch.shpe; did you mean patch.shape?",
      "  unknown key optimizer; did you mean optimiser?",
      "  unknown key split; did you mean splits?",
      '  patch.batch: got "two", wanted number',
      "  loss: got nothing, wanted a list of one loss or more",
      "  budget: got nothing, wanted how long to train, such as 600 steps or 20m",
    ]);
  });

  it.each([
    [{ budget: undefined, buget: "10 steps" }, /^tiny\.yaml: unknown key buget; did you mean budget\? pick/],
    [
      { loss: undefined, los: [{ kind: "tversky" }] },
      /^tiny\.yaml: unknown key los; did you mean loss\? pick/,
    ],
  ])("are one where what trains is misspelt: %j", (changes, message) => {
    expect(refusal(changes)).toMatch(message);
  });

  it("are named too where each value is right and they do not go together", () => {
    const message = refusal({
      network: "unett",
      output: "heatmap",
      head: { offsets: true },
      augment: { mixup: 0.2 },
      types: ["beta-amylase"],
    });
    expect(message.split("\n")[0]).toMatch(/^tiny\.yaml: 6 mistakes;/);
    expect(message).toMatch(/network "unett" is not known; did you mean unet\?/);
    expect(message).toMatch(
      /crossEntropy does not go with output: heatmap; wanted squaredError, absoluteError/,
    );
  });
});

describe("--set", () => {
  const path = () => join(folder, "set.yaml");
  const read = async (...set: string[]) => {
    await writeFile(path(), JSON.stringify(least));
    return readExperiment(path(), { set });
  };

  it("gives what the file would give with the value in it", async () => {
    const experiment = await read("optimiser.rate=3e-4", "loss.0.backgroundWeight=0.2", "types=[ribosome]");
    const inFile = {
      ...least,
      optimiser: { rate: 3e-4 },
      loss: [{ kind: "crossEntropy", backgroundWeight: 0.2 }],
      types: ["ribosome"],
    };
    expect(experiment).toEqual(checkExperiment(inFile, "tiny.yaml"));
    expect(experimentHash(experiment)).toBe(experimentHash(checkExperiment(inFile, "tiny.yaml")));
    expect((await read("network=plain", "network=unet", "splits.tune=1")).network).toBe("unet");
  });

  it.each([
    ["optimiser.rat=1", "an experiment has no key optimiser.rat; did you mean optimiser.rate?"],
    ["optimizer.rate=1", "an experiment has no key optimizer.rate; did you mean optimiser.rate?"],
    ["loss.1.alpha=1", "there is no 1 in a list of 1; positions count from 0"],
    ["network.slices=3", 'network is "plain" in the file and has no keys; set network as a whole'],
    ["optimiser.rate", "wanted KEY.PATH=VALUE"],
    ["types=[a", "its value is not YAML"],
  ])("refuses %s", async (setting, message) => {
    await expect(read(setting)).rejects.toMatchObject({ tag: "BadUsage" });
    await expect(read(setting)).rejects.toThrow(`--set ${setting}: ${message}`);
  });

  it("is checked like the file", async () => {
    await expect(read("patch.batch=two")).rejects.toThrow('patch.batch: got "two", wanted number');
  });
});

describe("an experiment's file", () => {
  it("is read, with the command line's seed and budget over its own", async () => {
    const path = join(folder, "good.yaml");
    await writeFile(path, `${JSON.stringify(least)}\n`);
    expect(await readExperiment(path, { seed: 7, budget: "2m" })).toMatchObject({ seed: 7, budget: "2m" });
    expect(await readExperiment(path, { seed: undefined })).toMatchObject({ seed: 0, budget: "10 steps" });
  });

  it.each([
    ["", /^it holds no keys/],
    ["# nothing but a comment\n", /^it holds no keys/],
    ["- a list\n", /^it holds no keys/],
    ["name: a\nnetwork: plain\nloss: [\n", /^line \d is not valid YAML/],
    ["name: a\nnetwork: plain\nname: b\n", /^line 3 is not valid YAML .*unique/],
    ["name: a\n  network: plain\n", /^line [12] is not valid YAML/],
    ["name: a\n---\nname: b\n", /^line 2 is not valid YAML/],
    ["name: *nobody\n", /Unresolved alias|cannot be resolved/],
    [`a: &a [x,x,x,x]\nb: &b [${"*a,".repeat(9)}]\nc: [${"*b,".repeat(9)}]\n`, /aliases cannot be resolved/],
  ])("is refused in one line where it holds %j", async (text, message) => {
    expect(await refusalOf(text)).toMatch(message);
  });

  it("is refused where it holds itself", async () => {
    const path = join(folder, "itself.yaml");
    await writeFile(path, "a: &a { self: *a }\n");
    await expect(readExperiment(path)).rejects.toThrow(/itself\.yaml: \d mistakes;.*unknown key a/s);
  });

  it("has no leaderboard key unless it is given, so that hashes stay; a share is drawn by seed 0", () => {
    expect(checkExperiment(least, "x.yaml")).not.toHaveProperty("leaderboard");
    const { leaderboard } = checkExperiment({ ...least, leaderboard: { public: 0.27 } }, "x.yaml");
    expect(leaderboard).toEqual({ public: 0.27, seed: 0 });
    expect(refusal({ leaderboard: { publik: 0.27 } })).toMatch(/leaderboard/);
  });

  it("has no keys of how patches are drawn and mixed unless they are given, so that hashes stay", () => {
    const { patch, augment } = checkExperiment(least, "x.yaml");
    expect(Object.keys(patch)).toEqual(["shape", "batch", "backgroundShare"]);
    expect(augment).not.toHaveProperty("mixReconstructions");
  });

  it.each([
    [{ patch: { weights: { ribosome: 0 } } }, "patch.weights.ribosome: got 0, wanted number to be >0"],
    [{ patch: { weights: 2 } }, "patch.weights: got 2, wanted"],
    [{ patch: { weight: { ribosome: 2 } } }, "unknown key patch.weight; did you mean patch.weights?"],
    [
      { patch: { weights: { ribosome: 2 } }, networks: "perType", output: "sigmoid" },
      "patch.weights: with networks: perType each network draws patches of its own type alone",
    ],
    [{ patch: { hardShare: 1.5 } }, "patch.hardShare: got 1.5, wanted number to be <=1"],
    [
      { patch: { hardShare: 0.5, backgroundShare: 0.6 } },
      "patch.hardShare: got 0.5 beside patch.backgroundShare 0.6, wanted at most 1 together",
    ],
    [{ patch: { mineAt: [0.5] } }, "patch.mineAt: false picks are not drawn; wanted patch.hardShare above 0"],
    [
      { patch: { hardShare: 0.2, mineAt: [0.5, 0.4] } },
      "patch.mineAt: got a list of 2, wanted rising numbers",
    ],
    [{ patch: { hardShare: 0.2, mineAt: [1] } }, "patch.mineAt.0: got 1, wanted number to be <1"],
    [
      { augment: { mixReconstructions: true } },
      "augment.mixReconstructions: got 1 reconstruction to train on, wanted two or more in data.trainOn",
    ],
  ])("refuses %j", (changes, message) => {
    expect(refusal(changes)).toContain(message);
  });

  it("is refused where it is missing, or a folder", async () => {
    for (const path of [join(folder, "missing.yaml"), folder])
      await expect(readExperiment(path)).rejects.toMatchObject({
        tag: "BadExperiment",
        message: expect.stringContaining(`${path}: it cannot be read`),
      });
  });

  it("is valid for every recipe in experiments/, whose name is the file's", async () => {
    const files = (await readdir(recipes)).filter((name) => name.endsWith(".yaml"));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files)
      expect((await readExperiment(join(recipes, file))).name).toBe(file.slice(0, -5));
  });
});

describe("names and lists", () => {
  const named = async (text: string, set: string[] = []) => {
    const path = join(temporaryFolder(), "names.yaml");
    writeFileSync(
      path,
      `name: a\nnetwork: baseline\nloss: [{kind: crossEntropy}]\nbudget: 1 steps\n${text}\n`,
    );
    return readExperiment(path, { set });
  };

  it("takes numbers and the like in lists of names letter by letter", async () => {
    const { splits, types, ignore, data } = await named(
      "splits: {train: [7, 007, 1e3, 2024-01-02], tune: [0x10], holdout: [true, a]}\ntypes: [80]\nignore: [26]\ndata: {trainOn: [1]}",
    );
    expect(splits).toEqual({
      train: ["7", "007", "1e3", "2024-01-02"],
      tune: ["0x10"],
      holdout: ["true", "a"],
    });
    expect([types, ignore, data.trainOn]).toEqual([["80"], ["26"], ["1"]]);
    const set = ["splits.train=[08, 9]", "data.tomogram=10"];
    const changed = await named("splits: {train: rest}", set);
    expect([changed.splits, changed.data.tomogram]).toEqual([
      { train: ["08", "9"], tune: 0, holdout: 0 },
      "10",
    ]);
    expect((await named("splits: {train: 1}", ["splits={train: [1], tune: [02]}"])).splits).toMatchObject({
      train: ["1"],
      tune: ["02"],
    });
  });

  it("takes them so wherever --set puts them", async () => {
    const set = ["data={tomogram: 7, trainOn: [08]}", "splits={train: [1, 2]}", "splits.train.1=003"];
    const { data, splits } = await named("splits: {train: rest}\ntypes: [a, b]", set);
    expect([data.tomogram, data.trainOn, splits]).toMatchObject(["7", ["08"], { train: ["1", "003"] }]);
    expect((await named("splits: {train: rest}\ntypes: [a, b]", ["types.1=1e3"])).types).toEqual([
      "a",
      "1e3",
    ]);
    expect((await named("splits: {train: rest}", ["splits.train=2"])).splits).toMatchObject({ train: 2 });
  });

  it.each([
    ["types: [ribosome, ribosome]", "types", "ribosome"],
    ["ignore: [a, b, a]", "ignore", "a"],
    ["data: {trainOn: [wbp, wbp]}", "data.trainOn", "wbp"],
    ["picking: {thresholds: [0.1, 0.1]}", "picking.thresholds", "0.1"],
    ["picking: {minVolumes: [0, 0]}", "picking.minVolumes", "0"],
    ["leaderboard: {public: [x, x]}", "leaderboard.public", "x"],
  ])("refuses what stands twice in %s", async (text, key, name) => {
    await expect(named(`splits: {train: 1}\n${text}`)).rejects.toThrow(
      `${key}: got a list of ${text.split(",").length}, wanted each once, but ${name} stands there several times`,
    );
  });

  it("refuses a run that stands twice in a role", async () => {
    await expect(named("splits: {train: [a, a]}")).rejects.toThrow(
      /splits.train: got a list of 2, wanted each once, but a stands there several times/,
    );
  });

  it("takes a recipe of the package where no file of that path lies, and no other file of the package", async () => {
    const { name } = await readExperiment("experiments/quickstart.yaml");
    const before = process.cwd();
    try {
      process.chdir(temporaryFolder());
      expect((await readExperiment("experiments/quickstart.yaml")).name).toBe(name);
      await expect(readExperiment("package.json")).rejects.toThrow(/package.json: it cannot be read/);
      await expect(readExperiment("experiments/none.yaml")).rejects.toThrow(/none.yaml: it cannot be read/);
    } finally {
      process.chdir(before);
    }
  });

  it("hashes a network's file by content where its hash is known", () => {
    const of = (network: object) =>
      experimentHash(
        checkExperiment(
          { name: "a", network, splits: { train: 1 }, loss: [{ kind: "crossEntropy" }], budget: "1 steps" },
          "test",
        ),
      );
    const [a, b] = [
      { file: "a.ts", sha256: "1" },
      { file: "../b.ts", sha256: "1" },
    ];
    expect(of(a)).toBe(of(b));
    expect(of({ ...a, sha256: "2" })).not.toBe(of(a));
    expect(of({ ...a, slices: 3 })).not.toBe(of(a));
    expect(of({ file: "a.ts" })).not.toBe(of({ file: "b.ts" }));
  });
});

it.each([
  ["lists", (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`],
  ["mappings", (depth: number) => `${"{a: ".repeat(depth)}1${"}".repeat(depth)}`],
  ["blocks", (depth: number) => `${"- ".repeat(depth)}1`],
])("YAML that nests too deeply is refused in a sentence: %s", async (_, nested) => {
  const path = join(folder, "deep.yaml");
  for (const depth of [250, 20_000]) {
    await writeFile(path, `name: ${nested(depth)}\n`.replace("name: -", "name:\n  -"));
    await expect(readExperiment(path)).rejects.toMatchObject({
      tag: "BadExperiment",
      message: expect.stringMatching(/deep.yaml: it nests deeper than 200 levels; write it flatter$/),
    });
    expect(() => withSettings({}, [`name=${nested(depth)}`])).toThrow(
      /^--set name=.* it nests deeper than 200/s,
    );
  }
});
