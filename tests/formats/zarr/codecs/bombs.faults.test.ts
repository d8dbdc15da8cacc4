import { execFileSync } from "node:child_process";
import { existsSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { inOwnProcess } from "../../../support/ownProcess.js";
import type { MeasuredRead } from "../../../support/readMeasured.js";
import { temporaryFolder, unpackStore, writeTree } from "../../../support/storeFixtures.js";

const image = JSON.stringify({
  multiscales: [
    {
      version: "0.4",
      axes: ["z", "y", "x"],
      datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [10, 10, 10] }] }],
    },
  ],
});
/** One chunk of 1 MB. */
const size = 64;
const wanted = 4 * size ** 3;
const plain = {
  zarr_format: 2,
  shape: [size, size, size],
  chunks: [size, size, size],
  dtype: "<f4",
  order: "C",
  fill_value: 0,
  filters: null,
  dimension_separator: ".",
};

function store(array: object, chunk: Uint8Array = Buffer.alloc(0)): string {
  const files = { ".zattrs": image, "0/.zarray": JSON.stringify({ ...plain, ...array }), "0/0.0.0": chunk };
  return writeTree(join(temporaryFolder(), "bomb.zarr"), files);
}

/** A zstd frame of runs, 128 KiB in four bytes each, that states a size, or none. */
function zstdBomb(blocks: number, stated: number | undefined): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, stated === undefined ? 0 : 0xc0, 0x58]);
  const length = Buffer.alloc(stated === undefined ? 0 : 8);
  if (stated !== undefined) length.writeBigUInt64LE(BigInt(stated));
  const body = Buffer.alloc(4 * blocks);
  for (let block = 0; block < blocks; block++) {
    const header = ((2 ** 17) << 3) | (1 << 1) | (block === blocks - 1 ? 1 : 0);
    body.writeUIntLE(header, 4 * block, 3);
  }
  return Buffer.concat([head, length, body]);
}

/** An LZ4 block of one literal and a match of a gigabyte, after the size that it states. */
function lz4Bomb(stated: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(stated);
  return Buffer.concat([head, Buffer.from([0x1f, 0, 1, 0]), Buffer.alloc(2 ** 22, 255), Buffer.from([0])]);
}

/** A Blosc frame with one stream. */
function bloscBomb(stated: number, format: number, stream: Uint8Array): Buffer {
  const head = Buffer.alloc(24);
  head.set([2, 1, (format << 5) | 0x10, 4]);
  head.writeUInt32LE(stated, 4);
  head.writeUInt32LE(stated, 8);
  head.writeUInt32LE(24 + stream.length, 12);
  head.writeUInt32LE(20, 16);
  head.writeUInt32LE(stream.length, 20);
  return Buffer.concat([head, stream]);
}

const gigabyte = 2 ** 30;
const blocks = gigabyte / 2 ** 17;
const gzipped = () => gzipSync(Buffer.alloc(2 ** 28));
const bzip2 = "/bin/bzip2";
/** What bzip2 makes of nothing. */
const emptyBzip2 = Buffer.from("425a683917724538509000000000", "hex");

