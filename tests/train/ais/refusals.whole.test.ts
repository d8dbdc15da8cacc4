import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aisKind } from "../../../src/formats/ais/kind.js";
import type { KerasFile } from "../../../src/formats/keras/hdf5.js";
import { encodeKeras } from "../../../src/formats/keras/hdf5.js";
import { encodeTar } from "../../../src/formats/tar.js";
import { importGroup, importModel } from "../../../src/train/ais/importModels.js";
import { description, scnmOf, smallUnet } from "../../support/kerasModels.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-ais-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const placed = (bytes: Uint8Array, name = "model.scnm"): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

interface Layers {
  readonly config: {
    readonly layers: {
      class_name: string;
      name: string;
      config: Record<string, unknown>;
      inbound_nodes: unknown;
    }[];
  };
}

/** A model with its configuration changed. */
function withLayers(change: (layers: Layers["config"]["layers"]) => void): KerasFile {
  const model = structuredClone(smallUnet(1));
  change((model.config as Layers).config.layers);
  return model;
}

test.each([
  [
    "a layer that is not taken",
    withLayers((layers) => {
      layers[4]!.class_name = "Lambda";
    }),
    "layer drop is a Lambda, which is not taken: it holds Python code",
  ],
  [
    "an activation that is not taken",
    withLayers((layers) => {
      layers[1]!.config.activation = "mish";
    }),
    'layer down, a Conv2D: its activation is "mish"',
  ],
  [
    "channels first",
    withLayers((layers) => {
      layers[1]!.config.data_format = "channels_first";
    }),
    "layer down, a Conv2D: its data_format",
  ],
  [
    "a map of another size",
    withLayers((layers) => {
      layers[1]!.config.strides = [2, 2];
    }),
    "another size than its input",
  ],
  [
    "maps that do not fit",
    withLayers((layers) => {
      layers[5]!.config.size = [4, 4];
    }),
    "layer join, a Concatenate: its inputs differ in size",
  ],
  [
    "weights of other sizes",
    withLayers((layers) => {
      layers[3]!.config.kernel_size = [3, 3];
    }),
    "kernel of layer deep has the sizes 5×5×4×6, wanted 3×3×4×6",
  ],
  [
    "a circle",
    withLayers((layers) => {
      layers[2]!.inbound_nodes = [[["drop", 0, 0, {}]]];
    }),
    "leads in a circle",
  ],
  [
    "a layer that is not there",
    withLayers((layers) => {
      layers[2]!.inbound_nodes = [[["nowhere", 0, 0, {}]]];
    }),
    'a layer "nowhere" that it lacks',
  ],
  [
    "Keras 3's links",
    withLayers((layers) => {
      layers[2]!.inbound_nodes = [{ args: [] }];
    }),
    "is not as Keras 2 writes it",
  ],
])("refuses %s", async (_, model, message) => {
  const path = placed(await scnmOf(model));
  await expect(importModel(path, {})).rejects.toThrow(message);
});

test("refuses an even number of slices, and weights that are not finite", async () => {
  await expect(importModel(placed(await scnmOf(smallUnet(2))), {})).rejects.toThrow(
    "sees 2 slices, an even number",
  );
  const model = smallUnet(1);
  model.weights.get("deep")![1]!.data[2] = Number.NaN;
  await expect(importModel(placed(await scnmOf(model)), {})).rejects.toMatchObject({ tag: "NotFinite" });
});

test("a model that does not know its pixel size is given one", async () => {
  const path = placed(await scnmOf(smallUnet(1), { apix: -1 }));
  await expect(importModel(path, {})).rejects.toThrow("give --spacing");
  expect((await importModel(path, { spacing: 13 })).models[0]).toMatchObject({ spacing: 13 });
});

test.each([
  ["title", "title of its description"],
  ["apix", "apix of its description"],
  ["threshold", "threshold of its description"],
  ["colour", "colour of its description"],
])("refuses a description without %s", async (key, message) => {
  const path = placed(await scnmOf(smallUnet(1), { [key]: undefined }));
  await expect(importModel(path, {})).rejects.toThrow(message);
});

const archive = (weights: Uint8Array): Buffer =>
  encodeTar(
    new Map<string, Uint8Array>([
      ["m_weights.h5", weights],
      ["m_metadata.json", Buffer.from(JSON.stringify(description()))],
    ]),
  );

test("refuses HDF5 that is broken, cut, or no Keras model", async () => {
  const whole = await encodeKeras(smallUnet(1));
  const cut = archive(whole.subarray(0, whole.length - 300));
  await expect(importModel(placed(cut), {})).rejects.toThrow("not a whole HDF5 file");
  await expect(importModel(placed(archive(Buffer.alloc(4000, 3))), {})).rejects.toThrow(
    "not a whole HDF5 file",
  );
  const other = await encodeKeras({ ...smallUnet(1), weights: new Map() });
  await expect(importModel(placed(archive(other)), {})).rejects.toThrow(
    "kernel of layer down has no numbers",
  );
});

test("refuses groups with doubled or unknown titles", async () => {
  const group = async (titles: readonly string[], partner: string) =>
    placed(
      encodeTar(
        new Map<string, Uint8Array>([
          ...(await Promise.all(
            titles.map(
              async (title, at): Promise<[string, Uint8Array]> => [
                `g_model_${at}.scnm`,
                await scnmOf(smallUnet(1), { title }),
              ],
            ),
          )),
          [
            "g_interactions.json",
            Buffer.from(
              JSON.stringify([
                { parent_title: "A", partner_title: partner, type: 0, radius: 10, threshold: 0.5 },
              ]),
            ),
          ],
        ]),
      ),
    );
  await expect(importGroup(await group(["A", "A"], "A"), {})).rejects.toThrow('have the title "A"');
  await expect(importGroup(await group(["A", "B"], "C"), {})).rejects.toThrow('names the model "C"');
});

test.each([
  ["a pickle", Buffer.from("\x80\x04\x95rest of a pickle", "latin1"), "Python pickle"],
  ["a TIFF", Buffer.from("II*\0rest of a TIFF", "latin1"), "it is a TIFF"],
  ["HDF5 alone", Buffer.from("\x89HDF\r\n\x1a\n", "latin1"), "not the .scnm archive"],
  ["text", Buffer.from("hello ".repeat(200)), "no tar archive"],
  ["another archive", encodeTar(new Map([["a", Buffer.from("b")]])), "holds no Ais model"],
])("refuses %s, whatever it is called", async (_, bytes, message) => {
  await expect(aisKind(placed(bytes, "any.scns"))).rejects.toThrow(message);
});
