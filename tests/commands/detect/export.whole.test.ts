import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { activated } from "../../../src/engines/activation.js";
import { valueGraph } from "../../../src/engines/onnx/inferenceGraph.js";
import { openSession } from "../../../src/engines/onnx/session.js";
import { trainingLayout } from "../../../src/engines/trainable.js";
import type { PickingSettings } from "../../../src/infer/pick/picking.js";
import type { PredictNetwork } from "../../../src/infer/predict/predictor.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import { hashFile } from "../../../src/system/files.js";
import { type Checkpoint, networkOf, writeCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { checkExperiment, experimentHash } from "../../../src/train/experiment/experiment.js";
import { networksOf } from "../../../src/train/fit/networks.js";
import { pickbench } from "../../support/commandLine.js";
import { formulaWeights, numbers } from "../../support/formula.js";

const python = "/usr/bin/python3";
const checker = fileURLToPath(new URL("../../fixtures/engines/portable/check.py", import.meta.url));
const hasOnnx = spawnSync(python, ["-c", "import onnx"]).status === 0;
if (!hasOnnx) console.warn(`skipped: ${python} has no onnx package (Debian: python3-onnx)`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A checkpoint of the tiny experiment with `changes`, its weights from the formula. */
async function writeTiny(path: string, changes: Readonly<Record<string, unknown>> = {}): Promise<Checkpoint> {
  const experiment = checkExperiment(
    {
      name: "tiny",
      network: "plain",
      splits: { train: 1 },
      types: ["ribosome", "beta-amylase", "apo-ferritin"],
      loss: [{ kind: "crossEntropy" }],
      budget: "1 step",
      ...changes,
    },
    "tiny.yaml",
  );
  const members = networksOf(experiment, challengeParticles, { architecture: "plain" });
  const networks = await Promise.all(
    members.map(async (member) =>
      networkOf(member, formulaWeights(trainingLayout(await loadNetwork(member.network)))),
    ),
  );
  const settings = (threshold: number) =>
    ({ method: "watershed", threshold, minVolume: 5e4, minSpacing: angstrom(90) }) as const;
  const picking = new Map<string, PickingSettings>([
    ["ribosome", settings(0.35)],
    ["apo-ferritin", { ...settings(0.2), radius: angstrom(60) }],
  ]);
  const checkpoint = { experiment, spacing: 10.01, networks, picking, tuneScore: 0.625 };
  await writeCheckpoint(
    path,
    members.map(({ name }) => name),
    checkpoint,
  );
  return checkpoint;
}

const missing = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    () => true,
  );

/** A model's one output for the formula's image. */
async function run(path: string, patch: readonly number[]): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 4 });
  const { data, dims } = numbers("image", [1, 1, ...patch], 2);
  const output = await session.run({ image: new ort.Tensor("float32", data, dims) });
  await session.release();
  return output[session.outputNames[0]!]!;
}

