import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { dataManifest } from "../../../src/data/manifest.js";
import { type Feature, featuresOf } from "../../../src/data/masks/features.js";
import { checkFeatures, featuresThere, withMaskFiles } from "../../../src/data/masks/find.js";
import { knownCount, voxelAt, yesCount } from "../../../src/data/masks/mask.js";
import { readMask } from "../../../src/data/masks/read.js";
import type { Dataset } from "../../../src/data/model.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { cubic, segmentation, valuesOf, writeLabels } from "../../support/masks.js";

const shape: Shape3 = [12, 20, 16];
const spacing = cubic(10);
/** A label from 0 to 3 that no symmetry of the grid keeps. */
const labelAt = (z: number, y: number, x: number): number => (z * 5 + y * 3 + x * 7 + ((z * y) % 3)) % 4;
const all = valuesOf(shape, labelAt);

let folder: string;
let dataset: Dataset;
const at = (...parts: string[]) => join(folder, ...parts);
const write = (file: string, label: typeof labelAt, size = shape, length = 10, run = "A") =>
  writeLabels(segmentation(folder, run, file), size, cubic(length), label);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "masks-"));
  for (const run of ["A", "B"])
    await writeLabels(
      at("overlay", "ExperimentRuns", run, "VoxelSpacing10.000", "wbp.zarr"),
      shape,
      spacing,
      labelAt,
    );
  await write("10.000_ann_1_membrane", (...p) => Number(labelAt(...p) === 1));
  await write("10.000_ann_1_parts-multilabel", labelAt);
  await write("10.000_ann_1_twice", () => 1);
  await write("10.000_ben_1_twice", (z) => Number(z < 2));
  await write("20.000_ann_1_coarse", (z, y, x) => Number(labelAt(z, y, x) > 1), [6, 10, 8], 20);
  await write("10.000_ann_1_many", (z) => Number(z === 3));
  await write("20.000_ann_1_many", () => 1, [6, 10, 8], 20);
  await write("10.000_pickbench_predict_own", () => 1);
  await writeFile(
    at("copick.json"),
    JSON.stringify({
      overlay_root: at("overlay"),
      pickable_objects: [
        { name: "ribosome", radius: 100, label: 1 },
        { name: "carbon", is_particle: false, label: 2 },
        { name: "ice", is_particle: false, label: 3 },
      ],
    }),
  );
  dataset = await openDataset(at("copick.json"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(given: string | (Partial<Feature> & { name: string }), run = "A") {
  const [whole] = featuresOf([typeof given === "string" ? given : { annotated: "all", ...given }]);
  const ref = dataset.runs.find(({ name }) => name === run)!.tomograms[0]!;
  return readMask(dataset, run, whole!, { ref, shape, spacing });
}

const wanted = (of: (label: number, z: number, y: number, x: number) => number) => [
  ...valuesOf(shape, (z, y, x) => of(labelAt(z, y, x), z, y, x)),
];

describe("copick's segmentations", () => {
  test("lists features of binary and of multilabel masks, without pickbench's own", () => {
    expect(featuresThere(dataset)).toEqual([
      "carbon",
      "coarse",
      "ice",
      "many",
      "membrane",
      "ribosome",
      "twice",
    ]);
  });

  test("reads a binary mask, and counts it", async () => {
    const mask = (await read("membrane"))!;
    expect([...mask.voxels]).toEqual(wanted((label) => Number(label === 1)));
    expect(yesCount(mask)).toBe(all.filter((label) => label === 1).length);
    expect(knownCount(mask)).toBe(all.length);
  });

  test("reads the label of the configuration's object, particle or not", async () => {
    expect([...(await read("carbon"))!.voxels]).toEqual(wanted((label) => Number(label === 2)));
    expect([...(await read("ribosome"))!.voxels]).toEqual(wanted((label) => Number(label === 1)));
    const other = await read({ name: "ribosome", label: 3 });
    expect([...other!.voxels]).toEqual(wanted((label) => Number(label === 3)));
  });

  test("reads a label that is given, of a mask by its own name", async () => {
    const mask = await read({ name: "parts", label: 3, ignore: 2 });
    expect([...mask!.voxels]).toEqual(wanted((label) => (label === 2 ? 2 : Number(label === 3))));
  });

  test("of several asks for one, and takes the one asked for", async () => {
    await expect(read("twice")).rejects.toThrow(
      "A: twice was segmented several times (user ann, session 1, 10 Å; user ben, session 1, 10 Å); name one with features: [{name: twice, user: …, session: …}]",
    );
    expect(yesCount((await read({ name: "twice", user: "ben" }))!)).toBe(2 * 20 * 16);
  });

  test("of several spacings takes the tomogram's", async () => {
    expect(yesCount((await read("many"))!)).toBe(20 * 16);
  });

  test("resamples a mask of another spacing", async () => {
    const mask = (await read("coarse"))!;
    const half = (index: number) => Math.floor(index / 2);
    expect([...mask.voxels]).toEqual([
      ...valuesOf(shape, (z, y, x) => Number(labelAt(half(z), half(y), half(x)) > 1)),
    ]);
  });

  test("pickbench's own are read only where they are asked for", async () => {
    expect(await read("own")).toBeUndefined();
    expect(yesCount((await read({ name: "own", user: "pickbench" }))!)).toBe(all.length);
  });

  test("a run without a mask has none", async () => {
    expect(await read("membrane", "B")).toBeUndefined();
  });
});

describe("files by a pattern", () => {
  test("MRC and OME-Zarr, any value above 0 or one label, and a value that is unknown", async () => {
    await writeLabels(at("m", "A.mrc"), shape, spacing, labelAt);
    await writeLabels(at("m", "A.zarr"), shape, spacing, labelAt);
    const mrc = await read({ name: "x", masks: at("m", "{run}.mrc"), ignore: 2 });
    expect([...mrc!.voxels]).toEqual(wanted((label) => (label === 2 ? 2 : Number(label > 0))));
    const zarr = await read({ name: "x", masks: at("m", "{run}.zarr"), label: 3 });
    expect([...zarr!.voxels]).toEqual(wanted((label) => Number(label === 3)));
    expect(zarr!.labels).toEqual([0, 1, 2, 3]);
    expect(await read({ name: "x", masks: at("m", "{run}.zarr") }, "B")).toBeUndefined();
  });

  test("what a declared translation covers is known, the rest is not", async () => {
    const path = await writeLabels(at("part", "A.zarr"), [4, 5, 6], spacing, (z, y, x) => Number(x >= y + z));
    const text = await readFile(join(path, ".zattrs"), "utf8");
    const moved = text.replace(
      /("scale"[^}]*\})/,
      '$1, {"type": "translation", "translation": [30, 50, 70]}',
    );
    expect(moved).not.toBe(text);
    await writeFile(join(path, ".zattrs"), moved);
    const mask = (await read({ name: "x", masks: at("part", "{run}.zarr") }))!;
    const isIn = (index: number, from: number, size: number) => index >= from && index < from + size;
    expect([...mask.voxels]).toEqual(
      wanted((_, z, y, x) =>
        isIn(z, 3, 4) && isIn(y, 5, 5) && isIn(x, 7, 6) ? Number(x - 7 >= y - 5 + z - 3) : 2,
      ),
    );
    const ref = dataset.runs[0]!.tomograms[0]!;
    const feature = { name: "x", masks: at("part", "{run}.zarr"), annotated: "all" } as const;
    const coarse = (await readMask(dataset, "A", feature, { ref, shape: [6, 10, 8], spacing: cubic(20) }))!;
    expect([...coarse.voxels]).toEqual([
      ...valuesOf([6, 10, 8], (z, y, x) => mask.voxels[((2 * z + 1) * 20 + 2 * y + 1) * 16 + 2 * x + 1]!),
    ]);
    await writeFile(join(path, ".zattrs"), text);
    await expect(read({ name: "x", masks: at("part", "{run}.zarr") })).rejects.toThrow(
      /the mask has 4×5×6 voxels \(z×y×x\) of 10 Å, wanted the tomogram's 12×20×16/,
    );
  });

  test("belong to the data's manifest", async () => {
    await writeLabels(at("h", "A.mrc"), shape, spacing, labelAt);
    const features = featuresOf([{ name: "x", masks: at("h", "{run}.mrc"), annotated: "all" }]);
    const before = await dataManifest(dataset, ["A"], { hash: true });
    const after = await dataManifest(await withMaskFiles(dataset, features), ["A", "B"], { hash: true });
    const added = after.filter(
      ({ path }) => !before.some((entry) => entry.path === path) && path.startsWith("m"),
    );
    expect(added).toMatchObject([{ path: "masks/x/A/A.mrc", sha256: expect.any(String) }]);
    expect(before.some(({ path }) => path.includes("10.000_ann_1_membrane.zarr"))).toBe(true);
  });
});

