import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTomogram, openDataset } from "../../../src/data/dataset.js";
import { filterVolume } from "../../../src/data/spectrum/filter.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { writeVolume } from "../../../src/formats/voxelTypes.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { runExperiment } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { openDetector } from "../../../src/train/submit/detector.js";
import { tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

const run = "TS_S4";
let folder = "";
let data = "";
let filtered = "";

/** Copies the data with one run's tomogram filtered by a known radial gain. */
async function filteredCopy(): Promise<void> {
  await cp(data, filtered, { recursive: true });
  const dataset = await openDataset(filtered);
  const ref = findTomogram(dataset.runs.find(({ name }) => name === run)!, "denoised");
  const volume = await (await openTomogram(ref, 0)).readAll();
  const gains = Array.from({ length: 32 }, (_, shell) => Math.exp(0.7 - shell / 16));
  filterVolume(volume, { width: 0.05 / 32, gains });
  await rm(ref.path, { recursive: true });
  const writer = await createOmeZarr(ref.path, volume);
  await writeVolume(writer, () => writer.writeSlab(0, volume.data));
}

/** Trains a tiny network and returns the maps of a run's tomogram as it is and filtered, flat. */
async function mapsOf(name: string, spectrum: "match" | undefined) {
  const place = join(folder, name);
  const experiment = await tinyExperiment(join(folder, `${name}.yaml`), {
    data: { ...(spectrum && { spectrum }) },
    budget: "30 steps",
  });
  const allowCode = [tinyCode(folder)];
  const to = runFolder(place);
  await runExperiment(to, { experiment, data, resume: false, threads: 1 }, null);
  const detector = await openDetector([to.best], { engine: "onnx-cpu", threads: 1, allowCode });
  try {
    const maps: Float32Array[][] = [];
    for (const from of [data, filtered]) {
      const { types, volume } = await detector.predict(await detector.read(await openDataset(from), run));
      maps.push(types.map((type) => volume(type).data));
    }
    return { maps, checkpoint: await readCheckpoint(to.best, { allowCode }) };
  } finally {
    await detector.close();
  }
}

/** Mean distance between the maps of both tomograms. */
const distance = ([as, other]: readonly (readonly Float32Array[])[]): number => {
  const parts = as!.map((map, type) => {
    const sum = map.reduce((total, value, at) => total + Math.abs(value - other![type]![at]!), 0);
    return sum / map.length;
  });
  return parts.reduce((a, b) => a + b, 0) / parts.length;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectrum-"));
  data = await tinyDataset(folder);
  filtered = join(folder, "filtered");
  await filteredCopy();
});

afterAll(() => rm(folder, { recursive: true }));

describe("an experiment with data.spectrum: match", () => {
  it("finds in a filtered tomogram what it finds in the tomogram itself", async () => {
    const matched = await mapsOf("matched", "match");
    const plain = await mapsOf("plain", undefined);
    expect(matched.checkpoint.reference!.power).toHaveLength(32);
    expect(plain.checkpoint.reference).toBeUndefined();
    expect(distance(matched.maps)).toBeLessThan(distance(plain.maps) / 4);
    expect(await readdir(folder)).toContain("matched");
  });
});
