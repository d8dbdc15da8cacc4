import { createHash } from "node:crypto";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { dataManifest, manifestHash } from "../../src/data/manifest.js";
import { temporaryFolder, writeTree } from "../support/storeFixtures.js";

const files = {
  "static/ExperimentRuns/B/VoxelSpacing10.000/wbp.zarr/.zattrs": "{}",
  "static/ExperimentRuns/B/VoxelSpacing10.000/wbp.zarr/0/0": "chunk",
  "static/ExperimentRuns/B/.DS_Store": "junk",
  "overlay/ExperimentRuns/A/Picks/x.json": "[]",
  "overlay/ExperimentRuns/C/Picks/x.json": "[]",
};
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("every file of the runs asked for, sorted, with size and hash; hidden system files left out", async () => {
  const dataset = await openDataset(writeTree(temporaryFolder(), files));
  const entries = await dataManifest(dataset, ["B", "A", "nowhere"], { hash: true });
  expect(entries).toEqual([
    { path: "overlay/ExperimentRuns/A/Picks/x.json", size: 2, sha256: sha256("[]") },
    { path: "static/ExperimentRuns/B/VoxelSpacing10.000/wbp.zarr/.zattrs", size: 2, sha256: sha256("{}") },
    { path: "static/ExperimentRuns/B/VoxelSpacing10.000/wbp.zarr/0/0", size: 5, sha256: sha256("chunk") },
  ]);
  const [first] = await dataManifest(dataset, ["A"], { hash: false });
  expect(first).toEqual({ path: "overlay/ExperimentRuns/A/Picks/x.json", size: 2 });
});

test("one changed byte changes the one hash; another place does not", async () => {
  const [here, there] = [writeTree(temporaryFolder(), files), writeTree(temporaryFolder(), files)];
  const hashOf = async (folder: string) =>
    manifestHash(await dataManifest(await openDataset(folder), ["A", "B"], { hash: true }));
  const before = await hashOf(here);
  expect(await hashOf(there)).toBe(before);
  writeFileSync(
    join(there, "static/ExperimentRuns/B/VoxelSpacing10.000/wbp.zarr/0/0"),
    "chunk".replace("c", "C"),
  );
  expect(await hashOf(there)).not.toBe(before);
});

test("a link back up is refused instead of followed for ever", async () => {
  const folder = writeTree(temporaryFolder(), files);
  symlinkSync("..", join(folder, "overlay/ExperimentRuns/A/Picks/up"));
  await expect(dataManifest(await openDataset(folder), ["A"], { hash: false })).rejects.toThrow(
    /a link that leads back/,
  );
});
