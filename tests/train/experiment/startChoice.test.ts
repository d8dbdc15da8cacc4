/** The key `from` of an experiment: how it is read, moved and hashed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { parse } from "yaml";
import { canonicalJson } from "../../../src/system/files.js";
import {
  checkExperiment,
  experimentContent,
  experimentHash,
  readExperiment,
} from "../../../src/train/experiment/experiment.js";
import { experimentYaml } from "../../../src/train/experiment/experimentYaml.js";
import { experimentWith, leastExperiment } from "../../support/leastExperiment.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

async function read(from: unknown, flag?: string) {
  const path = join(folder, "tiny.yaml");
  writeFileSync(path, JSON.stringify({ ...leastExperiment, from }));
  return (await readExperiment(path, { from: flag })).from;
}

it("is a path relative to the experiment's file, or the name of a model; rate and freeze have defaults", async () => {
  const checkpoint = relative(".", join(folder, "a/best.safetensors"));
  expect(await read("a/best.safetensors")).toEqual({ checkpoint, rate: 1, freeze: 0 });
  expect(await read({ checkpoint: "a/best.safetensors", freeze: 5 })).toEqual({
    checkpoint,
    rate: 1,
    freeze: 5,
  });
  expect(await read("unet-simulated")).toMatchObject({ checkpoint: "unet-simulated" });
  writeFileSync(join(folder, "beside"), "");
  expect(await read("beside")).toMatchObject({ checkpoint: relative(".", join(folder, "beside")) });
  mkdirSync(join(folder, "cells"));
  expect(await read("cells")).toMatchObject({ checkpoint: "cells" });
  expect(await read(undefined)).toBeUndefined();
});

it("is replaced by the flag, which is relative to the working directory, but for rate and freeze", async () => {
  const sha256 = "0".repeat(64);
  const given = { checkpoint: "a.safetensors", sha256, rate: 0.5, freeze: 3 };
  expect(await read(given, "b.safetensors")).toEqual({ checkpoint: "b.safetensors", rate: 0.5, freeze: 3 });
  expect(await read(undefined, "b.onnx")).toEqual({ checkpoint: "b.onnx", rate: 1, freeze: 0 });
  expect(await read(given, "none")).toBeUndefined();
  expect(await read(undefined, "none")).toBeUndefined();
});

it.each<[unknown, RegExp]>([
  [{ checkpoint: "a", rate: -1 }, /from\.rate: got -1/],
  [{ checkpoint: "a", freeze: 1.5 }, /from\.freeze: got 1\.5/],
  [{ checkpoint: "a", frost: 1 }, /unknown key from\.frost/],
  [{ rate: 1 }, /from\.checkpoint: got nothing/],
  [7, /from: got 7/],
])("%j is refused", (from, message) => {
  expect(() => checkExperiment({ ...leastExperiment, from }, "tiny.yaml")).toThrow(message);
});

it("has no place in an experiment whose network was trained elsewhere", () => {
  const { loss: _, budget: __, ...rest } = leastExperiment;
  const network = { onnx: "model.onnx", activation: "sigmoid", outputs: ["ribosome"] };
  expect(() => checkExperiment({ ...rest, network, from: "a.safetensors" }, "tiny.yaml")).toThrow(
    /from: model\.onnx/,
  );
});

it("is hashed by its content where that is known, and without it the hash is as it was", () => {
  const hash = (from: object | undefined) =>
    experimentHash(checkExperiment({ ...leastExperiment, from }, "tiny.yaml"));
  const sha256 = "a".repeat(64);
  expect(hash({ checkpoint: "here", sha256 })).toBe(hash({ checkpoint: "there", sha256 }));
  expect(hash({ checkpoint: "here" })).not.toBe(hash({ checkpoint: "there" }));
  expect(hash({ checkpoint: "here", sha256, rate: 0.1 })).not.toBe(hash({ checkpoint: "here", sha256 }));
  expect(hash(undefined)).toBe(experimentHash(experimentWith()));
  const content = JSON.parse(canonicalJson(experimentContent(experimentWith()))) as object;
  for (const key of ["from", "features", "watch", "tensorboard"]) expect(content).not.toHaveProperty(key);
});

it("is written for a file elsewhere with the path from there; a name stays", () => {
  const written = (checkpoint: string) => {
    const experiment = checkExperiment({ ...leastExperiment, from: checkpoint }, "tiny.yaml");
    return (parse(experimentYaml(experiment, "runs/x", [])) as typeof experiment).from!.checkpoint;
  };
  expect(written("runs/a/best.safetensors")).toBe("../a/best.safetensors");
  expect(written("unet-simulated")).toBe("unet-simulated");
});
