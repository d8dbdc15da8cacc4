/** Which weights of a trained network a new one takes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { portableModel } from "../../../src/engines/onnx/portable/portableModel.js";
import { firstState, trainingLayout } from "../../../src/engines/trainable.js";
import { readTensors, writeTensors } from "../../../src/formats/safetensors.js";
import { defaultPicking } from "../../../src/infer/pick/picking.js";
import { architectureNamed, loadNetwork, type NetworkSpec } from "../../../src/nets/library/catalogue.js";
import { initialWeights, namedWeights } from "../../../src/nets/weights.js";
import { networkOf, readSettings, writeCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import type { Lineage } from "../../../src/train/checkpoint/lineage.js";
import { modelMetadata } from "../../../src/train/checkpoint/modelMetadata.js";
import { type ExperimentNetwork, networksOf } from "../../../src/train/fit/networks.js";
import { axesOf } from "../../../src/train/transfer/axes.js";
import { readSource } from "../../../src/train/transfer/source.js";
import { checkFits, openStart, prepareStart, startText } from "../../../src/train/transfer/start.js";
import type { TakenWeights } from "../../../src/train/transfer/transfer.js";
import { experimentWith } from "../../support/leastExperiment.js";

const folder = mkdtempSync(join(tmpdir(), "transfer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const sigmoid = { output: "sigmoid", loss: [{ kind: "binaryCrossEntropy" }] };

function networksFor(changes: object, network: Omit<NetworkSpec, "outputs"> = { architecture: "plain" }) {
  const experiment = experimentWith({ name: "old", ...changes });
  return { experiment, networks: networksOf(experiment, challengeParticles, network) };
}

/** Writes a checkpoint of first weights of a seed; returns its networks' flat weights in the order of the layout. */
async function written(
  name: string,
  changes: object,
  network: Omit<NetworkSpec, "outputs"> = { architecture: "plain" },
  more: { readonly lineage?: Lineage } = {},
) {
  const { experiment, networks } = networksFor(changes, network);
  const flats: Float32Array[] = [];
  for (const [seed, own] of networks.entries())
    flats.push(initialWeights(trainingLayout(await loadNetwork(own.network)), seed + 100));
  const opened = await Promise.all(networks.map((own, n) => networkOf(own, flats[n]!)));
  const picking = new Map(challengeParticles.map((particle) => [particle.name, defaultPicking(particle)]));
  const path = at(name);
  const names = networks.map((own) => own.name);
  await writeCheckpoint(path, names, {
    experiment,
    spacing: 10,
    networks: opened,
    picking,
    tuneScore: null,
    ...more,
  });
  return { path, experiment, networks, flats };
}

/** Named parts of what was taken, and which of their values were. */
async function named(network: ExperimentNetwork, { values, taken }: TakenWeights) {
  const layout = trainingLayout(await loadNetwork(network.network));
  const marks = namedWeights(layout, Float32Array.from(taken));
  return [...namedWeights(layout, values)].map(([name, data]) => ({ name, data, marks: marks.get(name)! }));
}

async function begin(path: string, networks: readonly ExperimentNetwork[]) {
  return prepareStart(await readSource(path), networks);
}

/** Compares many numbers, for which `toEqual` takes seconds. */
const isEqual = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);

const isHead = (name: string, heads: ReadonlyMap<string, { readonly isHead: boolean }>) =>
  heads.get(name)!.isHead;

describe("axes", () => {
  it.each(["plain", "baseline", "unet", "dynunet", "segresnet", "unet-2.5d"])(
    "of %s: the head follows the outputs along one axis, the first layer the slices",
    async (architecture) => {
      const axes = [...(await axesOf({ architecture, outputs: 5, slices: 3 })).entries()];
      const heads = axes.filter(([, axis]) => axis.isHead);
      expect(heads.length).toBeGreaterThan(0);
      expect(heads.length).toBeLessThan(axes.length / 2);
      expect(heads.every(([, { outputs }]) => outputs.length > 0)).toBe(true);
      const sliced = axes.filter(([, { slices }]) => slices.length > 0);
      expect(sliced.length).toBeGreaterThan(0);
      expect(sliced.every(([, { slices }]) => slices.join() === "1")).toBe(true);
    },
  );
});

