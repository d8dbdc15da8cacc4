import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../../src/data/tomograms/omeZarr.js";
import { chainSize, chainV2, chainV3 } from "../../../../src/formats/zarr/codecs/chain.js";
import { checksumCodec } from "../../../../src/formats/zarr/codecs/checksums.js";
import { fillOf } from "../../../../src/formats/zarr/codecs/numbers.js";
import { temporaryFolder, unpackStore, writeTree } from "../../../support/storeFixtures.js";

/** Stores that zarr_chains.py wrote: name → path → base64. */
const chains: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL("../../../fixtures/formats/zarr_chains.json", import.meta.url), "utf8"),
);
const counting = Float32Array.from({ length: 192 }, (_, i) => i);

function unpack(name: string): string {
  const files = Object.entries(chains[name]!).map(
    ([path, text]) => [path, Buffer.from(text, "base64")] as const,
  );
  return writeTree(join(temporaryFolder(), "a.zarr"), Object.fromEntries(files));
}
const read = async (folder: string) => (await openTomogram(await openOmeZarr(folder))).readAll();

describe("codecs are undone in their order", () => {
  test.each(Object.keys(chains))("%s", async (name) => {
    const { data, shape } = await read(unpack(name));
    expect(shape).toEqual([4, 6, 8]);
    expect(data).toEqual(name === "v2 packbits" ? counting.map((value) => value % 2) : counting);
  });

  test("a box of a shard whose axes are turned is the same voxels as in the whole", async () => {
    const reader = await openTomogram(await openOmeZarr(unpack("v3 two transposes before a shard")));
    const region = await reader.readRegion({ start: [1, 2, 3], end: [3, 3, 6] });
    expect([...region]).toEqual([67, 68, 69, 115, 116, 117]);
  });
});

describe("every checksum is compared", () => {
  test.each([
    ["v3 crc32c behind a shard", "0/c/0/0/0"],
    ["v3 two transposes before a shard", "0/c/0/0/0"],
    ["v3 checksums, compressors and a shuffle", "0/c/0/0/0"],
    ["v2 crc32", "0/0.0.0"],
    ["v2 adler32", "0/0.0.0"],
  ])("%s: any byte that is changed is found", async (name, chunk) => {
    const folder = unpack(name);
    const bytes = readFileSync(join(folder, chunk));
    for (let at = 0; at < bytes.length; at += 7) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 0x10;
      writeFileSync(join(folder, chunk), broken);
      await expect(read(folder), `byte ${at}`).rejects.toThrow(
        /chunk cannot be decoded \(.*the file is damaged/,
      );
    }
  });

  test("fletcher32 is HDF5's, as numcodecs' own test has it", () => {
    const words = [1911n, -2427n, 1897n, -2412n, 2440n, 873n, -621n, -829n, 551n, -2118n];
    const body = Buffer.from(BigInt64Array.from(words).buffer);
    const encoded = new Uint8Array([...body, 0xfd, 0x25, 0x86, 0x64]);
    const codec = checksumCodec("fletcher32", undefined)!;
    const size = { bytes: body.length, isExact: true };
    expect(Buffer.compare(codec.decode(encoded, size) as Uint8Array, body)).toBe(0);
    encoded[5]! ^= 1;
    expect(() => codec.decode(encoded, size)).toThrow(/fletcher32 of its bytes is another/);
  });
});

