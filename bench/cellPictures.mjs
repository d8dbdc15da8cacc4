// Draws the pictures of docs/cells.md: node bench/cellPictures.mjs [FOLDER], by default docs/results. Needs dist/: npm run build.
// Each shows a part of a simulated cell's denoised tomogram, as it is on the left and with its masks on the right.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "fast-png";
import { bitOf } from "../dist/data/simulate/cell/features.js";
import { simulateCell } from "../dist/data/simulate/cell/scene.js";
import { tintsOf } from "../dist/data/simulate/cell/segmentations.js";
import { readRanges } from "../dist/data/simulate/rangesFile.js";
import { assembleSpecimens } from "../dist/data/simulate/population.js";
import { renderSlice } from "../dist/present/pictures/slice.js";

const folder = process.argv[2] ?? "docs/results";
const spacing = 10.012444196428572;
const window = 96;
const zoom = 3;
const planes = 3;
// One imaging for all, so that the pictures show the features and not the chance.
const ranges = await readRanges("bench/cellPictures.yaml");
const specimens = await assembleSpecimens(spacing);

function cellOf(seed, run, shape, settings = {}) {
  const plan = { seed, part: "train", run, shape, spacing, counts: new Map(), ranges };
  const { denoised, masks, membranes } = simulateCell(plan, settings, specimens);
  return { data: denoised, masks, shape, membranes };
}

/** The same volume with z and y exchanged, so that its planes are cuts along z. */
function upright({ data, masks, shape: [nz, ny, nx] }) {
  const out = { data: new Float32Array(data.length), masks: new Uint8Array(masks.length), shape: [ny, nz, nx] };
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        out.data[(y * nz + z) * nx + x] = data[(z * ny + y) * nx + x];
        out.masks[(y * nz + z) * nx + x] = masks[(z * ny + y) * nx + x];
      }
  return out;
}

/** Plane and corner of the window in which a feature has a wanted share of the voxels, as nearly as there is one. */
function viewOf({ masks, shape: [nz, ny, nx] }, feature, wanted) {
  const bit = bitOf(feature);
  let best = { miss: Infinity };
  for (let z = 2; z < nz - 2; z += 3)
    for (let y = 0; y + Math.min(window, ny) <= ny; y += 12)
      for (let x = 0; x + window <= nx; x += 12) {
        let count = 0;
        for (let j = y; j < y + Math.min(window, ny); j += 2)
          for (let i = x; i < x + window; i += 2) if (masks[(z * ny + j) * nx + i] & bit) count += 4;
        const miss = Math.abs(count / (window * Math.min(window, ny)) - wanted);
        if (miss < best.miss) best = { miss, z, y, x };
      }
  return centred({ masks, shape: [nz, ny, nx] }, bit, best);
}

/** Moves a window so that what it shows of a feature lies in its middle, as far as the volume reaches. */
function centred({ masks, shape: [, ny, nx] }, bit, { z, y, x }) {
  const height = Math.min(window, ny);
  let [sum, down, along] = [0, 0, 0];
  for (let j = y; j < y + height; j++)
    for (let i = x; i < x + window; i++)
      if (masks[(z * ny + j) * nx + i] & bit) [sum, down, along] = [sum + 1, down + j, along + i];
  const inside = (middle, size, edge) => Math.max(0, Math.min(size - edge, Math.round(middle - edge / 2)));
  return { z, y: inside(down / sum, ny, height), x: inside(along / sum, nx, window) };
}

/** The window around the middle of the smallest vesicle that lies whole in the tomogram; `axis` 0 from above, 1 upright. */
function vesicleOf({ membranes, shape: [nz, ny, nx] }, axis) {
  const sizes = [nx, ny, nz].map((size) => size * spacing);
  const whole = membranes
    .map(({ surface }) => surface)
    .filter(({ isClosed, bounds: { low, high } }) => isClosed && low.every((at, i) => at > 0 && high[i] < sizes[i]))
    .sort((a, b) => a.bounds.high[0] - a.bounds.low[0] - (b.bounds.high[0] - b.bounds.low[0]));
  const { low, high } = whole[0].bounds;
  const [x, y, z] = low.map((at, i) => (at + high[i]) / 2 / spacing);
  const inside = (middle, size) => Math.max(0, Math.min(size - window, Math.round(middle - window / 2)));
  return axis === 0
    ? { z: Math.round(z), y: inside(y, ny), x: inside(x, nx) }
    : { z: Math.round(y), y: inside(z, nz), x: inside(x, nx) };
}

function cut({ data, masks, shape: [, ny, nx] }, { z, y, x }) {
  const height = Math.min(window, ny);
  const part = { data: new Float32Array(planes * height * window), masks: new Uint8Array(planes * height * window) };
  for (let k = 0; k < planes; k++)
    for (let j = 0; j < height; j++) {
      const from = ((z - 1 + k) * ny + y + j) * nx + x;
      part.data.set(data.subarray(from, from + window), (k * height + j) * window);
      part.masks.set(masks.subarray(from, from + window), (k * height + j) * window);
    }
  return { ...part, shape: [planes, height, window] };
}

function draw(name, cell, view) {
  const { data, masks, shape } = cut(cell, view);
  const volume = { data, shape, spacing: [spacing, spacing, spacing] };
  const options = { z: 1, zoom, thickness: planes };
  const sides = [options, { ...options, tints: tintsOf(masks, shape, options.z) }].map((each) =>
    decode(renderSlice(volume, each)),
  );
  const [{ width, height }] = sides;
  const gap = 6;
  const pair = new Uint8Array((2 * width + gap) * height * 3).fill(255);
  for (const [i, side] of sides.entries())
    for (let row = 0; row < height; row++)
      pair.set(
        side.data.subarray(row * width * 3, (row + 1) * width * 3),
        (row * (2 * width + gap) + i * (width + gap)) * 3,
      );
  const image = { width: 2 * width + gap, height, data: pair, channels: 3, depth: 8 };
  writeFileSync(join(folder, `cell-${name}.png`), encode(image, { zlib: { level: 9 } }));
}

const shape = [112, 256, 256];
const first = cellOf(11, 1, shape);
const second = cellOf(12, 2, shape, { features: ["membrane", "microtubule", "actin", "gold"] });
const [firstUpright, secondUpright] = [upright(first), upright(second)];
draw("membrane", second, viewOf(second, "membrane", 0.11));
draw("vesicle", second, vesicleOf(second, 0));
draw("vesicle-upright", secondUpright, vesicleOf(second, 1));
draw("microtubule", second, viewOf(second, "microtubule", 0.18));
draw("microtubule-upright", firstUpright, viewOf(firstUpright, "microtubule", 0.055));
draw("actin", first, viewOf(first, "actin", 0.13));
draw("gold", first, viewOf(first, "gold", 0.01));
draw("gold-upright", firstUpright, viewOf(firstUpright, "gold", 0.01));
draw("carbon", first, viewOf(first, "carbon", 0.45));
draw("ice", first, viewOf(first, "ice", 0.2));