describe("the same network", () => {
  it("is taken whole, and the first state is its weights with an average of its own and moments of zero", async () => {
    const { path, networks, flats } = await written("whole.safetensors", {
      types: ["ribosome", "thyroglobulin"],
    });
    const start = await begin(path, networks);
    expect(start.transfers[0]).toMatchObject({ from: "all", anew: [], leftOver: [], channels: { anew: [] } });
    const weights = start.weights.get("all")!;
    expect(weights.taken.every((each) => each === 1)).toBe(true);
    const layout = trainingLayout(await loadNetwork(networks[0]!.network));
    const state = firstState(layout, 5, { ...weights, hasOwnRate: false });
    expect(isEqual(state.weights, flats[0]!)).toBe(true);
    expect(isEqual(state.average, flats[0]!)).toBe(true);
    expect(state.average).not.toBe(state.weights);
    expect([...state.moment1, ...state.moment2].every((each) => each === 0)).toBe(true);
  });
});

describe("other types", () => {
  it("keep the body and the outputs of shared types and the background, in whatever order, and make others anew", async () => {
    const old = await written("types.safetensors", { types: ["ribosome", "beta-amylase", "thyroglobulin"] });
    const { networks } = networksFor({ types: ["thyroglobulin", "apo-ferritin", "beta-amylase"] });
    const start = await begin(old.path, networks);
    const layout = trainingLayout(await loadNetwork(old.networks[0]!.network));
    const was = namedWeights(layout, old.flats[0]!);
    const heads = await axesOf(networks[0]!.network);
    // background, thyroglobulin, apo-ferritin, beta-amylase from background, ribosome, beta-amylase, thyroglobulin
    const places = [0, 3, -1, 2];
    for (const { name, data, marks } of await named(networks[0]!, start.weights.get("all")!)) {
      if (!isHead(name, heads)) {
        expect(isEqual(data, was.get(name)!)).toBe(true);
        expect(marks.every((mark) => mark === 1)).toBe(true);
        continue;
      }
      const each = data.length / places.length;
      for (const [to, from] of places.entries()) {
        const mark = [...marks.subarray(to * each, (to + 1) * each)];
        expect(mark, `${name} ${to}`).toEqual(new Array(each).fill(from < 0 ? 0 : 1));
        if (from >= 0)
          expect([...data.subarray(to * each, (to + 1) * each)]).toEqual([
            ...was.get(name)!.subarray(from * each, (from + 1) * each),
          ]);
      }
    }
    expect(start.transfers[0]!.channels).toEqual({
      taken: ["background", "thyroglobulin", "beta-amylase"],
      anew: ["apo-ferritin"],
    });
    expect(startText(start)).toMatch(/weights taken \(\d+\.\d %\); outputs made anew: apo-ferritin$/);
  });

  it("of a checkpoint that names none are the challenge's, or those of its lineage", async () => {
    const old = await written("all.safetensors", {});
    const { networks } = networksFor({ types: ["beta-amylase", "ribosome"] });
    const taken = (await begin(old.path, networks)).transfers[0]!.channels.taken;
    expect(taken).toEqual(["background", "beta-amylase", "ribosome"]);
    const types = [
      "apo-ferritin",
      "gold",
      "beta-galactosidase",
      "ribosome",
      "thyroglobulin",
      "virus-like-particle",
    ];
    const own = { experiment: "old", experimentHash: null, types, roles: { train: [], tune: [] } };
    const other = await written("lineage.safetensors", {}, { architecture: "plain" }, { lineage: [own] });
    const named = (await begin(other.path, networks)).transfers[0]!.channels;
    expect(named).toEqual({ taken: ["background", "ribosome"], anew: ["beta-amylase"] });
  });

  it("of an architecture whose head also sees the outputs take what joins two shared ones", async () => {
    const old = await written(
      "joins.safetensors",
      { types: ["ribosome", "thyroglobulin"] },
      { architecture: "baseline" },
    );
    const { networks } = networksFor({ types: ["apo-ferritin", "ribosome"] }, { architecture: "baseline" });
    const start = await begin(old.path, networks);
    const was = namedWeights(trainingLayout(await loadNetwork(old.networks[0]!.network)), old.flats[0]!);
    const name = "up.2.unit.main.weight";
    const head = (await named(networks[0]!, start.weights.get("all")!)).find((each) => each.name === name)!;
    const places = [0, -1, 1];
    for (const [out, fromOut] of places.entries())
      for (const [into, fromInto] of places.entries()) {
        const isThere = fromOut >= 0 && fromInto >= 0;
        const at = (out * 3 + into) * 27;
        const wanted = isThere ? was.get(name)![(fromOut * 3 + fromInto) * 27] : 0;
        expect([head.marks[at], head.data[at]]).toEqual([isThere ? 1 : 0, wanted]);
      }
  });

  it("with sigmoid in place of softmax have no background", async () => {
    const old = await written("softmax.safetensors", { types: ["ribosome", "thyroglobulin"] });
    const { networks } = networksFor({ ...sigmoid, types: ["thyroglobulin", "ribosome"] });
    const start = await begin(old.path, networks);
    const was = namedWeights(trainingLayout(await loadNetwork(old.networks[0]!.network)), old.flats[0]!);
    const heads = await axesOf(networks[0]!.network);
    const bias = (await named(networks[0]!, start.weights.get("all")!)).find(
      ({ name, data }) => isHead(name, heads) && data.length === 2,
    )!;
    const before = was.get(bias.name)!;
    expect([...bias.data]).toEqual([before[2], before[1]]);
  });
});

