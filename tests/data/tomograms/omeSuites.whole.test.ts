import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { openOmeZarr } from "../../../src/data/tomograms/omeZarr.js";
import { angstrom } from "../../../src/domain/units.js";
import { openZarrArray } from "../../../src/formats/zarr/array.js";
import { checkImage, readMultiscales } from "../../../src/formats/zarr/ome.js";
import { createOmeZarr, type OmeZarrOptions } from "../../../src/formats/zarr/writer.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { pythonHas, runPython } from "../../support/python.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const suites = "../shared/data/formats/zarr";
const hasSuites = existsSync(suites);
if (!hasSuites) console.warn("skipped: no ../shared with the OME-NGFF suites");
const parsed = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

interface SuiteCase {
  readonly valid: boolean;
  readonly formerly: string;
  readonly data: unknown;
}

describe.skipIf(!hasSuites)("the OME-NGFF suites", () => {
  const casesOf = (name: string) =>
    (parsed(join(suites, "ngff_0.4_suite/tests", name)) as { tests: SuiteCase[] }).tests;

  test.each(hasSuites ? ["image_suite.json", "strict_image_suite.json"] : [])(
    "%s: valid images are taken, invalid ones refused",
    (name) => {
      const verdicts = casesOf(name).map(({ formerly, data }) => {
        try {
          checkImage("image", JSON.stringify(data));
          return [formerly, true];
        } catch (error) {
          expect(isPickbenchError(error, "BadDataset"), `${formerly}: ${error}`).toBe(true);
          return [formerly, false];
        }
      });
      expect(verdicts).toEqual(casesOf(name).map(({ formerly, valid }) => [formerly, valid]));
      expect(verdicts.length).toBeGreaterThan(4);
    },
  );

  test.each(
    hasSuites
      ? readdirSync(join(suites, "ngff_0.4_suite/tests")).filter((name) => !name.includes("image"))
      : [],
  )("%s: plates, wells and labels alone are no tomograms", async (name) => {
    for (const { data, formerly } of casesOf(name)) {
      const folder = writeTree(temporaryFolder(), { ".zattrs": JSON.stringify(data) });
      await expect(readMultiscales(folder), formerly).rejects.toMatchObject({ name: "BadDataset" });
    }
  });

  test("ome-zarr-models' images of both versions are taken, its plates, wells and label lists refused", async () => {
    const models = ["v04", "v05"].flatMap((version) => {
      const folder = join(suites, "ome_zarr_models", version);
      return readdirSync(folder).flatMap((name) => (name.endsWith(".json") ? [join(folder, name)] : []));
    });
    const verdicts = await Promise.all(
      models.map(async (path) => {
        const attributes = parsed(path) as Record<string, unknown>;
        const isV3 = path.includes("v05");
        const file = isV3
          ? { "zarr.json": JSON.stringify({ zarr_format: 3, node_type: "group", attributes }) }
          : { ".zattrs": JSON.stringify(attributes) };
        const read = await readMultiscales(writeTree(temporaryFolder(), file)).then(
          ({ levels }) => levels.length,
          (error: Error) => error.name,
        );
        return `${basename(dirname(path))}/${basename(path, ".json")} ${read}`;
      }),
    );
    expect(verdicts.sort()).toEqual([
      "v04/bioformats2raw_example BadDataset",
      "v04/image_label_example 1",
      "v04/multiscales_example 2",
      "v04/omero_example BadDataset",
      "v04/plate_example_1 BadDataset",
      "v04/plate_example_2 BadDataset",
      "v04/well_example_1 BadDataset",
      "v04/well_example_2 BadDataset",
      "v05/bioformats2raw_example BadDataset",
      "v05/hcs_example BadDataset",
      "v05/image_example 3",
      "v05/image_label_example 3",
      "v05/image_no_version_example 3",
      "v05/labels_example BadDataset",
      "v05/labels_image_example 1",
      "v05/plate_example_1 BadDataset",
      "v05/plate_example_2 BadDataset",
      "v05/well_example BadDataset",
    ]);
  });

  test("every array of zarrita's is read whole, or refused by name as no numbers or a codec that is not known", async () => {
    const refused = new Map<string, string>();
    let read = 0;
    for (const version of ["v2", "v3"]) {
      const root = join(suites, "zarrita_fixtures", version, "data.zarr");
      for (const name of readdirSync(root)) {
        const folder = join(root, name);
        if (!existsSync(join(folder, ".zarray")) && !existsSync(join(folder, "zarr.json"))) continue;
        const outcome = await readWhole(folder).catch((error: unknown) => {
          expect(isPickbenchError(error), `${folder}: ${error}`).toBe(true);
          refused.set(`${version} ${name}`, (error as Error).message.replace(/^.*?: /, ""));
          return undefined;
        });
        if (outcome) read++;
      }
    }
    expect({ read, refused: Object.fromEntries(refused) }).toMatchSnapshot();
  });
});

