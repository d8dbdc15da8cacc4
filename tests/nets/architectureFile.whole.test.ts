import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readArchitecture } from "../../src/nets/architectureFile.js";
import { loadNetwork } from "../../src/nets/library/catalogue.js";
import { checkExperiment, readExperiment } from "../../src/train/experiment/experiment.js";
import { networkName, type TrainedChoice } from "../../src/train/experiment/networkChoice.js";
import { resolveNetwork } from "../../src/train/fit/networks.js";

let folder: string;
const at = (name: string) => join(folder, name);

const twoLayers = `
  import { widths } from "./widths.ts";
  interface Graph { convolution(x: object, name: string, channels: number): object; relu(x: object): object }
  export default {
    name: "two-layers",
    build(g: Graph, x: object, outputs: number) {
      return g.convolution(g.relu(g.convolution(x, "first", widths[0]!)), "last", outputs);
    },
  };`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "architecture-"));
  await writeFile(at("two.ts"), twoLayers);
  await writeFile(at("widths.ts"), "export const widths: readonly number[] = [4];");
  await writeFile(at("throws.mjs"), 'throw new Error("no such luck\\nand more");');
  await writeFile(
    at("builds.mjs"),
    "export default { name: 'b', build() { throw new Error('too wide'); } };",
  );
  await writeFile(
    at("wrong.mjs"),
    "export default { name: 'w', build: (g, x) => g.convolution(x, 'c', 9) };",
  );
  await writeFile(at("nothing.mjs"), "export const build = 1;");
  await writeFile(at("syntax.mjs"), "export default {");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a user's own architecture", () => {
  test("is read from TypeScript with what it imports, and built as those of the library", async () => {
    const { architecture, sha256 } = await readArchitecture(at("two.ts"), 3);
    expect(architecture).toMatchObject({ name: "two-layers", source: "the user's own" });
    const spec = { architecture: "two-layers", outputs: 3, slices: 5, file: { path: at("two.ts"), sha256 } };
    const network = await loadNetwork(spec);
    expect(network.parameterCount).toBe(27 * 5 * 4 + 4 + 27 * 4 * 3 + 3);
  });

  test("is found beside the experiment that names it", async () => {
    const experiment = {
      name: "own",
      network: { file: "two.ts", slices: 3 },
      splits: { train: 1 },
      loss: [{ kind: "crossEntropy" }],
      budget: "1 step",
    };
    await writeFile(at("own.yaml"), JSON.stringify(experiment));
    const read = await readExperiment(at("own.yaml"));
    expect(await resolveNetwork(read.network as TrainedChoice)).toMatchObject({
      architecture: "two-layers",
      slices: 3,
    });
    expect(networkName(read.network)).toMatch(/two\.ts \(3 slices\)$/);
    expect(() => checkExperiment({ ...experiment, network: { file: "two.ts", slices: 2 } }, "x")).toThrow(
      /slices/,
    );
  });

  test("that has changed since it was trained is refused", async () => {
    const spec = {
      architecture: "two-layers",
      outputs: 1,
      file: { path: at("two.ts"), sha256: "0".repeat(64) },
    };
    await expect(loadNetwork(spec)).rejects.toMatchObject({
      tag: "BadExperiment",
      message: expect.stringMatching(
        /has changed since two-layers was trained; put back the file whose SHA-256/,
      ),
    });
  });

  test.each([
    ["missing.mjs", /cannot be read .*; give a \.ts, \.js or \.mjs file$/],
    ["syntax.mjs", /cannot be read .*; give a \.ts, \.js or \.mjs file$/],
    ["throws.mjs", /throws when loaded: no such luck$/],
    ["builds.mjs", /b throws while it is built: too wide$/],
    ["wrong.mjs", /w throws while it is built: w gives 9 channels .* wanted 3 of 1$/],
    [
      "nothing.mjs",
      /default export is not an architecture .* wanted \{ name, build\(graph, input, outputs\) \}$/,
    ],
  ])("%s is refused in one sentence", async (name, message) => {
    const error: unknown = await readArchitecture(at(name), 3).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ tag: "BadExperiment", message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain("\n");
  });
});