describe("slices", () => {
  it.each([
    [5, 3],
    [1, 5],
    [3, 1],
  ])("from %i to %i: those around the middle are taken", async (before, after) => {
    const old = await written(
      `slices-${before}.safetensors`,
      { types: ["ribosome"] },
      { architecture: "unet-2.5d", slices: before },
    );
    const { networks } = networksFor({ types: ["ribosome"] }, { architecture: "unet-2.5d", slices: after });
    const start = await begin(old.path, networks);
    const was = namedWeights(trainingLayout(await loadNetwork(old.networks[0]!.network)), old.flats[0]!);
    const axes = await axesOf(networks[0]!.network);
    const { parameters } = await loadNetwork(networks[0]!.network);
    let sliced = 0;
    for (const { name, data, marks } of await named(networks[0]!, start.weights.get("all")!)) {
      if (axes.get(name)!.slices.length === 0) {
        expect(isEqual(data, was.get(name)!)).toBe(true);
        continue;
      }
      sliced++;
      const [outer, , ...kernel] = parameters.find((parameter) => parameter.name === name)!.shape;
      const inner = kernel.reduce((a, b) => a * b, 1);
      for (let out = 0; out < outer!; out++)
        for (let slice = 0; slice < after; slice++) {
          const from = slice - (after - 1) / 2 + (before - 1) / 2;
          const place = (out * after + slice) * inner;
          const isThere = from >= 0 && from < before;
          const wanted = isThere ? was.get(name)![(out * before + from) * inner] : 0;
          expect([marks[place], data[place]]).toEqual([isThere ? 1 : 0, wanted]);
        }
    }
    expect(sliced).toBeGreaterThan(0);
  });
});

