import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeTensors, readTensors, type TensorFile, writeTensors } from "../../src/formats/safetensors.js";
import { limits } from "../../src/system/limits.js";
import { processorTime } from "../support/processorTime.js";
import fc from "../support/properties.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
  path = join(folder, "a.safetensors");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small: TensorFile = {
  tensors: new Map([
    ["a", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) }],
    ["b", { shape: [], data: Float32Array.of(7) }],
    ["none", { shape: [0, 4], data: new Float32Array() }],
  ]),
  metadata: { format: "test", note: "größer ✓" },
};

/** A file by the format's own words: 8 bytes of the header's length, the header, the tensors' bytes. */
function fileOf(header: unknown, bytes: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, bytes]);
}

const entry = (start: number, end: number, shape = [(end - start) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});

describe("safetensors", () => {
  it("come back bit for bit, whatever their values", async () => {
    const tensor = fc.float32Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), tensor), async (named) => {
        const entries = Object.entries(named).filter(
          ([name]) => name !== "__metadata__" && name !== "__proto__",
        );
        const tensors = new Map(entries.map(([name, data]) => [name, { shape: [data.length], data }]));
        await writeTensors(path, { tensors, metadata: { k: "v" } });
        const read = await readTensors(path);
        expect(read.metadata).toEqual({ k: "v" });
        expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
        for (const [name, { data }] of tensors)
          expect(Buffer.from(read.tensors.get(name)!.data.buffer)).toEqual(
            Buffer.from(data.buffer, data.byteOffset, data.byteLength),
          );
      }),
      { numRuns: 40 },
    );
  });

  it("are what the format describes: aligned header, offsets from its end, little-endian floats", () => {
    const bytes = Buffer.from(encodeTensors(small));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    expect(header.__metadata__).toEqual(small.metadata);
    expect(header.a).toEqual({ dtype: "F32", shape: [2, 3], data_offsets: [0, 24] });
    expect(header.b).toEqual({ dtype: "F32", shape: [], data_offsets: [24, 28] });
    expect(bytes.length).toBe(8 + length + 28);
    expect([0, 1, 2, 6].map((i) => bytes.readFloatLE(8 + length + 4 * i))).toEqual([1, -2, 3.5, 7]);
  });

  it("give equal bytes for equal content", () => {
    expect(encodeTensors(small)).toEqual(encodeTensors({ ...small, tensors: new Map(small.tensors) }));
  });

  it("read a file that another program wrote", async () => {
    await writeFile(
      path,
      fileOf({ w: entry(4, 8), v: entry(0, 4) }, new Uint8Array(Float32Array.of(1, 2).buffer)),
    );
    const { tensors, metadata } = await readTensors(path);
    expect([...tensors].map(([name, { data }]) => [name, ...data])).toEqual([
      ["w", 2],
      ["v", 1],
    ]);
    expect(metadata).toEqual({});
  });

  const eight = new Uint8Array(8);
  it.each<[string, Buffer, RegExp]>([
    ["nothing", Buffer.alloc(0), /not a safetensors file/],
    ["three bytes", Buffer.from("abc"), /not a safetensors file/],
    ["text", Buffer.from("this is no checkpoint at all, only a line of text"), /not a safetensors file/],
    ["a header longer than the file", fileOf("{}").subarray(0, 9), /not a safetensors file/],
    ["a header that is no JSON", fileOf("{nonsense"), /header is not JSON: line 1, column 2/],
    ["a header that is a list", fileOf([]), /header is not text that begins with \{/],
    ["a header behind a blank", fileOf(" {}"), /header is not text that begins with \{/],
    ["a header that is not UTF-8", fileOf("{}").fill(0xff, 9, 10), /header is not text that begins with \{/],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), /header is not one of tensors and text/],
    ["metadata that is a list", fileOf({ __metadata__: [] }), /header is not one of tensors and text/],
    [
      "two tensors of one name",
      fileOf(`{"a":${JSON.stringify(entry(0, 8))},"a":${JSON.stringify(entry(0, 8))}}`, eight),
      /header is not JSON: .* ends the second value of "a"/,
    ],
    [
      "two shapes of one tensor",
      fileOf('{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', eight),
      /header is not JSON: .* ends the second value of "shape"/,
    ],
    [
      "a bare NaN",
      fileOf('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', eight),
      /tensor a is not/,
    ],
    ["a fraction", fileOf({ a: { ...entry(0, 8), shape: [2.5] } }, eight), /tensor a is not a float32/],
    [
      "too many values to count",
      fileOf({ a: { ...entry(0, 0), shape: [2 ** 40, 2 ** 40, 0] } }),
      /more values/,
    ],
    ["33 dimensions", fileOf({ a: { ...entry(0, 4), shape: Array(33).fill(1) } }, eight), /tensor a is not/],
    ["a key beside", fileOf({ a: { ...entry(0, 8), more: 1 } }, eight), /tensor a is not a float32/],
    ["deep nesting", fileOf(`{"a":${"[".repeat(300)}`), /header is not JSON: .* deeper than 200 levels/],
    ["another type", fileOf({ a: { ...entry(0, 8), dtype: "F64" } }, eight), /tensor a is not a float32/],
    ["a negative size", fileOf({ a: { ...entry(0, 8), shape: [-2] } }, eight), /tensor a is not a float32/],
    ["a shape of another size", fileOf({ a: entry(0, 8, [3]) }, eight), /wanted 12/],
    [
      "a number above 2^53",
      fileOf({ a: { ...entry(0, 8), data_offsets: [0, 2 ** 60] } }, eight),
      /tensor a is not/,
    ],
    ["bytes past the end", fileOf({ a: entry(0, 16) }, eight), /tensor a takes bytes 0 to 16 of 8/],
    ["end before start", fileOf({ a: entry(8, 0, [0]) }, eight), /tensor a takes bytes 8 to 0, wanted 0/],
    ["an overlap", fileOf({ a: entry(0, 8), b: entry(4, 8) }, eight), /overlap or leave a gap at byte 4/],
    ["a gap", fileOf({ a: entry(0, 4), b: entry(8, 12) }, new Uint8Array(12)), /gap at byte 4/],
    ["bytes of no tensor", fileOf({ a: entry(0, 4) }, eight), /end at byte 4 of 8/],
  ])("are refused with %s", async (_, bytes, message) => {
    await writeFile(path, bytes);
    await expect(readTensors(path)).rejects.toMatchObject({
      tag: "BadCheckpoint",
      message: expect.stringMatching(message),
    });
  });

  it("are refused wherever the file is cut", async () => {
    await writeTensors(path, small);
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length += 7) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readTensors(path)).rejects.toMatchObject({ tag: "BadCheckpoint" });
    }
  });

  it("are refused above the limits in a moment, whatever they claim, before a tensor is read", async () => {
    const sparse = async (header: Buffer, size: number) => {
      await writeFile(path, header);
      await truncate(path, size);
    };
    const claims = Buffer.alloc(9, "{");
    claims.writeBigUInt64LE(BigInt(limits.headerBytes.most + 1), 0);
    await sparse(claims, limits.headerBytes.most + 100);
    const before = process.memoryUsage().rss;
    const { seconds } = await processorTime(async () => {
      await expect(readTensors(path)).rejects.toThrow(
        /its header has 67,108,865 bytes; at most 67,108,864 are read/,
      );
      await sparse(fileOf({ a: entry(0, 2 ** 33) }), limits.checkpointBytes.most + 1);
      await expect(readTensors(path)).rejects.toThrow(/the checkpoint has 4,294,967,297 bytes; at most/);
      await sparse(fileOf({ a: entry(0, 2 ** 33) }), 2 ** 31);
      await expect(readTensors(path)).rejects.toThrow(/tensor a takes bytes 0 to 8589934592 of 21474/);
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(2e8);
    expect(seconds).toBeLessThan(5);
    const names = Array.from({ length: limits.checkpointTensors.most + 1 }, (_, at) => [at, 0]);
    await writeFile(path, fileOf(Object.fromEntries(names)));
    await expect(readTensors(path)).rejects.toThrow(
      /its header has 100,001 tensors; at most 100,000 are read/,
    );
  });

  it("are refused where there is no file, or a folder", async () => {
    await expect(readTensors(join(folder, "missing"))).rejects.toMatchObject({ tag: "BadCheckpoint" });
    await expect(readTensors(folder)).rejects.toThrow(/it is a folder/);
  });
});
