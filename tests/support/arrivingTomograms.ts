/** Tomograms that arrive in pieces: MRC files that grow, stores whose chunks come one by one. */
import { gzipSync } from "node:zlib";
import { mrcHeaderBytes } from "../../src/formats/mrc/header.js";

/** Bytes of a small MRC file, float32. @param counts along x, y, z */
export function mrcBytes(counts: readonly [number, number, number] = [4, 4, 4], extended = 0): Buffer {
  const voxels = counts[0] * counts[1] * counts[2];
  const statistics = { least: 0, greatest: 0, mean: 0, deviation: 0 };
  const header = mrcHeaderBytes({
    ...{ mode: 2, littleEndian: true, counts, voxelSize: [10, 10, 10], volumes: 1 },
    ...{ start: [0, 0, 0], origin: [0, 0, 0], extendedSize: extended, extendedType: "SERI" },
    ...{ label: "", statistics },
  });
  const values = Float32Array.from({ length: voxels }, (_, at) => at % 7);
  return Buffer.concat([header, Buffer.alloc(extended), Buffer.from(values.buffer)]);
}

export const packedMrc = (counts: readonly [number, number, number]): Buffer => gzipSync(mrcBytes(counts));

/**
 * Files of a small OME-Zarr store, uncompressed, in the order in which a writer makes them: metadata, then chunks.
 *
 * @param fill value of absent chunks; null where absent chunks are lost
 */
export function storeFiles(
  fill: number | null = 0,
): readonly (readonly [path: string, content: string | Buffer])[] {
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const coordinateTransformations = [{ type: "scale", scale: [10, 10, 10] }];
  const multiscales = [{ version: "0.4", axes, datasets: [{ path: "0", coordinateTransformations }] }];
  const array = {
    ...{ zarr_format: 2, shape: [4, 4, 4], chunks: [2, 4, 2], dtype: "<f4", compressor: null },
    ...{ fill_value: fill, order: "C", filters: null, dimension_separator: "/" },
  };
  const chunk = Buffer.from(Float32Array.from({ length: 16 }, (_, at) => at).buffer);
  return [
    [".zgroup", JSON.stringify({ zarr_format: 2 })],
    [".zattrs", JSON.stringify({ multiscales })],
    ["0/.zarray", JSON.stringify(array)],
    ...["0/0/0", "0/0/1", "1/0/0", "1/0/1"].map((at) => [`0/${at}`, chunk] as const),
  ];
}
