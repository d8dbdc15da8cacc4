/** Models that come along: their cards, and what a path or a name means. */
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { trainingLayout } from "../../../src/engines/trainable.js";
import { defaultPicking } from "../../../src/infer/pick/picking.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import { initialWeights } from "../../../src/nets/weights.js";
import { networkOf, readCheckpoint, writeCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { modelNames, modelPath, readModelCard } from "../../../src/train/checkpoint/models.js";
import { networksOf } from "../../../src/train/fit/networks.js";
import { experimentWith } from "../../support/leastExperiment.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const card = {
  name: "tiny-simulated",
  title: "a network of a few layers",
  madeOf: "nothing",
  commands: ["pickbench train tiny.yaml --data DIR"],
  scores: [{ of: "one phantom", metric: "F4", value: 0.1 }],
  use: "tests",
  licence: "MIT",
  credits: [],
};

async function folderWith(changes: object = {}): Promise<string> {
  const folder = temporaryFolder();
  const experiment = experimentWith();
  const [own] = networksOf(experiment, challengeParticles, { architecture: "plain" });
  const flat = initialWeights(trainingLayout(await loadNetwork(own!.network)), 1);
  await writeCheckpoint(join(folder, "tiny-simulated.safetensors"), ["all"], {
    experiment,
    spacing: 10,
    networks: [await networkOf(own!, flat)],
    picking: new Map(challengeParticles.map((particle) => [particle.name, defaultPicking(particle)])),
    tuneScore: null,
  });
  writeFileSync(join(folder, "tiny-simulated.json"), JSON.stringify({ ...card, ...changes }));
  return folder;
}

it("are listed by name, with card, size and a checkpoint that can be read", async () => {
  const folder = await folderWith();
  expect(await modelNames(folder)).toEqual(["tiny-simulated"]);
  const model = await readModelCard("tiny-simulated", folder);
  expect(model.card).toEqual(card);
  expect(model.bytes).toBeGreaterThan(1000);
  expect((await readCheckpoint(model.path)).experiment.name).toBe("least");
});

it("are none where there is no folder, or an empty one", async () => {
  expect(await modelNames(temporaryFolder())).toEqual([]);
  expect(await modelNames(join(temporaryFolder(), "absent"))).toEqual([]);
});

it.each<[string, object]>([
  ["lacks what is asked for", { use: undefined }],
  ["says more than is understood", { more: 1 }],
])("with a card that %s are refused", async (_, changes) => {
  const folder = await folderWith(changes);
  await expect(readModelCard("tiny-simulated", folder)).rejects.toMatchObject({ tag: "BadCheckpoint" });
});

describe("a path or a name", () => {
  it("means what lies at the path first, then the model", async () => {
    const folder = await folderWith();
    const model = join(folder, "tiny-simulated.safetensors");
    expect(await modelPath("tiny-simulated", folder)).toBe(model);
    const path = join(temporaryFolder(), "tiny-simulated");
    mkdirSync(path);
    expect(await modelPath(path, folder)).toBe(path);
  });

  it("means the model where a folder is called like it", async () => {
    const folder = await folderWith();
    // "src" is a folder in the working directory of the tests.
    const content = await readFile(join(folder, "tiny-simulated.safetensors"));
    writeFileSync(join(folder, "src.safetensors"), content);
    expect(await modelPath("src", folder)).toBe(join(folder, "src.safetensors"));
  });

  it("that is neither is refused with the nearest name; what can only be a path is left to its reader", async () => {
    const folder = await folderWith();
    await expect(modelPath("tiny-simulatd", folder)).rejects.toThrow(/did you mean tiny-simulated\?/);
    await expect(modelPath("other", folder)).rejects.toThrow(/there is tiny-simulated$/);
    await expect(modelPath("other", temporaryFolder())).rejects.toThrow(/this package holds none$/);
    expect(await modelPath("absent/best.safetensors", folder)).toBe("absent/best.safetensors");
    expect(await modelPath("absent.safetensors", folder)).toBe("absent.safetensors");
  });
});
