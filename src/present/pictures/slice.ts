/** Pictures of tomogram slices, with picks as circles in the particles' colours and a scale bar. */
import { encode } from "fast-png";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import { greyOf, tailsOf } from "./grey.js";

interface SliceOptions {
  /** Index of the middle plane; the volume's middle if it is not given. */
  readonly z?: number;
  /** Number of planes averaged around `z`. */
  readonly thickness?: number;
  /** Pixels per voxel, a whole number. */
  readonly zoom?: number;
  readonly picks?: readonly ParticlePick[];
  /** Radius and colour of the picks' types; picks of other types are left out. */
  readonly particles?: readonly Particle[];
  /** Bits in the volume's voxels, and each bit's colour as red, green and blue of 255, tinted over the greys. */
  readonly masks?: {
    readonly bits: Uint8Array;
    readonly colours: readonly (readonly [bit: number, red: number, green: number, blue: number])[];
  };
}

type Colour = readonly [number, number, number];

/** An RGB image, row by row. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Radius of a circle relative to the particle's; at 1 it would hide a shell of that radius. */
const ringShare = 1.15;
/** Number of grey levels; 256 levels of noise would only swell the file. */
const greys = 40;
const white: Colour = [255, 255, 255];
const black: Colour = [0, 0, 0];

/** Renders a plane of a tomogram as PNG: the mean of a few slices, contrast by percentiles, y downwards. */
export function renderSlice(volume: Volume, options: SliceOptions = {}): Uint8Array {
  const { thickness = 5, zoom = 1, picks = [], particles = [] } = options;
  const z = options.z ?? Math.floor(volume.shape[0] / 2);
  const canvas = paintGrey(meanOfPlanes(volume, z, thickness), volume, zoom);
  if (options.masks) paintMasks(canvas, options.masks, volume, z, zoom);
  for (const pick of picks) {
    const particle = particles.find(({ name }) => name === pick.type);
    if (particle) paintPick(canvas, pick, particle, volume, z, zoom);
  }
  paintScaleBar(canvas, volume.spacing[2] / zoom);
  return encode({ ...canvas, channels: 3, depth: 8 }, { zlib: { level: 9 } });
}

function meanOfPlanes({ data, shape: [nz, ny, nx] }: Volume, z: number, thickness: number): Float32Array {
  const first = Math.max(0, Math.min(nz - 1, z - Math.floor(thickness / 2)));
  const last = Math.min(nz, first + Math.max(1, thickness));
  const mean = new Float32Array(ny * nx);
  for (let plane = first; plane < last; plane++) {
    const at = plane * ny * nx;
    for (let i = 0; i < mean.length; i++) mean[i]! += data[at + i]! / (last - first);
  }
  return mean;
}

/** Paints greys by percentiles, bilinear between voxels. */
function paintGrey(plane: Float32Array, { shape: [, ny, nx] }: Volume, zoom: number): Canvas {
  const { black: low, white: high } = tailsOf(plane.slice());
  const scale = high > low ? 1 / (high - low) : 0;
  const canvas = { width: nx * zoom, height: ny * zoom, data: new Uint8Array(nx * ny * zoom * zoom * 3) };
  const clamp = (index: number, size: number) => Math.max(0, Math.min(size - 1, index));
  for (let row = 0; row < canvas.height; row++) {
    const y = (row + 0.5) / zoom - 0.5;
    const y0 = Math.floor(y);
    const upper = clamp(y0, ny) * nx;
    const lower = clamp(y0 + 1, ny) * nx;
    for (let column = 0; column < canvas.width; column++) {
      const x = (column + 0.5) / zoom - 0.5;
      const x0 = Math.floor(x);
      const left = clamp(x0, nx);
      const right = clamp(x0 + 1, nx);
      const top = plane[upper + left]! * (1 - x + x0) + plane[upper + right]! * (x - x0);
      const bottom = plane[lower + left]! * (1 - x + x0) + plane[lower + right]! * (x - x0);
      const level = ((1 - y + y0) * top + (y - y0) * bottom - low) * scale;
      const at = (row * canvas.width + column) * 3;
      canvas.data.fill(greyOf(level, greys), at, at + 3);
    }
  }
  return canvas;
}

/** Opacity of a mask over the greys. */
const tint = 0.35;

