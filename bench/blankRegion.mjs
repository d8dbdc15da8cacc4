// What a blank region does to picks: node bench/blankRegion.mjs CHECKPOINT [Z,Y,X]
//
// Simulates one tomogram, fills the first 0, 20, 40, 60 and 80 % of its y with 0, its mean, 1000 and NaN, and finds particles
// in each with the checkpoint. Prints how many picks lie in the blank part and in the untouched one, how many the whole
// volume has in the same part, and how many of these are found again within 30 Å. Needs dist/: npm run build.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "../dist/data/dataset.js";
import { simulateDataset } from "../dist/data/simulate/simulateDataset.js";
import { openOmeZarr, openTomogram } from "../dist/data/tomograms/omeZarr.js";
import { createOmeZarr } from "../dist/formats/zarr/writer.js";
import { openDetector } from "../dist/train/submit/detector.js";

const [checkpoint, size = "40,96,96"] = process.argv.slice(2);
const shape = size.split(",").map(Number);
const folder = await mkdtemp(join(tmpdir(), "blank-"));
const detector = await openDetector([checkpoint], { engine: "onnx-cpu", threads: 2, nan: "blank" });
try {
  const out = join(folder, "whole");
  await simulateDataset({ out, runs: 1, shape, spacing: 10.012444196428572, seed: 1, part: "train", flat: true });
  const whole = await openDataset(out);
  const path = whole.runs[0].tomograms.find(({ tomoType }) => tomoType === "denoised").path;
  const { data, spacing } = await (await openTomogram(await openOmeZarr(path))).readAll();
  const reference = await detector.detect(whole, whole.runs[0].name);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  console.log("blank  fill   picks in blank  in the rest  whole volume's in the rest  found again");
  for (const share of [0, 20, 40, 60, 80])
    for (const [name, fill] of [["0", 0], ["mean", mean], ["1000", 1e3], ["NaN", Number.NaN]]) {
      const rows = Math.floor((shape[1] * share) / 100);
      const edge = rows * spacing[1];
      const picks = await detector.detect(await filled(data, rows, fill, `${name}-${share}`), "TS_S1");
      const rest = reference.filter(({ y }) => y >= edge);
      const again = rest.filter((each) => picks.some((pick) => isNear(pick, each))).length;
      const inBlank = picks.filter(({ y }) => y < edge).length;
      console.log(
        `${String(share).padStart(3)} %  ${name.padEnd(5)}  ${String(inBlank).padStart(14)}  ${String(picks.length - inBlank).padStart(11)}  ${String(rest.length).padStart(26)}  ${String(again).padStart(11)}`,
      );
    }

  async function filled(values, rows, fill, name) {
    const root = join(folder, name);
    const path = join(root, "static/ExperimentRuns/TS_S1/VoxelSpacing10.000/denoised.zarr");
    const copy = values.slice();
    for (let z = 0; z < shape[0]; z++) {
      const plane = z * shape[1] * shape[2];
      copy.fill(fill, plane, plane + rows * shape[2]);
    }
    const writer = await createOmeZarr(path, { shape, spacing, chunkShape: shape, levels: 1 });
    await writer.writeSlab(0, copy);
    await writer.close();
    return openDataset(root);
  }
} finally {
  await detector.close();
  await rm(folder, { recursive: true, force: true });
}

function isNear(a, b) {
  return a.type === b.type && Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z) < 30;
}