describe("what is known", () => {
  const membrane = (annotated: Feature["annotated"]) => read({ name: "membrane", annotated });
  const one = (label: number) => Number(label === 1);

  test("slices that hold any yes", async () => {
    const mask = (await read({ name: "many", annotated: "slices" }))!;
    expect([...mask.voxels]).toEqual(wanted((_, z) => (z === 3 ? 1 : 2)));
    expect([knownCount(mask), yesCount(mask)]).toEqual([320, 320]);
  });

  test("slices that are named, in the mask's own grid", async () => {
    const mask = await membrane({ slices: { A: [0, 7] } });
    expect([...mask!.voxels]).toEqual(wanted((label, z) => (z === 0 || z === 7 ? one(label) : 2)));
    const coarse = await read({ name: "coarse", annotated: { slices: { A: [2] } } });
    expect([...coarse!.knownBefore]).toEqual([0, 0, 0, 0, 0, 320, 640, 640, 640, 640, 640, 640, 640]);
    expect(await membrane({ slices: { B: [1] } })).toBeUndefined();
    const whole = await membrane("all");
    expect(await membrane({ slices: { A: "all" } })).toEqual(whole);
    expect(await membrane({ boxes: { A: "all" } })).toEqual(whole);
  });

  test.each(["here", "in a file"])("boxes, half open, given %s", async (where) => {
    const boxes = {
      A: [
        [1, 2, 3, 4, 6, 8],
        [3, 5, 0, 5, 7, 4],
      ] as [number, number, number, number, number, number][],
    };
    await writeFile(at("boxes.json"), JSON.stringify(boxes));
    const mask = await membrane({ boxes: where === "here" ? boxes : at("boxes.json") });
    const isKnown = (z: number, y: number, x: number) =>
      boxes.A.some(([z0, y0, x0, z1, y1, x1]) => z >= z0 && z < z1 && y >= y0 && y < y1 && x >= x0 && x < x1);
    expect([...mask!.voxels]).toEqual(wanted((label, z, y, x) => (isKnown(z, y, x) ? one(label) : 2)));
  });

  test("the voxels of another volume, also of another spacing", async () => {
    await writeLabels(at("known", "A.mrc"), [6, 10, 8], cubic(20), (z, y) => Number(z > 2 && y < 5));
    const mask = await membrane({ mask: at("known", "{run}.mrc") });
    expect([...mask!.voxels]).toEqual(wanted((label, z, y) => (z > 5 && y < 10 ? one(label) : 2)));
    expect(knownCount((await membrane({ mask: at("none", "{run}.mrc") }))!)).toBe(0);
  });

  test("voxels are found by their number, yes or known", async () => {
    const mask = (await membrane({ boxes: { A: [[1, 2, 3, 9, 16, 8]] } }))!;
    const indices = (of: (value: number) => boolean) =>
      [...mask.voxels].flatMap((value, index) => (of(value) ? [index] : []));
    const flat = ([z, y, x]: Shape3) => (z * 20 + y) * 16 + x;
    const count = (of: "yes" | "known") => (of === "yes" ? yesCount(mask) : knownCount(mask));
    const found = (of: "yes" | "known") =>
      Array.from({ length: count(of) }, (_, k) => flat(voxelAt(mask, of, k)));
    expect(found("yes")).toEqual(indices((value) => value === 1));
    expect(found("known")).toEqual(indices((value) => value !== 2));
  });
});