/** Tints the voxels of a plane that masks hold. */
function paintMasks(
  canvas: Canvas,
  { bits, colours }: NonNullable<SliceOptions["masks"]>,
  { shape: [, ny, nx] }: Volume,
  z: number,
  zoom: number,
): void {
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const held = bits[(z * ny + y) * nx + x]!;
      if (held === 0) continue;
      for (const [bit, ...colour] of colours) {
        if ((held & bit) === 0) continue;
        for (let row = y * zoom; row < (y + 1) * zoom; row++)
          for (let column = x * zoom; column < (x + 1) * zoom; column++)
            blend(canvas, column, row, colour, tint);
      }
    }
  }
}

/** Paints a circle around a particle whose middle lies within half a radius of the plane. */
function paintPick(
  canvas: Canvas,
  pick: ParticlePick,
  particle: Particle,
  volume: Volume,
  z: number,
  zoom: number,
): void {
  const [sz, sy, sx] = volume.spacing;
  if (Math.abs(pick.z - (z + 0.5) * sz) > particle.radius / 2) return;
  const x = (pick.x / sx) * zoom - 0.5;
  const y = (pick.y / sy) * zoom - 0.5;
  const radius = ((particle.radius * ringShare) / sx) * zoom;
  paintRing(canvas, x, y, radius, 1.6, white, 0.55);
  paintRing(canvas, x, y, radius, 0.9, particle.colour, 1);
}

function paintRing(
  canvas: Canvas,
  x: number,
  y: number,
  radius: number,
  halfWidth: number,
  colour: Colour,
  opacity: number,
): void {
  const reach = radius + halfWidth + 1;
  for (let row = Math.floor(y - reach); row <= y + reach; row++) {
    for (let column = Math.floor(x - reach); column <= x + reach; column++) {
      const away = Math.abs(Math.hypot(column - x, row - y) - radius);
      blend(canvas, column, row, colour, opacity * Math.max(0, Math.min(1, halfWidth + 0.5 - away)));
    }
  }
}

function blend(canvas: Canvas, column: number, row: number, colour: Colour, opacity: number): void {
  if (column < 0 || row < 0 || column >= canvas.width || row >= canvas.height || opacity <= 0) return;
  const at = (row * canvas.width + column) * 3;
  for (let i = 0; i < 3; i++) {
    canvas.data[at + i] = Math.round(canvas.data[at + i]! * (1 - opacity) + colour[i]! * opacity);
  }
}

/** Lengths of scale bars in nm, and letters of the label as dots, 5 rows each. */
const barLengths = [10, 20, 50, 100, 200, 500, 1000];
const letters: Readonly<Record<string, string>> = {
  "0": "###" + "#.#" + "#.#" + "#.#" + "###",
  "1": ".#." + "##." + ".#." + ".#." + "###",
  "2": "###" + "..#" + "###" + "#.." + "###",
  "5": "###" + "#.." + "###" + "..#" + "###",
  n: "..." + "..." + "##." + "#.#" + "#.#",
  m: "....." + "....." + "####." + "#.#.#" + "#.#.#",
};

/** Paints the longest round bar up to a fifth of the width, bottom left, white on black. */
function paintScaleBar(canvas: Canvas, angstromPerPixel: number): void {
  const longest = (canvas.width / 5) * angstromPerPixel * 0.1;
  const nanometres = barLengths.filter((length) => length <= longest).at(-1);
  if (nanometres === undefined) return;
  const length = Math.round((nanometres * 10) / angstromPerPixel);
  const dot = Math.max(1, Math.round(canvas.width / 320));
  const left = 4 * dot;
  const bottom = canvas.height - 4 * dot;
  paintBox(canvas, left - dot, bottom - 2 * dot, length + 2 * dot, 3 * dot, black);
  paintBox(canvas, left, bottom - dot, length, dot, white);
  const label = `${nanometres} nm`;
  paintLabel(canvas, label, left + dot, bottom - 8 * dot, dot, black);
  paintLabel(canvas, label, left, bottom - 9 * dot, dot, white);
}

function paintLabel(
  canvas: Canvas,
  text: string,
  left: number,
  top: number,
  dot: number,
  colour: Colour,
): void {
  let column = left;
  for (const character of text) {
    const letter = letters[character];
    const width = letter ? letter.length / 5 : 2;
    for (let i = 0; letter && i < letter.length; i++) {
      if (letter[i] !== "#") continue;
      paintBox(canvas, column + (i % width) * dot, top + Math.floor(i / width) * dot, dot, dot, colour);
    }
    column += (width + 1) * dot;
  }
}

function paintBox(
  canvas: Canvas,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  for (let row = top; row < top + height; row++) {
    for (let column = left; column < left + width; column++) blend(canvas, column, row, colour, 1);
  }
}
