/** Metadata of written OME-Zarr folders: multiscales groups and arrays, in Zarr v2 and v3. */
import { challengeParticles } from "../../domain/particles.js";
import type { Angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { bytesPerVoxel, type VoxelType } from "../voxelTypes.js";

/** Compressors: Blosc with byte shuffle, as the challenge stores its tomograms (`blosc-lz4` is faster), or gzip. */
export const compressors = {
  "blosc-lz4": { cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
  "blosc-zstd": { cname: "zstd", clevel: 3, shuffle: 1, blocksize: 0 },
  gzip: { level: 5 },
} as const;
export type CompressorName = keyof typeof compressors;

/** How 2×2×2 voxels become one of the coarser level: by their mean, or for labels the first of them. */
export type Downsampling = "mean" | "nearest";

/** Writes JSON in ASCII alone, the only one that zarr-python takes for Zarr v2. */
const json = (value: unknown): string => `${JSON.stringify(value, null, 2).replace(/[^\n -~]/g, escaped)}\n`;
const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

type File = readonly [name: string, text: string];

/** Fields of a multiscales group. */
interface GroupFields {
  readonly format: 2 | 3;
  /** Å per voxel along z, y, x, level by level. */
  readonly spacings: readonly (readonly Angstrom[])[];
  readonly channels: readonly string[] | undefined;
  readonly downsampling: Downsampling;
  /** Å along z, y, x of the first voxel, where the metadata are to declare it; only without channels. */
  readonly translation?: readonly number[] | undefined;
}

/** Returns the files of an OME-NGFF multiscales group: 0.4 on Zarr v2, 0.5 on Zarr v3. */
export function groupFiles({ format, spacings, channels, downsampling, translation }: GroupFields): File[] {
  const moved = translation === undefined ? [] : [{ type: "translation", translation }];
  const space = ["z", "y", "x"].map((axis) => ({ name: axis, type: "space", unit: "angstrom" }));
  const multiscales = [
    {
      axes: channels ? [{ name: "c", type: "channel" }, ...space] : space,
      datasets: spacings.map((spacing, level) => ({
        path: String(level),
        coordinateTransformations: [{ type: "scale", scale: channels ? [1, ...spacing] : spacing }, ...moved],
      })),
      name: "/",
      type: downsampling,
      metadata: { method: "pickbench", description: `${downsampling} of 2x2x2 voxels` },
      ...(format === 2 ? { version: "0.4" } : {}),
    },
  ];
  const extra = channels ? { omero: { channels: channels.map(shownChannel) }, pickbench: { channels } } : {};
  if (format === 2)
    return [
      [".zgroup", json({ zarr_format: 2 })],
      [".zattrs", json({ multiscales, ...extra })],
    ];
  const { omero, pickbench } = { omero: undefined, pickbench: undefined, ...extra };
  const attributes = {
    ome: { version: "0.5", multiscales, ...(omero ? { omero } : {}) },
    ...(pickbench ? { pickbench } : {}),
  };
  return [["zarr.json", json({ zarr_format: 3, node_type: "group", attributes })]];
}

/** Returns how viewers show a channel of probabilities: in the particle's colour, else in white. */
function shownChannel(label: string) {
  const colour = challengeParticles.find((particle) => particle.name === label)?.colour ?? [255, 255, 255];
  return {
    label,
    color: colour.map((part) => part.toString(16).padStart(2, "0").toUpperCase()).join(""),
    window: { start: 0, min: 0, end: 1, max: 1 },
    active: true,
  };
}

/** Fields of an array. */
interface ArrayFields {
  readonly format: 2 | 3;
  readonly shape: Shape3;
  readonly chunk: Shape3;
  readonly compressor: CompressorName;
  readonly channels: number | undefined;
  readonly voxelType: VoxelType;
  /** Whether all chunks of a channel lie in one file (Zarr v3). */
  readonly sharded: boolean;
}

const typesV2: Readonly<Record<VoxelType, string>> = {
  float32: "<f4",
  float16: "<f2",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
};

/** Returns the metadata file of a Zarr array. */
export function arrayMetadata(fields: ArrayFields): File {
  const { format, shape, chunk, compressor, channels, voxelType, sharded } = fields;
  const full = (sizes: readonly number[], first: number) =>
    channels === undefined ? sizes : [first, ...sizes];
  if (format === 2)
    return [
      ".zarray",
      json({
        zarr_format: 2,
        shape: full(shape, channels ?? 1),
        chunks: full(chunk, 1),
        dtype: typesV2[voxelType],
        compressor: { id: compressor === "gzip" ? "gzip" : "blosc", ...compressors[compressor] },
        fill_value: 0,
        order: "C",
        filters: null,
        dimension_separator: "/",
      }),
    ];
  const littleEndian = { name: "bytes", configuration: { endian: "little" } };
  const codecs = [littleEndian, codecV3(compressor, bytesPerVoxel(voxelType))];
  const shard = shape.map((size, axis) => Math.ceil(size / chunk[axis]!) * chunk[axis]!);
  const sharding = {
    name: "sharding_indexed",
    configuration: {
      chunk_shape: full(chunk, 1),
      codecs,
      index_codecs: [littleEndian, { name: "crc32c" }],
      index_location: "end",
    },
  };
  return [
    "zarr.json",
    json({
      zarr_format: 3,
      node_type: "array",
      shape: full(shape, channels ?? 1),
      data_type: voxelType,
      chunk_grid: { name: "regular", configuration: { chunk_shape: full(sharded ? shard : chunk, 1) } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: sharded ? [sharding] : codecs,
      attributes: {},
      dimension_names: channels === undefined ? ["z", "y", "x"] : ["c", "z", "y", "x"],
    }),
  ];
}

function codecV3(compressor: CompressorName, typesize: number) {
  if (compressor === "gzip") return { name: "gzip", configuration: compressors.gzip };
  const { cname, clevel, blocksize } = compressors[compressor];
  return { name: "blosc", configuration: { cname, clevel, shuffle: "shuffle", typesize, blocksize } };
}