describe("refuses with one sentence", () => {
  test("voxels that are no labels, and labels that nobody named", async () => {
    await writeLabels(at("p", "A.mrc"), shape, spacing, () => 0.25);
    await expect(read({ name: "x", masks: at("p", "{run}.mrc") })).rejects.toThrow(
      /a voxel is 0.25, wanted whole numbers, labels; of probabilities make labels first/,
    );
    await writeLabels(at("minus", "A.mrc"), shape, spacing, (z) => (z < 2 ? -1 : 1));
    await expect(read({ name: "x", masks: at("minus", "{run}.mrc") })).rejects.toThrow(
      /a voxel is -1, wanted labels of 0 and above; if that means unknown, give ignore: -1/,
    );
    const whole = (await read({ name: "x", masks: at("minus", "{run}.mrc"), ignore: -1 }))!;
    expect([...whole.voxels]).toEqual(wanted((_, z) => (z < 2 ? 2 : 1)));
    await write("10.000_ann_1_other-multilabel", () => 7, shape, 10, "B");
    dataset = await openDataset(at("copick.json"));
    await expect(read("ice", "B")).rejects.toThrow(
      /holds label 7, which no object of the data set has; there is 1 ribosome, 2 carbon, 3 ice/,
    );
  });

  test("masks of several channels, and a tomogram without spacing where it is given", async () => {
    const path = at("channels", "A.zarr");
    const writer = await createOmeZarr(path, { shape, spacing, voxelType: "uint8", channels: ["a", "b"] });
    for (const channel of [0, 1]) await writer.writeSlab(0, all, channel);
    await writer.close();
    await expect(read({ name: "x", masks: at("channels", "{run}.zarr") })).rejects.toThrow(
      /A.zarr: a mask of 2 channels or volumes, wanted one/,
    );
    const bare = await writeLabels(at("bare.zarr"), shape, spacing, labelAt);
    await rm(join(bare, ".zattrs"));
    const ref = { run: "A", tomoType: "wbp", path: bare, givenSpacing: spacing };
    const feature = { name: "x", masks: at("m", "{run}.zarr"), annotated: "all" } as const;
    await expect(readMask(dataset, "A", feature, { ref, shape, spacing })).resolves.toBeDefined();
  });

  test("boxes, slices and runs that there are not", async () => {
    const box = { A: [[0, 0, 0, 13, 1, 1] as [number, number, number, number, number, number]] };
    await expect(read({ name: "membrane", annotated: { boxes: box } })).rejects.toThrow(
      /the box \[0, 0, 0, 13, 1, 1\] is annotated of .* which has 12×20×16 voxels/,
    );
    await expect(read({ name: "membrane", annotated: { slices: { A: [12] } } })).rejects.toThrow(
      /slice 12 is annotated of .* which has 12 slices, 0 to 11/,
    );
    await writeFile(at("bad.json"), '{"A": [[5, 0, 0, 5, 1, 1]]}');
    await expect(read({ name: "membrane", annotated: { boxes: at("bad.json") } })).rejects.toThrow(
      /bad.json: A.0 is no list of boxes/,
    );
    const check = (each: Partial<Feature> & { name: string }) =>
      checkFeatures(dataset, [{ annotated: "all", ...each } as Feature]);
    await expect(check({ name: "membrane", annotated: { slices: { AA: [1] } } })).rejects.toThrow(
      /names the run AA, which the data set has not; did you mean A\?/,
    );
    await expect(check({ name: "own" })).rejects.toThrow(
      /no segmentation own that is taken unasked; there is user pickbench, session predict: name one with features: \[\{name: own, user/,
    );
    await expect(check({ name: "membrane", user: "bne" })).rejects.toThrow(
      /no segmentation membrane of that user or session; there is user ann, session 1: name/,
    );
    await expect(check({ name: "parts" })).rejects.toThrow(/no segmentation parts/);
    for (const found of [
      { name: "own", user: "pickbench" },
      { name: "parts", label: 3 },
      { name: "carbon", user: "ann" },
    ])
      await expect(check(found)).resolves.toBeUndefined();
    await expect(check({ name: "membrnae" })).rejects.toThrow(
      /no segmentation membrnae; did you mean membrane\?/,
    );
    await expect(check({ name: "actin" })).rejects.toThrow(/no segmentation actin; there is carbon, coarse/);
  });
});