const bombs: [string, () => string][] = [
  ["gzip", () => store({ compressor: { id: "gzip" } }, Buffer.concat(new Array(8).fill(gzipped())))],
  ["zlib", () => store({ compressor: { id: "zlib" } }, deflateSync(Buffer.alloc(2 ** 28)))],
  ["zstd that states no size", () => store({ compressor: { id: "zstd" } }, zstdBomb(blocks, undefined))],
  ["zstd that states its size", () => store({ compressor: { id: "zstd" } }, zstdBomb(blocks, gigabyte))],
  ["zstd that states the wanted size", () => store({ compressor: { id: "zstd" } }, zstdBomb(blocks, wanted))],
  ["lz4 that states its size", () => store({ compressor: { id: "lz4" } }, lz4Bomb(2 ** 31 - 1))],
  ["lz4 that states the wanted size", () => store({ compressor: { id: "lz4" } }, lz4Bomb(wanted))],
  [
    "blosc that states its size",
    () => store({ compressor: { id: "blosc" } }, bloscBomb(2 ** 31 - 1, 4, zstdBomb(blocks, gigabyte))),
  ],
  [
    "blosc of zstd",
    () => store({ compressor: { id: "blosc" } }, bloscBomb(wanted, 4, zstdBomb(blocks, undefined))),
  ],
  [
    "blosc of zlib",
    () => store({ compressor: { id: "blosc" } }, bloscBomb(wanted, 3, deflateSync(Buffer.alloc(2 ** 28)))),
  ],
  [
    "blosc of lz4",
    () => store({ compressor: { id: "blosc" } }, bloscBomb(wanted, 1, lz4Bomb(0).subarray(4))),
  ],
  [
    "bz2",
    () => {
      const stream = existsSync(bzip2)
        ? execFileSync(bzip2, { input: Buffer.alloc(45_000_000), maxBuffer: 2 ** 26 })
        : Buffer.from("BZh9");
      return store({ compressor: { id: "bz2" } }, Buffer.concat(new Array(8).fill(stream)));
    },
  ],
  [
    "bz2 of streams without bytes",
    () => store({ compressor: { id: "bz2" } }, Buffer.concat(new Array(140_000).fill(emptyBzip2))),
  ],
  [
    "filters that each make eight bytes of one",
    () => {
      const filters = new Array(5).fill({ id: "astype", encode_dtype: "<f8", decode_dtype: "|i1" });
      return store({ dtype: "|i1", filters, compressor: { id: "gzip" } }, gzipped());
    },
  ],
  [
    "gzip of a shard whose index is larger than any chunk",
    () => {
      const codecs = [{ name: "bytes", configuration: { endian: "little" } }];
      const sharding = { chunk_shape: [1, 1, 1], codecs, index_codecs: codecs };
      const gzip = { name: "gzip", configuration: { level: 5 } };
      const v3 = {
        ...{ zarr_format: 3, node_type: "array", shape: [1024, 1024, 256], data_type: "int8", fill_value: 0 },
        chunk_grid: { name: "regular", configuration: { chunk_shape: [1024, 1024, 256] } },
        chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
        codecs: [{ name: "sharding_indexed", configuration: sharding }, gzip],
      };
      const group = {
        zarr_format: 3,
        node_type: "group",
        attributes: { ome: { version: "0.5", ...JSON.parse(image) } },
      };
      return writeTree(join(temporaryFolder(), "bomb.zarr"), {
        "zarr.json": JSON.stringify(group),
        "0/zarr.json": JSON.stringify(v3),
        "0/c/0/0/0": gzipped(),
      });
    },
  ],
  [
    "gzip of zstd that states no size",
    () =>
      store({ compressor: { id: "gzip" }, filters: [{ id: "zstd" }] }, gzipSync(zstdBomb(blocks, undefined))),
  ],
  [
    "a plain chunk of 8 GB",
    () => {
      const folder = store({ compressor: null });
      truncateSync(join(folder, "0/0.0.0"), 8 * gigabyte);
      return folder;
    },
  ],
  ["axes of 10^9", () => store({ shape: [1e9, 1e9, 1e9], chunks: [1, 1, 1], compressor: null })],
  [
    "axes of 10^5 in chunks of one voxel",
    () => store({ shape: [1e3, 1e5, 1e2], chunks: [1, 1, 1], compressor: null }),
  ],
  [
    "a chunk of 10^15 voxels",
    () => store({ shape: [1e5, 1e4, 10], chunks: [1e5, 1e5, 1e5], compressor: null }),
  ],
  [
    "a chunk that is a pipe",
    () => {
      const folder = writeTree(join(temporaryFolder(), "pipe.zarr"), {
        ".zattrs": image,
        "0/.zarray": JSON.stringify({ ...plain, compressor: { id: "gzip" } }),
      });
      execFileSync("mkfifo", [join(folder, "0/0.0.0")]);
      return folder;
    },
  ],
  [
    "a chunk of Blosc that is a pipe",
    () => {
      const folder = writeTree(join(temporaryFolder(), "pipe.zarr"), {
        ".zattrs": image,
        "0/.zarray": JSON.stringify({ ...plain, compressor: { id: "blosc" } }),
      });
      execFileSync("mkfifo", [join(folder, "0/0.0.0")]);
      return folder;
    },
  ],
  [
    "metadata that are a pipe",
    () => {
      const folder = writeTree(join(temporaryFolder(), "pipe.zarr"), { ".zattrs": image, "0/x": "" });
      execFileSync("mkfifo", [join(folder, "0/.zarray")]);
      return folder;
    },
  ],
  [
    "metadata of 300 MB",
    () => {
      const folder = store({ compressor: null });
      truncateSync(join(folder, ".zattrs"), 3e8);
      return folder;
    },
  ],
];

/** How much slower than alone a machine may be whose cores others use. */
const slowMachine = 5;

describe("what claims to be small and is not is refused in a second, with little memory", () => {
  test.each(bombs)("%s", async (_name, make) => {
    const module = new URL("../../../support/readMeasured.ts", import.meta.url);
    const question = { warm: unpackStore("zstd"), folder: make() };
    const { error, milliseconds, megabytes } = await inOwnProcess<MeasuredRead>(module, question);
    expect(error).toMatch(/^BadDataset: \S+: [^\n]+$/);
    expect(megabytes).toBeLessThan(200);
    expect(milliseconds).toBeLessThan(slowMachine * 1000);
  });
});