/** Every chunk of an array. */
async function readWhole(folder: string): Promise<boolean> {
  const array = await openZarrArray(folder);
  const counts = array.shape.map((size, axis) => Math.ceil(size / array.chunkShape[axis]!));
  const total = counts.reduce((product, count) => product * count, 1);
  for (let index = 0; index < total; index++) {
    let rest = index;
    const at = counts.map(() => 0);
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      at[axis] = rest % counts[axis]!;
      rest = Math.floor(rest / counts[axis]!);
    }
    await array.readChunk(at);
  }
  return true;
}

const base: OmeZarrOptions = {
  shape: [7, 9, 10],
  spacing: [angstrom(10.5), angstrom(11), angstrom(12)],
  chunkShape: [4, 4, 8],
  levels: 3,
};
const variants: [string, OmeZarrOptions][] = [
  ["plain", base],
  ["gzip", { ...base, compressor: "gzip" }],
  ["zstd", { ...base, compressor: "blosc-zstd" }],
  ["channels", { ...base, channels: ["ribosome", "mystère"] }],
  ["labels", { ...base, voxelType: "uint8", downsampling: "nearest" }],
  ...(["int8", "uint8", "int16", "uint16", "float16"] as const).map((voxelType): [string, OmeZarrOptions] => [
    voxelType,
    { ...base, voxelType },
  ]),
];

async function writeCounting(path: string, options: OmeZarrOptions): Promise<Float32Array> {
  const [depth, height, width] = options.shape;
  const values = Float32Array.from({ length: depth * height * width }, (_, i) => i % 120);
  const writer = await createOmeZarr(path, options);
  for (const channel of (options.channels ?? [""]).keys()) await writer.writeSlab(0, values, channel);
  await writer.close();
  return values;
}

describe.skipIf(!pythonHas("zarr"))(
  "zarr-python reads what we write (skipped without Debian's python3-zarr)",
  () => {
    test("every variant of Zarr v2, on every level", async () => {
      const folder = temporaryFolder();
      for (const [name, options] of variants) await writeCounting(join(folder, `${name}.zarr`), options);
      const peer = runPython("zarrPeer.py", folder) as Record<
        string,
        { shape: number[]; type: string; values: number[] }
      >;
      expect(Object.keys(peer).length).toBe(3 * variants.length);
      for (const [name, options] of variants) {
        const { shape, type, values } = peer[`${name}.zarr/0`]!;
        const channels = options.channels?.length;
        expect(shape).toEqual(channels ? [channels, ...options.shape] : options.shape);
        expect(type, name).toBe(numpyTypes[options.voxelType ?? "float32"]);
        const length = options.shape[0] * options.shape[1] * options.shape[2] * (channels ?? 1);
        expect(values, name).toEqual(Array.from({ length }, (_, i) => (i % 630) % 120));
        expect(peer[`${name}.zarr/2`]!.shape.slice(-3)).toEqual([2, 3, 3]);
      }
    });
  },
);

const numpyTypes: Readonly<Record<string, string>> = {
  float32: "<f4",
  float16: "<f2",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
};

describe.skipIf(!hasSuites)("what we write is valid by the suite's own schemas", () => {
  const ajv = new Ajv2020({ strict: false });
  const schemas = join(suites, "ngff_0.4_suite/schemas");
  const validator = () => {
    const image = parsed(join(schemas, "image.schema")) as object;
    return (
      ajv.getSchema("https://ngff.openmicroscopy.org/0.4/schemas/strict_image.schema") ??
      ajv.addSchema(image).compile(parsed(join(schemas, "strict_image.schema")) as object)
    );
  };

  test("the schema refuses what the suite calls invalid", () => {
    validator();
    const image = ajv.getSchema("https://ngff.openmicroscopy.org/0.4/schemas/image.schema")!;
    const { tests } = parsed(join(suites, "ngff_0.4_suite/tests/image_suite.json")) as { tests: SuiteCase[] };
    expect(tests.map(({ data }) => image(data))).toEqual(tests.map(({ valid }) => valid));
  });

  test.each(variants)("%s, 0.4 strictly, and 0.5 with its version moved", async (_name, options) => {
    const folder = temporaryFolder();
    await writeCounting(join(folder, "v2.zarr"), options);
    await writeCounting(join(folder, "v3.zarr"), { ...options, format: 3, sharded: true });
    const check = validator();
    expect(check(parsed(join(folder, "v2.zarr/.zattrs"))), JSON.stringify(check.errors)).toBe(true);
    const { ome } = (parsed(join(folder, "v3.zarr/zarr.json")) as { attributes: { ome: OmeAttributes } })
      .attributes;
    expect(ome.version).toBe("0.5");
    const lifted = { ...ome, multiscales: ome.multiscales.map((image) => ({ ...image, version: "0.4" })) };
    expect(check(lifted), JSON.stringify(check.errors)).toBe(true);
    expect((await openOmeZarr(join(folder, "v3.zarr"))).levels.length).toBe(3);
  });
});

interface OmeAttributes {
  readonly version: string;
  readonly multiscales: readonly object[];
}
