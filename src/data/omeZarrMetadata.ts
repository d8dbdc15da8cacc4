import type { Angstrom } from "../units.js";
import type { Shape3 } from "../volume.js";

/** Blosc with byte shuffle, as the challenge stores its tomograms; `blosc-lz4` is the fast one. */
export const compressors = {
  "blosc-lz4": { cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
  "blosc-zstd": { cname: "zstd", clevel: 3, shuffle: 1, blocksize: 0 },
} as const;
export type CompressorName = keyof typeof compressors;

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

type File = readonly [name: string, text: string];

/** The files that make a folder an OME-NGFF multiscales group, 0.4 on Zarr v2, 0.5 on Zarr v3. */
export function groupFiles(
  format: 2 | 3,
  spacings: readonly (readonly Angstrom[])[],
  channels: readonly string[] | undefined,
): File[] {
  const space = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const multiscales = [
    {
      axes: channels ? [{ name: "c", type: "channel" }, ...space] : space,
      datasets: spacings.map((spacing, level) => ({
        path: String(level),
        coordinateTransformations: [{ type: "scale", scale: channels ? [1, ...spacing] : spacing }],
      })),
      name: "/",
      ...(format === 2 ? { version: "0.4" } : {}),
    },
  ];
  const extra = channels
    ? { omero: { channels: channels.map((label) => ({ label })) }, pickbench: { channels } }
    : {};
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

/** The file that makes a folder a float32 Zarr array. */
export function arrayMetadata(
  format: 2 | 3,
  shape: Shape3,
  chunk: Shape3,
  compressor: CompressorName,
  channelCount: number | undefined,
): File {
  const fullShape = channelCount === undefined ? shape : [channelCount, ...shape];
  const fullChunk = channelCount === undefined ? chunk : [1, ...chunk];
  const { cname, clevel, blocksize } = compressors[compressor];
  if (format === 2)
    return [
      ".zarray",
      json({
        zarr_format: 2,
        shape: fullShape,
        chunks: fullChunk,
        dtype: "<f4",
        compressor: { id: "blosc", ...compressors[compressor] },
        fill_value: 0,
        order: "C",
        filters: null,
        dimension_separator: "/",
      }),
    ];
  return [
    "zarr.json",
    json({
      zarr_format: 3,
      node_type: "array",
      shape: fullShape,
      data_type: "float32",
      chunk_grid: { name: "regular", configuration: { chunk_shape: fullChunk } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "blosc", configuration: { cname, clevel, shuffle: "shuffle", typesize: 4, blocksize } },
      ],
      attributes: {},
      dimension_names: channelCount === undefined ? ["z", "y", "x"] : ["c", "z", "y", "x"],
    }),
  ];
}