describe("one network a type", () => {
  const perType = { ...sigmoid, networks: "perType" };

  it("takes from the network of its name, else from the one for all; one for all takes from none of several", async () => {
    const old = await written("each.safetensors", { ...perType, types: ["ribosome", "thyroglobulin"] });
    const { networks } = networksFor({ ...perType, types: ["thyroglobulin", "apo-ferritin"] });
    const start = await begin(old.path, networks);
    expect(start.transfers.map(({ name, from }) => [name, from])).toEqual([
      ["thyroglobulin", "thyroglobulin"],
      ["apo-ferritin", null],
    ]);
    expect(isEqual(start.weights.get("thyroglobulin")!.values, old.flats[1]!)).toBe(true);
    expect(startText(start)).toContain("made anew: apo-ferritin/all");
    const one = await written("one.safetensors", { types: ["ribosome", "thyroglobulin"] });
    const taken = await begin(one.path, networks);
    expect(taken.transfers.map(({ from, channels }) => [from, channels.taken])).toEqual([
      ["all", ["thyroglobulin"]],
      ["all", []],
    ]);
    await expect(begin(old.path, networksFor({}).networks)).rejects.toMatchObject({
      tag: "BadCheckpoint",
      message: expect.stringMatching(/holds 2 networks, one a type \(ribosome, thyroglobulin\).*perType/),
    });
  });
});

describe("an ONNX model", () => {
  it("of our own export gives the same as its checkpoint, with its lineage", async () => {
    const own = {
      experiment: "old",
      experimentHash: "0".repeat(64),
      types: ["ribosome", "beta-amylase"],
      roles: { train: [{ run: "TS_1", picks: null, tomograms: [] }], tune: [] },
    };
    const changes = { types: ["ribosome", "beta-amylase"] };
    const old = await written(
      "export.safetensors",
      changes,
      { architecture: "segresnet" },
      { lineage: [own] },
    );
    const { networks } = networksFor(
      { types: ["beta-amylase", "thyroglobulin"] },
      { architecture: "segresnet" },
    );
    const fromCheckpoint = await begin(old.path, networks);
    const { experiment, flats } = old;
    const given = await networkOf(old.networks[0]!, flats[0]!);
    const network = await loadNetwork(given.network);
    const settings = await readSettings(old.path);
    const metadata = modelMetadata({
      checkpoint: { ...settings, experiment, networks: [given] },
      checkpointSha256: "0".repeat(64),
      named: { name: "all", given },
      network,
      output: "probabilities",
      version: "0",
    });
    const { bytes } = portableModel({ network, weights: given.weights, activation: "softmax" }, { metadata });
    await writeFile(at("own.onnx"), bytes);
    const source = await readSource(at("own.onnx"));
    expect(source.lineage).toEqual([own]);
    const fromModel = await prepareStart(source, networks);
    const [one, other] = [fromModel, fromCheckpoint].map(({ weights }) => weights.get("all")!);
    expect(isEqual(one!.values, other!.values)).toBe(true);
    expect(one!.taken.every((each, at) => each === other!.taken[at])).toBe(true);
    expect(fromModel.transfers[0]!.channels.taken).toEqual(["background", "beta-amylase"]);
  });

  it("from elsewhere fits without its names' prefix; its outputs, which nobody names, are made anew", async () => {
    const { networks } = networksFor({ types: ["ribosome"] });
    const network = await loadNetwork(networks[0]!.network);
    const flat = initialWeights(trainingLayout(network), 7);
    const weights = namedWeights(trainingLayout(network), flat);
    const first = network.parameters[0]!.name;
    for (const parameter of network.graph.parameters)
      Object.assign(parameter, { name: `model.net.${parameter.name}` });
    const named = new Map([...weights].map(([name, data]) => [`model.net.${name}`, data]));
    const { bytes } = portableModel({ network, weights: named, activation: null });
    await writeFile(at("other.onnx"), bytes);
    const start = await begin(at("other.onnx"), networks);
    const heads = await axesOf(networks[0]!.network);
    const { anew } = start.transfers[0]!;
    expect(anew.length).toBeGreaterThan(0);
    expect(anew.every((name) => heads.get(name)!.isHead)).toBe(true);
    const layout = trainingLayout(await loadNetwork(networks[0]!.network));
    const values = namedWeights(layout, start.weights.get("all")!.values);
    expect(isEqual(values.get(first)!, weights.get(first)!)).toBe(true);
    expect(start.source.lineage).toEqual([
      { experiment: "other.onnx", experimentHash: null, types: null, roles: { train: null, tune: null } },
    ]);
  });

  it("that is no ONNX file is refused", async () => {
    writeFileSync(at("broken.onnx"), "no protobuf");
    await expect(readSource(at("broken.onnx"))).rejects.toMatchObject({ tag: "BadCheckpoint" });
    await expect(readSource(at("absent.onnx"))).rejects.toMatchObject({ tag: "BadCheckpoint" });
  });
});

