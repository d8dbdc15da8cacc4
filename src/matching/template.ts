/** Templates: density maps and their masks, brought to a tomogram's voxels. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { densityOf, particleOfMap, smoothedTo } from "../data/simulate/density.js";
import { isMrcName, mrcStem } from "../data/volumeNames.js";
import { type Shape3, type Volume, voxelCount } from "../domain/volume.js";
import { readMrc } from "../formats/mrc/reader.js";
import { PickbenchError } from "../system/errors.js";

/** A map in memory that is sampled at any place. */
export interface Sampled {
  readonly data: Float32Array;
  readonly shape: Shape3;
}

/** A template as it is rotated: lengths in voxels of the tomogram. */
export interface Template {
  /** The particle's name where its file has that of a known entry, else the file's. */
  readonly name: string;
  readonly path: string;
  readonly map: Sampled;
  /** Voxels of the map per voxel of the tomogram. */
  readonly step: number;
  /** The point that a pick is the place of, in voxel indices of the map, z, y, x. */
  readonly centre: readonly [z: number, y: number, x: number];
  /** Distance from the centre beyond which the map is 0. */
  readonly reach: number;
  /** Radius of the particle. */
  readonly radius: number;
  readonly mask: TemplateMask;
}

/** Which voxels about the centre are compared: a sphere with a soft edge, or a map of weights that turns with the template. */
export type TemplateMask =
  | { readonly kind: "sphere"; readonly radius: number; readonly edge: number }
  | { readonly kind: "map"; readonly map: Sampled; readonly reach: number };

/** How templates are read. */
export interface TemplateOptions {
  /** Å per voxel of the tomogram. */
  readonly spacing: number;
  /** The point that counts: the centre of mass of positive density, or the middle voxel of the box, N/2. */
  readonly centre: "mass" | "box";
  /** A file of weights of the template's shape; a sphere if absent. */
  readonly mask?: string | undefined;
  /** Radius of the sphere in Å; the template's own if absent: the outermost part above a tenth of its peak. */
  readonly maskRadius?: number | undefined;
}

/** Width of a sphere's soft edge in voxels: the weight falls as exp(−(d/width)²) to three widths. */
const edgeWidth = 0.5;
/** Spacings that differ by less are the same. */
const sameSpacing = 5e-4;
/** A template may be so much coarser than the tomogram; beyond, it lacks what the tomogram shows. */
const mostCoarse = 1.25;

/**
 * Lists templates' files: a file itself, or all MRC files of a folder by name.
 *
 * @throws PickbenchError BadDataset where there is none
 */
export async function templateFiles(path: string): Promise<string[]> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile()) return [path];
  const names = there ? (await readdir(path)).filter((name) => isMrcName(name) && !name.startsWith(".")) : [];
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${there ? "no MRC file in this folder" : "no such file or folder"}; name a density map, or a folder of them`,
    { path },
  );
}

/** Returns the name of a template's file: that of the particle where it is a known entry's. */
export const templateName = (path: string): string => particleOfMap(mrcStem(basename(path)));

/**
 * Reads a template: positive density is dense. What is finer than the tomogram's voxels is smoothed away.
 *
 * @param note hears where voxel sizes differ
 * @throws PickbenchError BadDataset for a map without positive density, voxels that are no cubes, a map much coarser than
 * the tomogram, or a mask of another shape
 */
export async function readTemplate(
  path: string,
  { spacing, centre, mask, maskRadius }: TemplateOptions,
  note: (line: string) => void,
): Promise<Template> {
  const raw = await readMrc(path);
  const own = cubicSpacing(path, raw);
  checkSpacing(path, own, spacing, note);
  const smooth = smoothedTo(raw, spacing, Number.NEGATIVE_INFINITY);
  const { centre: mass, radius } = densityOf(path, smooth, 1);
  const rim = smooth.shape.map((size, axis) => (size - raw.shape[axis]!) / 2);
  const middle =
    centre === "mass"
      ? mass
      : (raw.shape.map((size, axis) => Math.floor(size / 2) + rim[axis]!) as [number, number, number]);
  const perVoxel = 1 / spacing;
  return {
    name: templateName(path),
    path,
    map: { data: smooth.data, shape: smooth.shape },
    step: spacing / own,
    centre: middle,
    reach: farthest(smooth, middle) * own * perVoxel,
    radius: radius * perVoxel,
    mask:
      mask === undefined
        ? { kind: "sphere", radius: (maskRadius ?? radius) * perVoxel, edge: edgeWidth }
        : await readMask(mask, { raw, path, padded: smooth.shape, rim, middle, scale: own * perVoxel }),
  };
}

function cubicSpacing(path: string, { spacing }: Volume): number {
  const [z, y, x] = spacing;
  if (Math.max(z, y, x) / Math.min(z, y, x) - 1 < 1e-3) return x;
  throw new PickbenchError(
    "BadDataset",
    `${path}: voxels of ${z}×${y}×${x} Å, wanted cubes; resample the template`,
    { path },
  );
}

function checkSpacing(path: string, own: number, wanted: number, note: (line: string) => void): void {
  const ratio = own / wanted;
  if (Math.abs(ratio - 1) < sameSpacing) return;
  const said = `${path}: ${own.toFixed(3)} Å a voxel, the tomogram ${wanted.toFixed(3)} Å`;
  if (ratio > mostCoarse)
    throw new PickbenchError(
      "BadDataset",
      `${said}: more than ${mostCoarse} times as coarse, so that it lacks what the tomogram shows; give a finer map`,
      { path },
    );
  note(`${said}; it is resampled`);
}

/** Share of the greatest value below which a map counts as empty. */
const empty = 1e-3;

/** Distance in voxels from a point to the farthest voxel that is not empty, and one more. */
function farthest({ data, shape }: Sampled, [cz, cy, cx]: readonly [number, number, number]): number {
  const least = empty * data.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  let most = 0;
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++)
        if (Math.abs(data[at++]!) > least) most = Math.max(most, Math.hypot(z - cz, y - cy, x - cx));
  return most + 1;
}

/** The template that a mask goes with. */
interface Masked {
  readonly raw: Volume;
  readonly path: string;
  /** The shape after smoothing, and how many voxels it added on each side. */
  readonly padded: Shape3;
  readonly rim: readonly number[];
  readonly middle: readonly [number, number, number];
  /** Voxels of the tomogram per voxel of the map. */
  readonly scale: number;
}

async function readMask(file: string, of: Masked): Promise<TemplateMask> {
  const { data, shape } = await readMrc(file);
  const refuse = (what: string): PickbenchError =>
    new PickbenchError("BadDataset", `${file}: ${what}`, { path: file });
  if (shape.some((size, axis) => size !== of.raw.shape[axis]))
    throw refuse(
      `${shape.join("×")} voxels, the template ${of.path} ${of.raw.shape.join("×")}; give a mask of its shape`,
    );
  if (data.some((value) => value < 0 || value > 1.0001))
    throw refuse("a mask's voxels are 0 to 1, and some are not; rescale it");
  if (!data.some((value) => value > 0))
    throw refuse("no voxel is above 0, so that nothing is compared; give another mask");
  const map = { data: new Float32Array(voxelCount(of.padded)), shape: of.padded };
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) {
      const to = ((z + of.rim[0]!) * of.padded[1] + y + of.rim[1]!) * of.padded[2] + of.rim[2]!;
      map.data.set(data.subarray((z * shape[1] + y) * shape[2], (z * shape[1] + y + 1) * shape[2]), to);
    }
  const reach = farthest(map, of.middle) * of.scale;
  return { kind: "map", map, reach };
}
