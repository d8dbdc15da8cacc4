import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contrasts } from "../../../src/data/contrast.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import { randomFor } from "../../../src/domain/random.js";
import { stateNames, type TrainingState } from "../../../src/engines/trainable.js";
import { readTensors, type TensorFile, writeTensors } from "../../../src/formats/safetensors.js";
import { defaultPicking } from "../../../src/infer/pick/picking.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import {
  type Checkpoint,
  heldContrast,
  networkOf,
  readCheckpoint,
  readSettings,
  trainedContrast,
  writeCheckpoint,
} from "../../../src/train/checkpoint/checkpoint.js";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { networksOf } from "../../../src/train/fit/networks.js";
import { readProgress, type TrainingProgress, writeProgress } from "../../../src/train/fit/progressFile.js";

const experiment = checkExperiment(
  {
    name: "tiny",
    network: "plain",
    splits: { train: 1 },
    types: ["ribosome"],
    loss: [{ kind: "crossEntropy" }],
    budget: "1 step",
  },
  "tiny.yaml",
);
const member = networksOf(experiment, challengeParticles, { architecture: "plain" })[0]!;
const ribosome = member.types[0]!;

let folder: string;
let path: string;
let checkpoint: Checkpoint;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
  path = join(folder, "best.safetensors");
  const random = randomFor(1, "tests/checkpoint", 0);
  const count = (await loadNetwork(member.network)).parameterCount;
  const network = await networkOf(
    member,
    Float32Array.from({ length: count }, () => random.normal()),
  );
  const picking = new Map([["ribosome", defaultPicking(ribosome)]]);
  checkpoint = { experiment, spacing: 10.01, networks: [network], picking, tuneScore: 0.5 };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("best.safetensors", () => {
  it("comes back as it was, and gives the same bytes when written again", async () => {
    await writeCheckpoint(path, ["all"], checkpoint);
    const read = await readCheckpoint(path);
    expect(read).toEqual(checkpoint);
    const first = await readFile(path);
    await writeCheckpoint(path, ["all"], read);
    expect((await readFile(path)).equals(first)).toBe(true);
  });

  it.each(contrasts)("says that the training's tomograms were %s", async (contrast) => {
    await writeCheckpoint(path, ["all"], { ...checkpoint, ...heldContrast(contrast) });
    expect(trainedContrast(await readCheckpoint(path))).toBe(contrast);
    expect(trainedContrast(await readSettings(path))).toBe(contrast);
  });

  it("keeps what an ensemble is made of, and refuses it where it says more than is understood", async () => {
    const member = { sha256: "0".repeat(64), experiment: "tiny", score: 0.5, trainedOn: ["TS_1"] };
    const ensemble = {
      average: "logits",
      choice: "greedy",
      tune: ["TS_2"],
      members: [
        { ...member, weight: 0.75 },
        { ...member, weight: 0.25, trainedOn: null },
      ],
    } as const;
    const networks = [0.75, 0.25].map((share) => ({ ...checkpoint.networks[0]!, share }));
    const made = {
      ...checkpoint,
      networks,
      ensemble: { ...ensemble, tune: ["TS_2"], members: [...ensemble.members] },
    };
    await writeCheckpoint(path, ["1", "2"], made);
    expect(await readCheckpoint(path)).toEqual(made);
    const error = await edited(withMetadata("ensemble", JSON.stringify({ ...ensemble, more: 1 })));
    expect(error).toMatchObject({ tag: "BadCheckpoint" });
  });

  const edited = async (edit: (file: TensorFile) => TensorFile): Promise<unknown> => {
    await writeCheckpoint(path, ["all"], checkpoint);
    await writeTensors(path, edit(await readTensors(path)));
    return readCheckpoint(path).then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  const withMetadata = (key: string, value: string) => (file: TensorFile) => ({
    ...file,
    metadata: { ...file.metadata, [key]: value },
  });
  const withFirst = (change: (data: Float32Array) => Float32Array) => (file: TensorFile) => {
    const [[name, { shape, data }], ...others] = [...file.tensors] as [
      [string, { shape: readonly number[]; data: Float32Array }],
    ];
    const changed = change(data);
    const tensor = { shape: changed.length === data.length ? shape : [changed.length], data: changed };
    return { ...file, tensors: new Map([[name, tensor], ...others]) };
  };

  it.each<[string, (file: TensorFile) => TensorFile, string, RegExp]>([
    ["another format", withMetadata("format", "other"), "BadCheckpoint", /not that of a best\.safetensors/],
    [
      "no metadata",
      (file) => ({ ...file, metadata: {} }),
      "BadCheckpoint",
      /not that of a best\.safetensors/,
    ],
    ["metadata that is no JSON", withMetadata("networks", "{"), "BadCheckpoint", /metadata is damaged/],
    ["no network", withMetadata("networks", "[]"), "BadCheckpoint", /metadata is damaged/],
    ["a negative spacing", withMetadata("spacing", "-1"), "BadCheckpoint", /metadata is damaged/],
    ["a type without picking", withMetadata("picking", "{}"), "BadCheckpoint", /metadata is damaged/],
    ["an experiment of other keys", withMetadata("experiment", '{"a":1}'), "BadExperiment", /unknown key a/],
    ["a tensor of another shape", withFirst((data) => data.slice(1)), "BadCheckpoint", /wanted shape/],
    ["a weight that is NaN", withFirst((data) => data.slice().fill(Number.NaN, 0, 1)), "NotFinite", /NaN/],
    ["no tensors", (file) => ({ ...file, tensors: new Map() }), "BadCheckpoint", /has nothing, wanted shape/],
  ])("is refused with %s", async (_, edit, tag, message) => {
    expect(await edited(edit)).toMatchObject({ tag, message: expect.stringMatching(message) });
  });
});

describe("last.safetensors", () => {
  const state = Object.fromEntries(
    stateNames.map((name, i) => [name, Float32Array.of(i, -0, 1e-42)]),
  ) as unknown as TrainingState;
  const progress: TrainingProgress = {
    experimentHash: "e",
    dataHash: "d",
    done: [{ name: "ribosome", weights: Float32Array.of(1, 2), score: null }],
    current: {
      name: "thyroglobulin",
      state,
      step: 3,
      evaluations: 1,
      sinceBest: 1,
      rungs: 2,
      best: { score: 0.25, weights: Float32Array.of(3) },
      elapsedMs: 0,
    },
  };

  it.each<[string, TrainingProgress]>([
    ["in the middle of a network", progress],
    ["before the first evaluation", { ...progress, done: [], current: { ...progress.current!, best: null } }],
    [
      "with hard places",
      {
        ...progress,
        current: { ...progress.current!, mined: { times: 2, places: Float32Array.of(0, 1, 2, 3, 4) } },
      },
    ],
    [
      "with none found",
      { ...progress, current: { ...progress.current!, mined: { times: 1, places: new Float32Array() } } },
    ],
    ["when all are done", { ...progress, current: null }],
  ])("comes back as it was %s, and gives the same bytes when written again", async (_, written) => {
    const last = join(folder, "last.safetensors");
    await writeProgress(last, written);
    const read = await readProgress(last);
    expect(read).toEqual(written);
    const first = await readFile(last);
    await writeProgress(last, read!);
    expect((await readFile(last)).equals(first)).toBe(true);
  });

  it("is null where none was written, and refused where it is damaged or another file", async () => {
    const last = join(folder, "damaged.safetensors");
    expect(await readProgress(last)).toBeNull();
    await writeProgress(last, progress);
    const whole = await readFile(last);
    await writeFile(last, whole.subarray(0, whole.length - 5));
    await expect(readProgress(last)).rejects.toMatchObject({ tag: "BadCheckpoint" });
    await writeFile(
      last,
      Buffer.from(whole.toString("latin1").replace('\\"step\\":3', '\\"step\\":x'), "latin1"),
    );
    await expect(readProgress(last)).rejects.toMatchObject({ tag: "BadCheckpoint" });
    await writeCheckpoint(path, ["all"], checkpoint);
    await expect(readProgress(path)).rejects.toMatchObject({ tag: "BadCheckpoint" });
    await writeProgress(last, progress);
    await expect(readCheckpoint(last)).rejects.toMatchObject({ tag: "BadCheckpoint" });
  });
});
