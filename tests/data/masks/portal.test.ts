/** Masks as the CryoET Data Portal's downloads hold them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { featuresOf } from "../../../src/data/masks/features.js";
import { checkFeatures, featuresThere } from "../../../src/data/masks/find.js";
import { yesCount } from "../../../src/data/masks/mask.js";
import { readMask } from "../../../src/data/masks/read.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { cubic, writeLabels } from "../../support/masks.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const shape: Shape3 = [4, 6, 5];

test("annotations of masks are features: ground truth, OME-Zarr before MRC, only what was downloaded", async () => {
  const folder = temporaryFolder();
  const spacing = join(folder, "RUN1/Reconstructions/VoxelSpacing10.500");
  mkdirSync(spacing, { recursive: true });
  await writeLabels(join(spacing, "Tomograms/100/RUN1.mrc"), shape, cubic(10.5), (z) => z);
  const annotation = (name: string, truth: boolean, shapeName: string, ...formats: string[]) =>
    JSON.stringify({
      annotation_object: { name, id: "GO:0016020" },
      ground_truth_status: truth,
      files: formats.map((format) => ({ format, path: `10004/RUN1/mask.${format}`, shape: shapeName })),
    });
  writeTree(join(spacing, "Annotations"), {
    "101/membrane-1.0.json": annotation("Microsomal Membrane", true, "SegmentationMask", "mrc", "zarr"),
    "102/membrane-1.0.json": annotation("Microsomal Membrane", false, "SegmentationMask", "zarr"),
    "103/actin-1.0.json": annotation("actin", true, "SemanticSegmentationMask", "zarr"),
    "104/ribosome-1.0.json": annotation("ribosome", true, "InstanceSegmentationMask", "zarr"),
  });
  await writeLabels(join(spacing, "Annotations/101/mask.mrc"), shape, cubic(10.5), () => 0);
  await writeLabels(join(spacing, "Annotations/101/mask.zarr"), shape, cubic(10.5), (z) => Number(z === 1));
  for (const id of [102, 104])
    await writeLabels(join(spacing, `Annotations/${id}/mask.zarr`), shape, cubic(10.5), () => 1);
  const dataset = await openDataset(folder);
  expect(dataset.runs[0]!.segmentations).toMatchObject([
    { name: "microsomal-membrane", userId: "portal", sessionId: "101", voxelSpacing: 10.5, isTruth: true },
    { name: "microsomal-membrane", sessionId: "102", isTruth: false },
  ]);
  expect(featuresThere(dataset)).toEqual(["microsomal-membrane"]);
  const [run] = dataset.runs;
  const grid = await openTomogram(run!.tomograms[0]!);
  const [feature] = featuresOf(["microsomal-membrane"]);
  const mask = (await readMask(dataset, "RUN1", feature!, grid))!;
  expect(mask.path).toMatch(/101\/mask.zarr$/);
  expect(yesCount(mask)).toBe(30);
  const proposed = { ...dataset, runs: [{ ...run!, segmentations: run!.segmentations!.slice(1) }] };
  expect(featuresThere(proposed)).toEqual([]);
  await expect(checkFeatures(proposed, [feature!])).rejects.toThrow(
    /no segmentation microsomal-membrane that is taken unasked; there is user portal, session 102/,
  );
  const other = await readMask(dataset, "RUN1", { ...feature!, user: "portal", session: "102" }, grid);
  expect(yesCount(other!)).toBe(120);
});