describe("pickbench export", () => {
  it("writes a model that gives the checkpoint's probabilities at any size, and reports it", async () => {
    const path = join(folder, "best.safetensors");
    const { networks } = await writeTiny(path);
    const out = join(folder, "new", "model.onnx");
    const { stdout, stderr, code } = await pickbench("export", path, out, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      models: [
        {
          path: out,
          network: "all",
          bytes: (await stat(out)).size,
          inputs: { image: ["batch", 1, "z", "y", "x"] },
          outputs: { probabilities: ["batch", 4, "z", "y", "x"] },
          check: {
            patch: [8, 16, 24],
            largestDifference: expect.any(Number),
            largestValue: expect.any(Number),
          },
        },
      ],
    });
    expect(JSON.parse(stdout).models[0].check.largestDifference).toBeLessThan(1e-5);
    expect(await readdir(join(folder, "new"))).toEqual(["model.onnx", "model.onnx.made.json"]);

    const { network: spec, weights, activation } = networks[0] as PredictNetwork;
    const network = await loadNetwork(spec);
    for (const patch of [
      [8, 16, 12],
      [4, 8, 20],
    ] as const) {
      const engine = await openSession(
        valueGraph(network, activated(network, activation), weights, 1, patch),
      );
      const { output } = await engine.run({ image: numbers("image", [1, 1, ...patch], 2) });
      await engine.release();
      const exported = await run(out, patch);
      expect(exported.dims).toEqual([1, 4, ...patch]);
      const [z, y, x] = patch;
      output!.data.forEach((value, i) => {
        const [slice, channel] = [Math.floor(i / (4 * y * x)), Math.floor(i / (y * x)) % 4];
        const theirs = exported.data[(channel * z + slice) * y * x + (i % (y * x))] as number;
        if (Math.abs(theirs - value) > 1e-5) throw new Error(`at ${i}: ${theirs}, wanted ${value}`);
      });
    }
  });

  it.skipIf(!hasOnnx)("says in the metadata what a program without pickbench needs", async () => {
    const path = join(folder, "described.safetensors");
    const { experiment } = await writeTiny(path);
    const out = join(folder, "described.onnx");
    await pickbench("export", path, out);
    const reading = JSON.parse(spawnSync(python, [checker, out]).stdout.toString())[out];
    expect(reading.error).toBeNull();
    const { normalisation, predict, ...facts } = reading.metadata;
    expect(JSON.parse(normalisation)).toMatchObject({
      formula: "clip((voxel - median) / scale, low, high)",
      scale: "(quantile(0.75) - quantile(0.25)) / 1.349",
      high: "1.5 * (quantile(0.9995) - median) / scale",
    });
    expect(JSON.parse(predict)).toEqual(experiment.predict);
    expect(facts).toEqual({
      format: "pickbench model 1",
      pickbenchVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      network: "all",
      architecture: "plain",
      parameters: String(353_703 - 3 * 17),
      slices: "1",
      multiple: "[4,4,4]",
      axes: "z, y, x",
      spacing: "[10.01,10.01,10.01]",
      spacingUnit: "Å per voxel",
      tomogram: '{"tomoType":"denoised","level":0}',
      output: "probabilities",
      outputStride: "[1,1,1]",
      activation: "softmax",
      outputs: '[null,"ribosome",null,"apo-ferritin"]',
      picking: JSON.stringify({
        ribosome: { method: "watershed", threshold: 0.35, minVolume: 5e4, minSpacing: 90 },
        "apo-ferritin": { method: "watershed", threshold: 0.2, minVolume: 5e4, minSpacing: 90, radius: 60 },
      }),
      pickingUnits: expect.stringContaining("Å³"),
      positionOffset: "[0,0,0]",
      tuneScore: "0.625",
      experiment: "tiny",
      experimentHash: experimentHash(experiment),
      checkpointSha256: await hashFile(path),
    });
  });

  it("leaves the logits with --logits: their softmax is what it writes without", async () => {
    const path = join(folder, "logits.safetensors");
    await writeTiny(path);
    const [raw, shares] = [join(folder, "logits.onnx"), join(folder, "shares.onnx")];
    await pickbench("export", path, raw, "--logits");
    await pickbench("export", path, shares, "--no-check");
    const patch = [4, 8, 8];
    const [logits, wanted] = [await run(raw, patch), await run(shares, patch)];
    const voxels = 4 * 8 * 8;
    const at = ({ data }: ort.Tensor, channel: number, voxel: number) =>
      data[channel * voxels + voxel] as number;
    for (let voxel = 0; voxel < voxels; voxel++) {
      const powers = [0, 1, 2, 3].map((channel) => Math.exp(at(logits, channel, voxel)));
      const sum = powers.reduce((a, b) => a + b);
      powers.forEach((power, channel) => {
        expect(power / sum).toBeCloseTo(at(wanted, channel, voxel), 5);
      });
    }
  });

  it("writes one model a network of a per-type checkpoint, or the one that is asked for", async () => {
    const path = join(folder, "perType.safetensors");
    await writeTiny(path, {
      networks: "perType",
      output: "heatmap",
      target: { kind: "gaussian", sigma: 2 },
      ...squared,
    });
    const place = join(folder, "perType");
    const { stdout, code } = await pickbench("export", path, join(place, "m.onnx"));
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stdout).toContain("image (batch, 1, z, y, x) to value (batch, 1, z, y, x)");
    expect((await readdir(place)).sort()).toEqual([
      "m-apo-ferritin.onnx",
      "m-apo-ferritin.onnx.made.json",
      "m-ribosome.onnx",
      "m-ribosome.onnx.made.json",
    ]);
    await pickbench("export", path, join(place, "alone.onnx"), "--network", "ribosome");
    const alone = await readFile(join(place, "alone.onnx"));
    expect(alone.equals(await readFile(join(place, "m-ribosome.onnx")))).toBe(true);
  });

  it.skipIf(!hasOnnx)("leaves votes at the network's own stride, and says how they are counted", async () => {
    const path = join(folder, "votes.safetensors");
    await writeTiny(path, { head: { stride: 2, offsets: true }, picking: { method: "peaks" } });
    const out = join(folder, "votes.onnx");
    const { stderr, code } = await pickbench("export", path, out);
    expect([code, stderr]).toEqual([0, ""]);
    const { outputs, metadata } = JSON.parse(spawnSync(python, [checker, out]).stdout.toString())[out];
    const sizes = ["z_over_2", "y_over_2", "x_over_2"];
    expect(outputs).toEqual({ probabilities_and_offsets: ["batch", 7, ...sizes] });
    expect(metadata).toMatchObject({
      output: "probabilities_and_offsets",
      outputStride: "[2,2,2]",
      outputs: '[null,"ribosome",null,"apo-ferritin"]',
      offsets: "3",
      offsetUnit: "8 voxels of the input, to the centre, along z, y, x",
      radii: "[null,75,null,30]",
    });
  });

  const squared = { loss: [{ kind: "squaredError" }] };

  it("refuses what it cannot do with one sentence, and leaves files as they were", async () => {
    const path = join(folder, "good.safetensors");
    await writeTiny(path);
    const there = join(folder, "there.onnx");
    await writeFile(there, "mine");
    const refused = async (args: readonly string[], sentence: string) => {
      const { stdout, stderr, code } = await pickbench("export", ...args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(sentence);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    };
    await refused(
      [path, there],
      "there.onnx exists already; give --overwrite to replace it, or another name",
    );
    expect(await readFile(there, "utf8")).toBe("mine");
    const fresh = join(folder, "fresh.onnx");
    await refused([path, fresh, "--network", "virus"], 'has no network "virus"; it has all');
    await refused([there, fresh], "there.onnx");
    await refused([path, folder], "is a folder, not a file");
    expect(await missing(fresh)).toBe(true);
    const { code } = await pickbench("export", path, there, "--overwrite", "--no-check");
    expect(code).toBe(0);
    expect((await stat(there)).size).toBeGreaterThan(1e6);
  });
});
