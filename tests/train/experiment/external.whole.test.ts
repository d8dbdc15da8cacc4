import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readTensors, writeTensors } from "../../../src/formats/safetensors.js";
import { readLeaderboard } from "../../../src/leaderboard/leaderboard.js";
import {
  type Checkpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../../../src/train/checkpoint/checkpoint.js";
import { readExperiment } from "../../../src/train/experiment/experiment.js";
import { type RunResult, runExperiment, trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { tuneOnly } from "../../../src/train/run/tuneAgain.js";
import { pickbench } from "../../support/commandLine.js";
import { allowTiny, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

const unet = fileURLToPath(new URL("../../fixtures/nets/external/unet.onnx", import.meta.url));
let folder: string;
let data: string;
let result: RunResult;
const at = (...parts: string[]) => join(folder, ...parts);
const bytes = (...parts: string[]) => readFile(at(...parts));

const network = {
  onnx: "models/unet.onnx",
  activation: "sigmoid",
  outputs: ["background", "apo-ferritin", "ribosome"],
  multiple: [2, 2, 2],
  normalisation: "zScore",
};

/** An experiment that names the model in a folder beside it; `changes` replace whole keys, undefined ones leave them out. */
const written = (name: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  tinyExperiment(at(`${name}.yaml`), {
    name,
    network,
    types: undefined,
    patch: undefined,
    loss: undefined,
    optimiser: undefined,
    evaluate: undefined,
    budget: undefined,
    predict: { tile: [40, 48, 48], overlap: 8 },
    picking: { thresholds: [0.4, 0.45, 0.5, 0.55], minVolumes: [0.05] },
    ...changes,
  });

const options = (experiment: string) => ({ experiment, data, resume: false, threads: 1 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "external-"));
  data = await tinyDataset(folder);
  await mkdir(at("models"));
  await copyFile(unet, at("models", "unet.onnx"));
  result = await runExperiment(runFolder(at("run")), options(await written("external")), at("submissions"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("an experiment whose network is an ONNX file", () => {
  it("is tuned, predicted, scored and ranked, and not trained", async () => {
    expect(result.trained).toMatchObject({ steps: 0, tuneScore: expect.any(Number) });
    const record = await readRecord(at("run", "record.json"));
    expect(record.network).toMatch(/models\/unet\.onnx$/);
    const { sha256 } = record.experiment.resolved.network as { sha256: string };
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const { networks } = await readCheckpoint(at("run", "best.safetensors"));
    expect(networks).toMatchObject([
      {
        external: { file: "unet.onnx", sha256, outputs: 3, normalisation: "zScore", input: "image" },
        activation: "sigmoid",
        channels: [null, "apo-ferritin", "ribosome"],
      },
    ]);
    expect(record.result).toMatchObject({
      parameters: expect.any(Number),
      checkpointHash: expect.any(String),
    });
    expect(record.result!.parameters).toBeGreaterThan(1000);
    const { groups } = await readLeaderboard(at("submissions"));
    expect(groups[0]!.rows[0]).toMatchObject({ name: "external", score: result.report.holdout!.score });
  });

  it("leaves a checkpoint that submit needs nothing beside, on any number of threads", async () => {
    await rm(at("models", "unet.onnx"));
    const args = ["--data", data, "--runs", "TS_S4", "--threads", "2", "--out", at("submitted.csv")];
    const { code, stderr } = await pickbench("submit", at("run", "best.safetensors"), ...args);
    await copyFile(unet, at("models", "unet.onnx"));
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("pickbench:")]);
    expect((await bytes("submitted.csv")).equals(await bytes("run", "submission.csv"))).toBe(true);
  });

  it("train and tune leave the same checkpoint", async () => {
    const experiment = at("external.yaml");
    const trained = await trainOnly(runFolder(at("trained")), options(experiment));
    expect(trained.tuneScore).toBe(result.trained.tuneScore);
    const best = await bytes("run", "best.safetensors");
    expect((await bytes("trained", "best.safetensors")).equals(best)).toBe(true);
    expect((await tuneOnly(runFolder(at("trained")), options(experiment))).score).toBe(trained.tuneScore);
    expect((await bytes("trained", "best.safetensors")).equals(best)).toBe(true);
  });

  it("is averaged with a network of ours, each in its own normalisation", async () => {
    const own = await tinyExperiment(at("own.yaml"), { budget: "2 steps" });
    await trainOnly(runFolder(at("own")), options(own));
    const both = ["run", "own"].map((name) => at(name, "best.safetensors"));
    const where = ["--data", data, "--runs", "TS_S4", "--threads", "1", "--out", at("both.csv"), "--json"];
    const { code, stdout } = await pickbench("submit", ...both, ...where, ...allowTiny(folder));
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout).runs[0].perType)).toEqual(["apo-ferritin", "ribosome"]);
  });

  it("needs no run to train on or tune", async () => {
    const experiment = await written("alone", { splits: { train: 0, holdout: ["TS_S4"] } });
    const { report, trained } = await runExperiment(runFolder(at("alone")), options(experiment), at("other"));
    expect(trained.tuneScore).toBeNull();
    expect(report.holdout).not.toBeNull();
  });

  it("comes back from its own resolved text", async () => {
    const { experiment } = await readCheckpoint(at("run", "best.safetensors"));
    const path = at("again.yaml");
    await writeFile(
      path,
      JSON.stringify({ ...experiment, network: { ...network, sha256: hashIn(experiment) } }),
    );
    expect(await readExperiment(path)).toMatchObject({ loss: [], budget: "", name: "external" });
  });
});

const hashIn = ({ network: named }: Checkpoint["experiment"]): string =>
  (named as { readonly sha256: string }).sha256;

describe("one sentence, and nothing left behind", () => {
  const refusal = async (changes: Readonly<Record<string, unknown>>): Promise<string> => {
    const path = await written("refused", changes);
    const error: unknown = await runExperiment(runFolder(at("none")), options(path), at("other")).catch(
      (refused: unknown) => refused,
    );
    expect(["BadExperiment", "Unsupported"]).toContain((error as { tag?: string }).tag);
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  };

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["a budget", { budget: "5m" }, /budget: .*unet\.onnx is not trained here.*leave budget out/],
    ["a loss", { loss: [{ kind: "crossEntropy" }] }, /loss: .* leave loss out/],
    [
      "further data to train on",
      { data: { also: [{ data: "more", share: 0.5 }] } },
      /data\.also: .*unet\.onnx is not trained here/,
    ],
    ["an output", { output: "sigmoid" }, /output: .* leave output out/],
    ["no activation", { network: { ...network, activation: undefined } }, /network\.activation: got nothing/],
    [
      "a misspelt key",
      { network: { ...network, normalization: "none" } },
      /unknown key network\.normalization/,
    ],
    [
      "a type unknown",
      { network: { ...network, outputs: [null, "ribosom", null] } },
      /the data set has no ribosom; it has apo/,
    ],
    [
      "a type twice",
      { network: { ...network, outputs: ["ribosome", "ribosome", null] } },
      /ribosome is listed twice/,
    ],
    ["no type", { network: { ...network, outputs: [null, "background"] } }, /none is a particle type/],
    [
      "an unscored type alone",
      { network: { ...network, outputs: ["beta-amylase", null, null] } },
      /none of beta-amylase.* is scored/,
    ],
    ["too few outputs", { network: { ...network, outputs: [null, "ribosome"] } }, /3 channels .* names 2/],
    [
      "softmax of one",
      { network: { ...network, outputs: ["ribosome"], activation: "softmax" } },
      /softmax over one output/,
    ],
    [
      "another file's hash",
      { network: { ...network, sha256: "0".repeat(64) } },
      /SHA-256 begins with .*network\.sha256 with 0000/,
    ],
    ["a missing file", { network: { ...network, onnx: "none.onnx" } }, /none\.onnx: it cannot be read/],
    ["another engine", { engine: "tfjs" }, /engine tfjs does not run ONNX files/],
    [
      "percentiles the wrong way",
      { network: { ...network, normalisation: { percentiles: [99, 1] } } },
      /network\.normalisation/,
    ],
  ])("%s", async (_, changes, message) => {
    expect(await refusal(changes)).toMatch(message);
    await expect(bytes("none", "record.json")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("the command line prints it alone and ends with 1", async () => {
    const path = await written("printed", { budget: "5m" });
    const { code, stderr } = await pickbench("run", path, "--data", data, "--out", at("none"));
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("a network of ours without loss or budget", async () => {
    const read = async (changes: Readonly<Record<string, unknown>>) =>
      readExperiment(await tinyExperiment(at("own-less.yaml"), changes));
    await expect(read({ loss: undefined })).rejects.toThrow(/loss: got nothing, wanted a list/);
    await expect(read({ budget: undefined })).rejects.toThrow(
      /budget: got nothing, wanted how long to train/,
    );
  });

  it("a checkpoint whose model is missing, or another than its metadata names", async () => {
    const file = await readTensors(at("run", "best.safetensors"));
    const refused = async (model: Uint8Array | null) => {
      const path = at("spoilt.safetensors");
      await writeTensors(path, { ...file, bytes: new Map(model ? [["all/model.onnx", model]] : []) });
      return readCheckpoint(path);
    };
    await expect(refused(null)).rejects.toThrow(/all\/model\.onnx is missing/);
    await expect(refused(Uint8Array.of(1, 2, 3))).rejects.toThrow(/is not the file that its metadata names/);
    await expect(readCheckpoint(at("run", "best.safetensors"))).resolves.toBeDefined();
  });

  it("export, for the model is an ONNX file already", async () => {
    const { code, stderr } = await pickbench("export", at("run", "best.safetensors"), at("out.onnx"));
    expect([code, stderr]).toEqual([1, expect.stringContaining("is an ONNX file already, unet.onnx")]);
  });
});

it("writes equal checkpoints in equal bytes", async () => {
  const checkpoint = await readCheckpoint(at("run", "best.safetensors"));
  await writeCheckpoint(at("copy.safetensors"), ["all"], checkpoint);
  expect((await bytes("copy.safetensors")).equals(await bytes("run", "best.safetensors"))).toBe(true);
});
