/**
 * How long does a surface of a tomogram's size take, and how much memory, beside scikit-image?
 *
 *     node bench/meshes.mjs [--shape 184,630,630] [--python /usr/bin/python3] [--runs 3]
 *
 * The map is a cell-like one: three vesicles and an undulating sheet, 5 voxels thick, as smooth as a network's
 * probabilities. It lies in an OME-Zarr of 32×128×128 chunks. Each measurement is a process of its own, in turns: pickbench
 * reads the store slab by slab; scikit-image has the array in memory already, whose reading is not counted. Peak is the
 * greatest resident memory of the process. Prints a row a measurement.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { angstrom } from "../dist/domain/units.js";
import { createOmeZarr } from "../dist/formats/zarr/writer.js";

const { values: flags } = parseArgs({
  options: {
    shape: { type: "string", default: "184,630,630" },
    python: { type: "string", default: "/usr/bin/python3" },
    runs: { type: "string", default: "3" },
    map: { type: "string" },
    settings: { type: "string" },
  },
});

if (flags.map !== undefined) await measureOwn(flags.map, JSON.parse(flags.settings));
else await measureAll(flags.shape.split(",").map(Number), Number(flags.runs));

/** Distance in voxels to the nearest membrane's middle, of three vesicles and a sheet. */
function toMembrane([depth, height, width], z, y, x) {
  const sheet = Math.abs(z - depth * (0.5 + 0.3 * Math.sin((7 * x) / width) * Math.cos((5 * y) / height)));
  let least = sheet;
  for (const [cz, cy, cx, share] of [
    [0.4, 0.3, 0.3, 0.22],
    [0.6, 0.7, 0.6, 0.3],
    [0.5, 0.25, 0.75, 0.12],
  ]) {
    const away = Math.hypot((z - cz * depth) * 1.5, y - cy * height, x - cx * width);
    least = Math.min(least, Math.abs(away - share * height));
  }
  return least;
}

async function measureAll(shape, runs) {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-bench-"));
  try {
    const spacing = [angstrom(10), angstrom(10), angstrom(10)];
    const store = await createOmeZarr(join(folder, "TS_1.zarr"), { shape, spacing, channels: ["membrane"], format: 2 });
    const file = join(folder, "map.f4");
    writeFileSync(file, "");
    for (let z = 0; z < shape[0]; z += 16) {
      const planes = Math.min(16, shape[0] - z);
      const slab = new Float32Array(planes * shape[1] * shape[2]);
      let at = 0;
      for (let dz = 0; dz < planes; dz++)
        for (let y = 0; y < shape[1]; y++)
          for (let x = 0; x < shape[2]; x++) slab[at++] = 1 / (1 + Math.exp((toMembrane(shape, z + dz, y, x) - 2.5) * 2));
      writeFileSync(file, slab, { flag: "a" });
      await store.writeSlab(z, slab, 0);
    }
    await store.close();
    console.log(`store ${statSync(file).size / 1e6} MB of floats`);
    const own = (settings) =>
      process_("pickbench", process.execPath, [
        fileURLToPath(import.meta.url), "--map", folder, "--settings", JSON.stringify(settings),
      ]);
    const peer = () =>
      process_("scikit-image", flags.python, [
        fileURLToPath(new URL("peers/skimage_mesh.py", import.meta.url)), file, ...shape.map(String),
      ]);
    for (let run = 0; run < runs; run++) {
      own({ format: "obj" });
      peer();
    }
    own({ format: "glb" });
    own({ format: "glb", smooth: 10 });
    own({ format: "glb", simplify: 0.1 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function process_(name, program, args) {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  console.log(name.padEnd(14), stdout.trim());
}

async function measureOwn(folder, { format, smooth = 0, simplify }) {
  const { findFeatureMaps } = await import("../dist/infer/maps/featureMaps.js");
  const { meshFeature } = await import("../dist/meshes/meshFeature.js");
  const { silentReporter } = await import("../dist/system/reporter.js");
  const [map] = await findFeatureMaps([folder], { reporter: silentReporter });
  const begun = performance.now();
  const before = process.cpuUsage();
  const settings = { level: 0.5, dust: 1000, smooth, ...(simplify ? { simplify } : {}) };
  const target = { folder, format, unit: "A", origin: "corner", perComponent: false };
  const { vertices, faces, area, volume } = await meshFeature(map, settings, target);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  console.log(
    JSON.stringify({ format, smooth, simplify, seconds, cpuSeconds, peakMb, vertices, faces, area: area / 100, volume: volume / 1000 }),
  );
}
