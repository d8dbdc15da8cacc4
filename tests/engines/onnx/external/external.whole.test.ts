import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { angstrom } from "../../../../src/domain/units.js";
import { type Shape3, voxelCount } from "../../../../src/domain/volume.js";
import type { ExternalSpec } from "../../../../src/engines/externalSpec.js";
import { externalProvider, openExternal } from "../../../../src/engines/onnx/external/external.js";
import { readModel } from "../../../../src/engines/onnx/external/model.js";
import { type ExternalRequest, probeExternal } from "../../../../src/engines/onnx/external/probe.js";
import { encodeModel, standardOperators } from "../../../../src/engines/onnx/graph/model.js";
import { type ExternalNetwork, openPredictor } from "../../../../src/infer/predict/predictor.js";
import { predictMaps } from "../../../../src/infer/predict/probabilityMaps.js";
import { hashOf } from "../../../../src/system/files.js";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../fixtures/nets/external/${name}`, import.meta.url));
const shape: Shape3 = [8, 12, 10];
/** make.py's image. */
const image = Float32Array.from({ length: voxelCount(shape) }, (_, i) => Math.sin(0.37 * i));
const options = { engine: "onnx-cpu", threads: 1 } as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "external-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function probe(
  path: string,
  changes: Partial<ExternalRequest> = {},
): Promise<{ model: Uint8Array; spec: ExternalSpec }> {
  const { model, parameters } = await readModel(path);
  const request: ExternalRequest = {
    file: path,
    sha256: hashOf(model),
    layout: "channelsFirst",
    outputs: 3,
    slices: 1,
    normalisation: "none",
    parameters,
    ...changes,
  };
  return { model, spec: await probeExternal(model, request) };
}

/** (channel, z, y, x) as PyTorch wrote it, in the order of tiles: (z, channel, y, x). */
async function torchLogits(name: string): Promise<Float32Array> {
  const bytes = await readFile(fixture(name));
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const plane = shape[1] * shape[2];
  return Float32Array.from(values, (_, at) => {
    const z = Math.floor(at / (3 * plane));
    const channel = Math.floor(at / plane) % 3;
    return values[(channel * shape[0] + z) * plane + (at % plane)]!;
  });
}

function expectClose(got: Float32Array, wanted: Float32Array): void {
  expect(got.length).toBe(wanted.length);
  const largest = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  expect(largest).toBeLessThan(1e-5);
}

describe("a model that PyTorch exported gives what PyTorch gives", () => {
  it.each<[string, Partial<ExternalRequest>, string, Partial<ExternalSpec>]>([
    [
      "unet",
      { multiple: [2, 2, 2] },
      "unet",
      { fixed: [null, null, null], multiple: [2, 2, 2], slices: null },
    ],
    ["two", { multiple: [2, 2, 2], output: "logits" }, "unet", { output: "logits" }],
    ["last", { layout: "channelsLast" }, "unet", { fixed: [8, 12, 10], multiple: [8, 12, 10] }],
    ["planes", { slices: 3 }, "planes", { fixed: [null, null, null], multiple: [1, 1, 1], slices: 3 }],
  ])("%s", async (name, changes, wanted, found) => {
    const { model, spec } = await probe(fixture(`${name}.onnx`), changes);
    expect(spec).toMatchObject(found);
    const network = await openExternal(model, spec, "none", options);
    expectClose(await network.run(image, shape), await torchLogits(`${wanted}.f32`));
    await network.close();
  });

  it("after an activation, and on a tile normalised by itself", async () => {
    const { model, spec } = await probe(fixture("unet.onnx"), { multiple: [2, 2, 2] });
    const logits = await torchLogits("unet.f32");
    const perTile = { ...spec, normalisation: { kind: "zScore", per: "tile" } as const };
    const scaled = image.map((value) => 70 + 9 * value);
    const [softmax, sigmoid, first, second] = await Promise.all(
      (
        [
          [spec, "softmax", image],
          [spec, "sigmoid", image],
          [perTile, "none", image],
          [perTile, "none", scaled],
        ] as const
      ).map(async ([given, activation, tile]) =>
        (await openExternal(model, given, activation, options)).run(tile, shape),
      ),
    );
    const plane = shape[1] * shape[2];
    const exps = (at: number) => {
      const start = Math.floor(at / (3 * plane)) * 3 * plane + (at % plane);
      return [0, 1, 2].reduce((sum, channel) => sum + Math.exp(logits[start + channel * plane]!), 0);
    };
    expectClose(
      softmax!,
      logits.map((value, at) => Math.exp(value) / exps(at)),
    );
    expectClose(
      sigmoid!,
      logits.map((value) => 1 / (1 + Math.exp(-value))),
    );
    expectClose(second!, first!);
    expect(scaled[0]).toBe(70);
  });

  it("counts its stored numbers", async () => {
    const { parameters } = await readModel(fixture("planes.onnx"));
    expect(parameters).toBe(6 * 3 * 9 + 6 + 3 * 6 * 9 + 3);
  });
});

/** A model of one node in standard ONNX. */
const oneNode = (opType: string) =>
  encodeModel(
    {
      nodes: [{ name: "n", opType, domain: "", input: ["image"], output: ["maps"], attribute: [] }],
      initializers: [],
      inputs: [{ name: "image", dims: ["b", 1, "z", "y", "x"] }],
      outputs: [{ name: "maps", dims: ["b", 1, "z", "y", "x"] }],
    },
    { operatorSets: [standardOperators] },
  );

describe("is refused in one sentence", () => {
  const refusal = async (path: string, changes: Partial<ExternalRequest> = {}): Promise<string> => {
    const error: unknown = await probe(path, changes).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ tag: "BadExperiment", path });
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message.replace(`${path}: `, "");
  };
  const written = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };

  it("a file that is not there, not ONNX, empty, or cut short", async () => {
    expect(await refusal(join(folder, "none.onnx"))).toMatch(/cannot be read \(it does not exist\)/);
    expect(await refusal(folder)).toMatch(/cannot be read \(it is a folder, not a file\)/);
    expect(await refusal(await written("text.onnx", "<html>not found</html>"))).toMatch(
      /not a whole ONNX file/,
    );
    expect(await refusal(await written("empty.onnx", ""))).toMatch(/not an ONNX file/);
    const whole = await readFile(fixture("unet.onnx"));
    for (const length of [300, 4000, whole.length - 1])
      expect(await refusal(await written("cut.onnx", whole.subarray(0, length)))).toMatch(
        /not a whole ONNX file/,
      );
  });

  it("weights in another file", async () => {
    expect(await refusal(fixture("outside.onnx"))).toMatch(/weights in other files/);
  });

  it("operators that ONNX Runtime does not know", async () => {
    const message = await refusal(await written("operator.onnx", oneNode("Nonsense")));
    expect(message).toMatch(/ONNX Runtime cannot load it \(.*Nonsense.*\); export it/);
  });

  it.each<[string, string, Partial<ExternalRequest>, RegExp]>([
    ["an unknown input", "unet", { input: "x" }, /no input "x"; it has image: name one in network\.input/],
    ["an unknown output", "two", { output: "x" }, /no output "x"; it has logits, other: name/],
    ["no choice among outputs", "two", {}, /has the outputs logits, other; name one in network\.output/],
    ["double precision", "double", {}, /input image is of float64, wanted float32/],
    ["another number of channels", "unet", { outputs: 4 }, /has 3 channels \(1×3×.*network\.outputs names 4/],
    ["maps of half the size", "two", { output: "other", outputs: 8 }, /maps of 8×8×8 for a tile of 16×16×16/],
    [
      "tiles of a size it does not take",
      "unet",
      { multiple: [17, 17, 17] },
      /cannot run it on 17×17×17 voxels/,
    ],
    ["slices for volumes", "unet", { slices: 3 }, /slices: 3 .* rank 5/],
    [
      "one slice where it takes three",
      "planes",
      {},
      /takes 3 channels .*, wanted 1; give network\.slices: 3/,
    ],
    ["channels where they are not", "last", {}, /takes 8 channels .*, wanted 1; .*network\.layout/],
  ])("%s", async (_, name, changes, message) => {
    expect(await refusal(fixture(`${name}.onnx`), changes)).toMatch(message);
  });

  it.each([
    [
      "input",
      ["b", "n"],
      ["b", "n"],
      /input image has rank 2 \(b, n\), wanted 5, \(batch, channel, z, y, x\), or 4/,
    ],
    [
      "output",
      ["b", 1, "z", "y", "x"],
      ["n"],
      /output maps has rank 1 \(4096\), wanted \(batch, channel, z, y, x\)/,
    ],
  ] as const)("another rank of its %s", async (role, input, output, message) => {
    const node = { name: "n", domain: "", input: ["image"], output: ["maps"], attribute: [] };
    const bytes = encodeModel(
      {
        nodes: [
          role === "input"
            ? { ...node, opType: "Relu" }
            : { ...node, opType: "Reshape", input: ["image", "flat"] },
        ],
        initializers:
          role === "input"
            ? []
            : [
                {
                  name: "flat",
                  dataType: 7,
                  dims: [1],
                  rawData: new Uint8Array(BigInt64Array.of(-1n).buffer),
                },
              ],
        inputs: [{ name: "image", dims: input }],
        outputs: [{ name: "maps", dims: output }],
      },
      { operatorSets: [standardOperators] },
    );
    expect(await refusal(await written("rank.onnx", bytes), { outputs: 1 })).toMatch(message);
  });

  it("an engine that does not run ONNX files", () => {
    expect(() => externalProvider("tfjs", "a.onnx")).toThrow(/a\.onnx: engine tfjs does not run ONNX files/);
  });
});

describe("a volume predicted by it", () => {
  const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
  const settings = { tile: [8, 12, 10], overlap: 2, flips: false, rotations: false, ...options } as const;
  const networkOf = async (name: string, changes: Partial<ExternalRequest>): Promise<ExternalNetwork> => {
    const { model, spec } = await probe(fixture(name), changes);
    return { external: spec, model, activation: "sigmoid", channels: [null, "a", "b"] };
  };

  it("in tiles of the one size it takes, larger than the volume where need be", async () => {
    const network = await networkOf("last.onnx", { layout: "channelsLast" });
    const predictor = await openPredictor([network], { ...settings, tile: [64, 64, 64] });
    expect(predictor.normalisations).toEqual(["none"]);
    const logits = await torchLogits("unet.f32");
    const maps = await predictMaps(predictor, { data: image, shape, spacing });
    const plane = shape[1] * shape[2];
    for (const [channel, type] of [
      [1, "a"],
      [2, "b"],
    ] as const)
      maps.volume(type).data.forEach((value, i) => {
        const logit = logits[Math.floor(i / plane) * 3 * plane + channel * plane + (i % plane)]!;
        expect(Math.abs(value - 1 / (1 + Math.exp(-logit)))).toBeLessThan(2e-5);
      });
    const small = { data: image.slice(0, 5 * plane), shape: [5, 12, 10] as const, spacing };
    expect((await predictMaps(predictor, small)).volume("a").data.every(Number.isFinite)).toBe(true);
    await predictor.close();
  });

  it("each network of an ensemble sees it in its own normalisation", async () => {
    const changes = { multiple: [2, 2, 2] } as const;
    const plain = await networkOf("unet.onnx", changes);
    const zScored = await networkOf("unet.onnx", { ...changes, normalisation: "zScore" });
    const views = [image, image.map((value) => 3 * value - 1)].map((data) => ({ data, shape, spacing }));
    const alone = await Promise.all(
      views.map(async (view) => {
        const predictor = await openPredictor([plain], settings);
        const { data } = (await predictMaps(predictor, view)).volume("b");
        await predictor.close();
        return data;
      }),
    );
    const both = await openPredictor([plain, zScored], settings);
    expect(both.normalisations).toEqual(["none", "zScore"]);
    (await predictMaps(both, views)).volume("b").data.forEach((value, i) => {
      expect(Math.abs(value - (alone[0]![i]! + alone[1]![i]!) / 2)).toBeLessThan(2e-5);
    });
    await both.close();
  });

  it("is refused where the maps hold NaN", async () => {
    const path = join(folder, "log.onnx");
    await writeFile(path, oneNode("Log"));
    const { model, spec } = await probe(path, { outputs: 1 });
    const predictor = await openPredictor(
      [{ external: spec, model, activation: "none", channels: ["a"] }],
      settings,
    );
    await expect(predictMaps(predictor, { data: image, shape, spacing })).rejects.toMatchObject({
      tag: "NotFinite",
    });
    await predictor.close();
  });

  it("is refused where two networks take no tile in common", async () => {
    const fixed = await networkOf("last.onnx", { layout: "channelsLast" });
    const other = await networkOf("unet.onnx", { multiple: [16, 16, 16] });
    const predictor = await openPredictor([fixed, other], settings);
    await expect(predictMaps(predictor, { data: image, shape, spacing })).rejects.toThrow(
      /take no tile in common: one is made for 8×12×10 voxels/,
    );
    await predictor.close();
  });
});