describe("what cannot be begun with", () => {
  it("another architecture, by its name and the one that was wanted", async () => {
    const { path } = await written("plain.safetensors", {});
    const { networks } = networksFor({}, { architecture: "dynunet" });
    const refused = {
      tag: "BadCheckpoint",
      message: expect.stringMatching(/holds plain, of whose \d+ arrays none.*dynunet/),
    };
    await expect(begin(path, networks)).rejects.toMatchObject(refused);
    const source = await readSource(path);
    await expect(checkFits(source, { architecture: "dynunet" })).rejects.toMatchObject(refused);
    await checkFits(source, { architecture: architectureNamed("plain").name });
  });

  it("a file cut short, weights that are NaN, and another file than the experiment's hash names", async () => {
    const { path } = await written("broken.safetensors", {});
    const whole = await readFile(path);
    await writeFile(at("short.safetensors"), whole.subarray(0, whole.length - 100));
    await expect(readSource(at("short.safetensors"))).rejects.toMatchObject({ tag: "BadCheckpoint" });
    const { tensors, metadata } = await readTensors(path);
    const [[name, tensor]] = [...tensors] as [[string, { shape: number[]; data: Float32Array }]];
    const nan = new Map(tensors).set(name, { ...tensor, data: tensor.data.map(() => Number.NaN) });
    await writeTensors(at("nan.safetensors"), { tensors: nan, metadata });
    await expect(readSource(at("nan.safetensors"))).rejects.toMatchObject({ tag: "NotFinite" });
    const { experiment } = networksFor({ from: { checkpoint: path, sha256: "0".repeat(64) } });
    await expect(openStart(experiment)).rejects.toMatchObject({
      tag: "BadExperiment",
      message: expect.stringContaining("from.sha256"),
    });
  });

  it("an ensemble of several networks, unless it is a soup", async () => {
    const { path, experiment } = await written("member.safetensors", {});
    const { networks } = await import("../../../src/train/checkpoint/checkpoint.js").then(
      ({ readCheckpoint }) => readCheckpoint(path),
    );
    const member = { sha256: "0".repeat(64), experiment: "old", score: 0.5, trainedOn: null, weight: 1 };
    const picking = new Map(challengeParticles.map((particle) => [particle.name, defaultPicking(particle)]));
    const write = (name: string, average: "probabilities" | "weights", count: number) =>
      writeCheckpoint(at(name), count === 1 ? ["all"] : ["1", "2"], {
        experiment,
        spacing: 10,
        networks: new Array(count).fill({ ...networks[0]!, share: 1 / count }),
        picking,
        tuneScore: null,
        ensemble: { average, choice: "all", tune: ["TS_1"], members: [member] },
      });
    await write("several.safetensors", "probabilities", 2);
    await expect(readSource(at("several.safetensors"))).rejects.toMatchObject({
      tag: "BadCheckpoint",
      message: expect.stringMatching(/an ensemble of 2 networks.*--average weights/),
    });
    await write("soup.safetensors", "weights", 1);
    expect((await readSource(at("soup.safetensors"))).networks.map(({ name }) => name)).toEqual(["all"]);
  });
});
