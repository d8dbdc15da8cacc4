/** Pictures of tomogram slices, with picks as circles in the particles' colours and a scale bar. */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import { black, blend, type Canvas, type Colour, pngOf, white } from "./canvas.js";
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
  /** Areas of the plane to tint, one after the other. */
  readonly tints?: readonly Tint[];
}

/** An area of a plane in a colour. */
export interface Tint {
  /** 1 for each voxel (y, x) of the area. */
  readonly area: Uint8Array;
  readonly colour: Colour;
  /** Share of the colour, 0 to 1. */
  readonly opacity: number;
}

/** Radius of a circle relative to the particle's; at 1 it would hide a shell of that radius. */
const ringShare = 1.15;
/** Number of grey levels; 256 levels of noise would only swell the file. */
const greys = 40;

/** Renders a plane of a tomogram as PNG: the mean of a few slices, contrast by percentiles, y downwards. */
export function renderSlice(volume: Volume, options: SliceOptions = {}): Uint8Array {
  const { thickness = 5, zoom = 1, picks = [], particles = [] } = options;
  const z = options.z ?? Math.floor(volume.shape[0] / 2);
  const canvas = paintGrey(meanOfPlanes(volume, z, thickness), volume, zoom);
  for (const tint of options.tints ?? []) paintTint(canvas, tint, volume.shape[2], zoom);
  for (const pick of picks) {
    const particle = particles.find(({ name }) => name === pick.type);
    if (particle) paintPick(canvas, pick, particle, volume, z, zoom);
  }
  paintScaleBar(canvas, volume.spacing[2] / zoom);
  return pngOf(canvas);
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

function paintTint(canvas: Canvas, { area, colour, opacity }: Tint, nx: number, zoom: number): void {
  for (let row = 0; row < canvas.height; row++)
    for (let column = 0; column < canvas.width; column++)
      if (area[Math.floor(row / zoom) * nx + Math.floor(column / zoom)] === 1)
        blend(canvas, column, row, colour, opacity);
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