describe("metadata of Zarr v3", () => {
  type Metadata = Record<string, unknown> & { codecs: unknown[] };
  const changed = (name: string, change: (metadata: Metadata) => void) => {
    const folder = unpack(name);
    const path = join(folder, "0/zarr.json");
    const metadata = JSON.parse(readFileSync(path, "utf8")) as Metadata;
    change(metadata);
    writeFileSync(path, JSON.stringify(metadata));
    return folder;
  };

  test("a name and an object with that name are the same (3.1)", async () => {
    const short = changed("v3 crc32c behind a shard", (metadata) => {
      metadata.codecs[1] = "crc32c";
      metadata.chunk_key_encoding = "default";
      metadata.data_type = { name: "float32" };
    });
    expect((await read(short)).data).toEqual(counting);
    const bytes = unpackStore("v3");
    const path = join(bytes, "0/zarr.json");
    const metadata = JSON.parse(readFileSync(path, "utf8")) as Metadata;
    rmSync(join(bytes, "0/c"), { recursive: true });
    const { shape } = metadata as unknown as { shape: number[] };
    const plain = {
      ...metadata,
      data_type: "uint8",
      codecs: ["bytes"],
      fill_value: 7,
      chunk_key_encoding: "v2",
    };
    writeFileSync(path, JSON.stringify(plain));
    const volume = await read(bytes);
    expect(volume.data).toEqual(new Float32Array(shape.reduce((a, b) => a * b)).fill(7));
  });

  const refused: [string, (metadata: Metadata) => void, RegExp][] = [
    [
      "an unknown codec",
      (m) => m.codecs.push({ name: "numcodecs.zfpy" }),
      /codec numcodecs\.zfpy is not read/,
    ],
    [
      "an unknown codec in a shard",
      (m) => {
        const { configuration } = m.codecs[0] as { configuration: { codecs: unknown[] } };
        configuration.codecs.push("zfp");
      },
      /codec zfp is not read/,
    ],
    [
      "storage transformers",
      (m) => (m.storage_transformers = [{ name: "x" }]),
      /storage_transformers is not read/,
    ],
    ["an extension", (m) => (m.turned = { name: "x" }), /the extension turned is not read/],
    [
      "no codec to bytes",
      (m) => (m.codecs = [{ name: "crc32c" }]),
      /crc32c stands before one that makes bytes/,
    ],
    [
      "an array codec behind bytes",
      (m) => m.codecs.push({ name: "transpose", configuration: { order: [0, 1, 2] } }),
      /transpose stands behind/,
    ],
    [
      "an order that is none",
      (m) => m.codecs.unshift({ name: "transpose", configuration: { order: [0, 1, 1] } }),
      /each of 0, 1, 2 once/,
    ],
    ["another grid", (m) => (m.chunk_grid = { name: "rectilinear" }), /chunk grid rectilinear is not read/],
  ];
  test.each(refused)("%s is refused by its name", async (_name, change, message) => {
    await expect(openOmeZarr(changed("v3 crc32c behind a shard", change))).rejects.toThrow(message);
  });

  test("an extension that need not be understood is let pass", async () => {
    const folder = changed("v3 crc32c behind a shard", (m) => (m.extra = { must_understand: false }));
    expect((await read(folder)).data).toEqual(counting);
  });
});

describe("what a chain decodes to fits into memory at every stage", () => {
  const spec = { type: "float32", shape: [512, 512, 512], fill: 0 } as const;
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const gzip = { name: "gzip", configuration: {} };
  const shard = (size: number) => ({
    name: "sharding_indexed",
    configuration: { chunk_shape: [size, size, size], codecs: [bytes, gzip], index_codecs: [bytes] },
  });
  const most = 2 ** 31 + 2 ** 16;

  test("around shards, around checksums and in shards", () => {
    for (const codecs of [
      [shard(4), gzip, gzip],
      [bytes, gzip, { name: "crc32c", configuration: {} }, gzip],
    ])
      expect(chainSize(chainV3("zarr.json", codecs, spec)).bytes).toBe(most);
    expect(() => chainV3("zarr.json", [bytes], { ...spec, shape: [1024, 1024, 1024] })).toThrow(
      "a chunk of [1024,1024,1024] values has 4,294,967,296 bytes; at most",
    );
    expect(() => chainV3("zarr.json", [shard(1024)], { ...spec, shape: [2048, 1024, 1024] })).toThrow(
      "a chunk of [1024,1024,1024] values has 4,294,967,296 bytes",
    );
    expect(() => chainV3("zarr.json", [shard(1), gzip], spec)).toThrow("a chunk of [512,512,512,2] values");
  });

  test("for each filter of Zarr v2", () => {
    const wide = { id: "astype", encode_dtype: "<f8", decode_dtype: "|i1" };
    const own = { type: "int8", isBig: false } as const;
    const made = (count: number) =>
      chainV2("z", [...new Array(count).fill(wide), { id: "gzip" }], own, "C", { ...spec, type: "int8" });
    expect(chainSize(made(1)).bytes).toBe(most);
    expect(() => made(2)).toThrow("a chunk before astype has 8,589,934,592 bytes; at most");
  });
});

test.each([2.5, Number.NaN, 1e300, "4", null])(
  "a shuffle of elements of %j bytes is not read",
  (elementsize) => {
    const own = { type: "float32", isBig: false } as const;
    const codecs = [{ id: "shuffle", elementsize }];
    expect(() => chainV2(".zarray", codecs, own, "C", { type: "float32", shape: [4], fill: 0 })).toThrow(
      "codec shuffle is not read",
    );
  },
);

test.each([
  ["int64", true, 1n],
  ["uint64", false, 0n],
  ["int8", true, 1],
  ["bool", true, 1],
  ["float32", false, 0],
  ["int64", 7, 7n],
] as const)("the fill value of %s that is written %j is %s", (type, written, held) => {
  expect(fillOf(type, written)).toBe(held);
});
