/** MRC maps as volumes (z, y, x), whole, by boxes or by slabs, whatever the order of the file's axes. */
import { type Angstrom, angstrom } from "../../domain/units.js";
import { type Box, type Shape3, type Spacing3, type Volume, voxelCount } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { firstNotFinite, nanAdvice } from "../notFinite.js";
import { allocateRegion, extent } from "../zarr/chunkGrid.js";
import type { MrcHeader } from "./header.js";
import { type MrcFile, type MrcSections, openMrc, readSections } from "./sections.js";

/**
 * Reads an MRC2014 or CCP4 map whole, plain, gzipped or packed with bzip2: modes 0, 1, 2, 6 and 12, either byte order,
 * any axis order, with extended header; of a stack of volumes the first.
 *
 * @param options.spacing Å per voxel where the header has none
 * @throws PickbenchError BadDataset where the file is short or its header makes no sense, Unsupported for complex and
 * packed modes, NotFinite at the first voxel that is NaN or infinite
 */
export async function readMrc(path: string, options: { spacing?: Angstrom } = {}): Promise<Volume> {
  const file = await openMrc(path);
  const spacing = mrcSpacing(file, options.spacing);
  const shape = mrcShape(file.header);
  return { data: await readMrcBox(file, { start: [0, 0, 0], end: shape }), shape, spacing };
}

/** Returns the sizes of one volume along z, y, x, whatever the order of the axes in the file. */
export function mrcShape({ counts, axes, volumes }: MrcHeader): Shape3 {
  const sizeAlong = (axis: number) => counts[axes.indexOf(axis)]!;
  return [sizeAlong(3) / volumes, sizeAlong(2), sizeAlong(1)];
}

/**
 * Returns the voxel spacing in Å along z, y, x.
 *
 * @throws PickbenchError BadDataset where the header has none and no fallback is given
 */
export function mrcSpacing({ path, header }: MrcFile, fallback?: Angstrom): Spacing3 {
  const [x, y, z] = header.voxelSize ?? [fallback, fallback, fallback];
  if (x !== undefined && y !== undefined && z !== undefined) return [angstrom(z), angstrom(y), angstrom(x)];
  throw new PickbenchError(
    "BadDataset",
    `${path}: the header gives no voxel size (cell or sampling is 0 or makes no sense); give it with --spacing, or write it into a copy with pickbench volume ${path} COPY.mrc --spacing Å`,
    { path },
  );
}

/**
 * Refuses Fourier transforms.
 *
 * @throws PickbenchError Unsupported where the voxels are complex numbers (mode 4)
 */
export function refuseComplex({ path, header }: MrcFile): void {
  if (header.mode !== 4) return;
  throw new PickbenchError(
    "Unsupported",
    `${path}: mode 4 (complex) holds a Fourier transform, wanted densities in mode 0, 1, 2, 6 or 12: transform it back first`,
    { path },
  );
}

/**
 * Reads the voxels of a box, z slowest, into shared memory; one block of sections is held besides them.
 *
 * @param volume index of the volume in a stack
 * @param isNaNBlank whether NaN is read as it is
 * @throws PickbenchError as `readMrc`, and BadDataset where the box does not fit into memory
 */
export async function readMrcBox(
  file: MrcFile,
  box: Box,
  volume = 0,
  isNaNBlank = false,
): Promise<Float32Array> {
  refuseComplex(file);
  const { axes } = file.header;
  const along = axisOfBox(axes[2]);
  const firstSection = volume * mrcShape(file.header)[0];
  const region = allocateRegion(file.path, voxelCount(extent(box)));
  const from = firstSection + box.start[along];
  const to = firstSection + box.end[along];
  for await (const sections of readSections(file, from, to))
    place(file.header, { ...sections, first: sections.first - firstSection }, box, region);
  refuseNotFinite(file.path, region, box, isNaNBlank);
  return region;
}

/** Returns the index in (z, y, x) of an axis that the header calls 1 (x), 2 (y) or 3 (z). */
const axisOfBox = (axis: number): 0 | 1 | 2 => (3 - axis) as 0 | 1 | 2;

/** Copies the voxels that sections and a box share into the box, whichever axes columns, rows and sections run along. */
function place({ counts, axes }: MrcHeader, { first, values }: MrcSections, box: Box, region: Float32Array) {
  const [, height, width] = extent(box);
  const strides = [height * width, width, 1];
  const [columns, rows, sections] = axes.map((axis) => {
    const at = axisOfBox(axis);
    return { start: box.start[at], end: box.end[at], stride: strides[at]! };
  }) as [Span, Span, Span];
  const perSection = counts[0] * counts[1];
  const last = Math.min(first + values.length / perSection, sections.end);
  for (let section = Math.max(first, sections.start); section < last; section++) {
    for (let row = rows.start; row < rows.end; row++) {
      const from = (section - first) * perSection + row * counts[0];
      const to = (section - sections.start) * sections.stride + (row - rows.start) * rows.stride;
      if (columns.stride === 1) region.set(values.subarray(from + columns.start, from + columns.end), to);
      else
        for (let column = columns.start; column < columns.end; column++)
          region[to + (column - columns.start) * columns.stride] = values[from + column]!;
    }
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** Step between neighbours in the box. */
  readonly stride: number;
}

function refuseNotFinite(path: string, region: Float32Array, box: Box, isNaNBlank: boolean): void {
  const bad = firstNotFinite(region, isNaNBlank);
  if (bad < 0) return;
  const [, height, width] = extent(box);
  const at = [Math.floor(bad / (height * width)), Math.floor(bad / width) % height, bad % width];
  const voxel = at.map((index, axis) => index + box.start[axis]!);
  throw new PickbenchError(
    "NotFinite",
    `${path}: voxel z,y,x = ${voxel.join(",")} is ${region[bad]}; ${Number.isNaN(region[bad]) ? nanAdvice : "mask the map again"}`,
    { path },
  );
}

/** Voxels of a slab where the sections do not lie along z: such a file is read through once a slab. */
const mostHeld = 2 ** 26;

/** Yields slabs of whole z planes in order; a file with sections along z, packed or not, is read through once. */
export async function* mrcSlabs(
  file: MrcFile,
  volume = 0,
): AsyncGenerator<{ readonly zStart: number; readonly values: Float32Array }> {
  refuseComplex(file);
  const { header } = file;
  const [depth, height, width] = mrcShape(header);
  if (header.axes[2] === 3) {
    const firstSection = volume * depth;
    for await (const sections of readSections(file, firstSection, firstSection + depth)) {
      const first = sections.first - firstSection;
      const planes = sections.values.length / (height * width);
      const box: Box = { start: [first, 0, 0], end: [first + planes, height, width] };
      const region = new Float32Array(sections.values.length);
      place(header, { ...sections, first }, box, region);
      refuseNotFinite(file.path, region, box, false);
      yield { zStart: first, values: region };
    }
    return;
  }
  const planes = Math.max(1, Math.floor(mostHeld / (height * width)));
  for (let zStart = 0; zStart < depth; zStart += planes) {
    const end = Math.min(depth, zStart + planes);
    yield { zStart, values: await readMrcBox(file, { start: [zStart, 0, 0], end: [end, height, width] }) };
  }
}
