/** Which runs a network's earlier trainings keep from being held out. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { dataManifest, runFingerprints } from "../../../src/data/manifest.js";
import { readRunPicks } from "../../../src/data/picks.js";
import type { EnsembleRecord } from "../../../src/train/checkpoint/ensembleRecord.js";
import {
  type Generation,
  joined,
  type Lineage,
  lineageOf,
  lineageOfTrained,
  type SeenRun,
  tunedAlso,
  unknownLineage,
} from "../../../src/train/checkpoint/lineage.js";
import { experimentHash } from "../../../src/train/experiment/experiment.js";
import { checkAncestry, checkFurther, isSame } from "../../../src/train/transfer/ancestry.js";
import { experimentWith } from "../../support/leastExperiment.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const hash = (letter: string) => letter.repeat(64);
const seen = (run: string, tomogram: string | null, picks: string | null): SeenRun => ({
  run,
  picks: picks && hash(picks),
  tomograms: tomogram ? [hash(tomogram)] : [],
});
const byName = (run: string): SeenRun => seen(run, null, null);
const generation = (
  experiment: string,
  train: SeenRun[] | null,
  tune: SeenRun[] | null = [],
): Generation => ({
  experiment,
  experimentHash: null,
  types: null,
  roles: { train, tune },
});

function check(lineage: Generation[], roles: { tune?: SeenRun[]; holdout?: SeenRun[] }): string[] {
  const { tune = [], holdout = [] } = roles;
  const now = new Map([...tune, ...holdout].map((each) => [each.run, each]));
  const names = { tune: tune.map(({ run }) => run), holdout: holdout.map(({ run }) => run) };
  return checkAncestry({ path: "old.safetensors", lineage }, names, now);
}

describe("two runs are the same", () => {
  it.each<[string, SeenRun, SeenRun, boolean]>([
    ["by a tomogram, whatever they are called", seen("TS_1", "a", "c"), seen("TS_9", "a", "d"), true],
    [
      "by one tomogram of several",
      { ...seen("TS_1", "a", "c"), tomograms: [hash("b"), hash("a")] },
      seen("X", "a", null),
      true,
    ],
    ["by name and picks", seen("TS_1", "a", "c"), seen("TS_1", "b", "c"), true],
    ["by name where one side has no hashes", byName("TS_1"), seen("TS_1", "a", "c"), true],
    ["not by picks of other names", seen("TS_1", "a", "c"), seen("TS_2", "b", "c"), false],
    ["not by a name alone where both have hashes", seen("TS_1", "a", "c"), seen("TS_1", "b", "d"), false],
    ["not where nothing is shared", byName("TS_1"), byName("TS_2"), false],
  ])("%s", (_, a, b, wanted) => {
    expect([isSame(a, b), isSame(b, a)]).toEqual([wanted, wanted]);
  });
});

describe("a held-out run", () => {
  const lineage = [
    generation("child", [seen("TS_2", "b", "b")]),
    generation("parent", [seen("TS_3", "c", "c")], [seen("TS_4", "d", "d")]),
    generation("grandparent", [seen("TS_1", "a", "a")]),
  ];

  it.each<[string, SeenRun, RegExp]>([
    [
      "the grandparent was trained on",
      seen("TS_1", "a", "x"),
      /TS_1 was trained on by grandparent, generation 3 of the 3/,
    ],
    [
      "it knew under another name",
      seen("new", "c", "x"),
      /new was trained on by parent under the name TS_3, generation 2/,
    ],
    ["the parent was tuned on", seen("TS_4", "d", "d"), /TS_4 was tuned on by parent/],
  ])("that %s is refused by name", (_, run, message) => {
    expect(() => check(lineage, { holdout: [seen("other", "e", "e"), run] })).toThrow(message);
  });

  it("that nobody saw is not, and one of another specimen's name is noted", () => {
    expect(check(lineage, { holdout: [seen("TS_9", "e", "e")], tune: [seen("TS_8", "f", "f")] })).toEqual([]);
    expect(check(lineage, { holdout: [seen("TS_1", "e", "e")] })).toEqual([
      expect.stringMatching(/TS_1 of grandparent has the same name, other voxels and other picks/),
    ]);
  });
});

it("a tune run that was trained on is warned of, one that was tuned on is not", () => {
  const lineage = [generation("child", [seen("TS_2", "b", "b")], [seen("TS_4", "d", "d")])];
  expect(check(lineage, { tune: [seen("TS_4", "d", "d")] })).toEqual([]);
  expect(check(lineage, { tune: [seen("TS_2", "b", "b")] })).toEqual([
    expect.stringMatching(/^warning: TS_2 is tuned on, and child, .* was trained on it/),
  ]);
});

it("of a training whose runs are not known it is said that they are not, in every later generation", () => {
  const lineage = joined([generation("child", [byName("TS_2")])], unknownLineage("model.onnx"));
  expect(check(lineage, { holdout: [byName("TS_1")] })).toEqual([
    expect.stringMatching(/^warning: old\.safetensors: not all runs are known that model\.onnx was/),
  ]);
});

it("of a checkpoint without lineage are the runs that its experiment names", () => {
  const experiment = (splits: object) => experimentWith({ name: "old", splits });
  const [named] = lineageOf({ experiment: experiment({ train: ["TS_1"], tune: 0, holdout: ["TS_2"] }) });
  expect(named!.roles).toEqual({ train: [byName("TS_1")], tune: [] });
  expect(() => check([named!], { holdout: [seen("TS_1", "a", "a")] })).toThrow(/TS_1 was trained on by old/);
  const [counted] = lineageOf({ experiment: experiment({ train: "rest", tune: ["TS_1"] }) });
  expect(counted!.roles).toEqual({ train: null, tune: [byName("TS_1")] });
  const [fold] = lineageOf({ experiment: experiment({ fold: 0, folds: 4 }) });
  expect(fold!.roles).toEqual({ train: null, tune: null });
});

it("of an ensemble without lineage are the runs of its members that count, and those it was tuned on", () => {
  const experiment = experimentWith({ name: "a", splits: { train: ["TS_1"] } });
  const member = (name: string, weight: number, trainedOn: string[] | null) => ({
    ...{ sha256: hash("a"), experiment: name, weight, score: 0, trainedOn },
  });
  const members = [member("a", 0.5, ["TS_1"]), member("b", 0.5, ["TS_2"]), member("c", 0, ["TS_3"])];
  const ensemble: EnsembleRecord = { average: "weights", choice: "greedy", tune: ["TS_4"], members };
  const lineage = [...lineageOf({ experiment, ensemble })];
  const held = (run: string) => () => check(lineage, { holdout: [seen(run, "a", "a")] });
  expect(held("TS_2")).toThrow(/TS_2 was trained on by b/);
  expect(held("TS_4")).toThrow(/TS_4 was tuned on by ensemble of a, b, c/);
  expect(held("TS_3")()).toEqual([expect.stringMatching(/not all runs are known that a, b was trained/)]);
  const now = { experimentHash: experimentHash(experiment), lineage: [generation("a", [byName("TS_1")])] };
  expect(lineageOfTrained({ experiment, ensemble }, now)).toEqual(lineage);
});

it("tuning again an older checkpoint keeps what its own experiment trained on, not what another one would", () => {
  const experiment = (train: string[]) => experimentWith({ name: "old", splits: { train } });
  const [old, other] = [experiment(["TS_1"]), experiment(["TS_2"])];
  const now = (given: typeof old, run: string) => ({
    experimentHash: experimentHash(given),
    lineage: [generation("old", [seen(run, "a", "a")])],
  });
  const trainedOn = (lineage: Lineage) => lineage[0]!.roles.train;
  expect(trainedOn(lineageOfTrained({ experiment: old }, now(old, "TS_1")))).toEqual([
    seen("TS_1", "a", "a"),
  ]);
  expect(trainedOn(lineageOfTrained({ experiment: old }, now(other, "TS_2")))).toEqual([byName("TS_1")]);
  const lineage = [generation("known", [byName("TS_7")])];
  expect(lineageOfTrained({ experiment: old, lineage }, now(old, "TS_1"))).toBe(lineage);
});

it("tuning again adds runs to the own training alone", () => {
  const before = [generation("child", [byName("TS_1")], [byName("TS_2")]), generation("parent", [], [])];
  expect(tunedAlso(before, [byName("TS_2")])).toEqual(before);
  expect(tunedAlso(before, [byName("TS_3")])).toEqual([
    generation("child", [byName("TS_1")], [byName("TS_2"), byName("TS_3")]),
    before[1],
  ]);
});

describe("a run's fingerprint", () => {
  const picks = (x: number) =>
    JSON.stringify({
      pickable_object_name: "ribosome",
      user_id: "u",
      session_id: "0",
      run_name: "A",
      points: [x, x + 1].map((at) => ({ location: { x: at, y: 2, z: 3 } })),
    });
  const files = (run: string, voxels: string, x: number) => ({
    [`static/ExperimentRuns/${run}/VoxelSpacing10.000/wbp.zarr/.zattrs`]: "{}",
    [`static/ExperimentRuns/${run}/VoxelSpacing10.000/wbp.zarr/0/0`]: voxels,
    [`static/ExperimentRuns/${run}/VoxelSpacing10.000/denoised.zarr/0/0`]: `${voxels} denoised`,
    [`overlay/ExperimentRuns/${run}/Picks/ribosome.json`]: picks(x),
  });
  const of = async (folder: string, run: string) => {
    const dataset = await openDataset(folder);
    const manifest = await dataManifest(dataset, [run], { hash: true });
    const picks = new Map([[run, await readRunPicks(dataset, run)]]);
    return runFingerprints(dataset, picks, manifest).get(run)!;
  };

  it("is the same under another name and in another place, and of two tomograms it has two", async () => {
    const a = await of(writeTree(temporaryFolder(), files("TS_1", "chunk", 1)), "TS_1");
    const b = await of(writeTree(temporaryFolder(), files("renamed", "chunk", 1)), "renamed");
    expect(a.tomograms).toHaveLength(2);
    expect({ ...b, run: "TS_1" }).toEqual(a);
    const c = await of(writeTree(temporaryFolder(), files("TS_1", "other", 2)), "TS_1");
    expect(c.picks).not.toBe(a.picks);
    expect(c.tomograms.some((each) => a.tomograms.includes(each))).toBe(false);
  });

  it("of a run without picks has none of them; a file of MRC is known by its content alone", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "one.mrc"), "voxels");
    writeFileSync(join(folder, "two.mrc"), "voxels");
    const [one, two] = [await of(folder, "one"), await of(folder, "two")];
    expect(one.picks).toBeNull();
    expect(one.tomograms).toHaveLength(1);
    expect(two.tomograms).toEqual(one.tomograms);
  });
});

describe("runs of further data sets", () => {
  const further = [{ ...seen("TS_1", "a", "c"), dataset: "simulated" }];
  const refusalOf = (run: SeenRun, role: "tune" | "holdout" = "holdout") => {
    const splits = { tune: [], holdout: [], [role]: [run.run] };
    return () => checkFurther(further, splits, new Map([[run.run, run]]));
  };

  it("are not held out or tuned on: by a tomogram under any name, or by name and picks", () => {
    expect(refusalOf(seen("TS_9", "a", "d"))).toThrow(
      "splits.holdout: TS_9 is TS_1 of simulated in data.also, which is trained on",
    );
    expect(refusalOf(seen("TS_1", "b", "c"), "tune")).toThrow("splits.tune: TS_1 is TS_1 of simulated");
  });

  it("may share a name with another run, which is no news", () => {
    expect(refusalOf(seen("TS_1", "b", "d"))).not.toThrow();
    expect(check([generation("old", further)], { holdout: [seen("TS_1", "b", "d")] })).toEqual([]);
  });
});
