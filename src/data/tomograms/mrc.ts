/** Tomograms in MRC files, behind the same reader as OME-Zarr. */
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import type { MrcMode } from "../../formats/mrc/header.js";
import { mrcShape, mrcSlabs, mrcSpacing, readMrcBox, refuseComplex } from "../../formats/mrc/reader.js";
import { type MrcFile, openMrc, sectionsPerBlock } from "../../formats/mrc/sections.js";
import type { Level, ResolvedTomogram, TomogramReader, TomogramRef } from "../model.js";

/** Reads the header of a tomogram in an MRC file; the volumes of a stack become channels. */
export async function resolveMrc(ref: TomogramRef): Promise<ResolvedTomogram> {
  const { resolved } = await opened(ref);
  return resolved;
}

/** Opens a tomogram in an MRC file; a chunk is a block of its sections, or the whole volume of a packed file. */
export async function openMrcTomogram(ref: TomogramRef): Promise<TomogramReader> {
  const { file, level, resolved } = await opened(ref);
  const { shape, spacing, chunkShape } = level;
  const chunkAxis = chunkShape.findIndex((size, axis) => size < shape[axis]!);
  return {
    ref: resolved,
    level,
    shape,
    spacing,
    chunkShape,
    readRegion: (box, channel = 0) => readMrcBox(file, box, channel, ref.nan === "blank"),
    async readAll(channel = 0) {
      const box = { start: [0, 0, 0], end: shape } as const;
      return { data: await readMrcBox(file, box, channel, ref.nan === "blank"), shape, spacing };
    },
    chunks() {
      if (chunkAxis < 0) return [{ box: { start: [0, 0, 0], end: shape }, file: file.path }];
      const count = Math.ceil(shape[chunkAxis]! / chunkShape[chunkAxis]!);
      return Array.from({ length: count }, (_, index) => {
        const at = index * chunkShape[chunkAxis]!;
        const start = replaced([0, 0, 0], chunkAxis, at);
        const end = replaced(shape, chunkAxis, Math.min(shape[chunkAxis]!, at + chunkShape[chunkAxis]!));
        return { box: { start, end }, file: file.path };
      });
    },
    slabs: (channel = 0) => mrcSlabs(file, channel),
  };
}

const typesOfModes: Readonly<Record<MrcMode, string>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  4: "complex64",
  6: "uint16",
  12: "float16",
};

async function opened(
  ref: TomogramRef,
): Promise<{ file: MrcFile; level: Level; resolved: ResolvedTomogram }> {
  const file = await openMrc(ref.path);
  refuseComplex(file);
  const { header, source } = file;
  const shape = mrcShape(header);
  const spacing: Spacing3 = ref.givenSpacing ?? ref.levels?.[0]?.spacing ?? mrcSpacing(file);
  const chunkShape =
    source.packing === undefined ? replaced(shape, 3 - header.axes[2], sectionsPerBlock(header)) : shape;
  const dataType = header.unsignedBytes ? "uint8" : typesOfModes[header.mode];
  const level = { path: "", shape, spacing, chunkShape: smaller(chunkShape, shape), dataType };
  const names = Array.from({ length: header.volumes }, (_, index) => `volume ${index + 1}`);
  const resolved = { ...ref, levels: [level], ...(header.volumes > 1 ? { channels: names } : {}) };
  return { file, level, resolved };
}

const replaced = (sizes: Shape3, axis: number, size: number): Shape3 =>
  sizes.map((old, at) => (at === axis ? size : old)) as unknown as Shape3;

const smaller = (a: Shape3, b: Shape3): Shape3 =>
  a.map((size, axis) => Math.min(size, b[axis]!)) as unknown as Shape3;
