import Blosc from "numcodecs/blosc";
import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { decodeBlosc as decode } from "../../../src/formats/zarr/blosc.js";
import { fixture } from "../../support/storeFixtures.js";

/** Values like a tomogram's, then a long run of one value and a repeated pattern; an odd number of bytes. */
function sample(): Uint8Array {
  const tomogram = fixture("tomogram-like.f4");
  const pattern = Buffer.from("a pattern that comes again and again, ".repeat(9000));
  return new Uint8Array(Buffer.concat([tomogram, tomogram, Buffer.alloc(300_001, 7), pattern]));
}

const decodeBlosc = (frame: Uint8Array) => decode(frame, { bytes: sample().length, isExact: true });

const compressors = ["lz4", "lz4hc", "zstd", "zlib", "blosclz"] as const;
const cases = compressors.flatMap((cname) => [0, 1, 2].map((shuffle) => [cname, shuffle] as const));
const encode = (cname: string, shuffle: number, blocksize = 0) =>
  Blosc.fromConfig({ id: "blosc", cname, clevel: 5, shuffle, blocksize }).encode(sample());

describe.each(cases)("%s, shuffle %i", (cname, shuffle) => {
  test("c-blosc's frames decode to what went in", async () => {
    for (const blocksize of [0, 4096, 100_000])
      expect(Buffer.compare(await decodeBlosc(await encode(cname, shuffle, blocksize)), sample())).toBe(0);
  });

  test("a frame cut at any place is refused", async () => {
    const frame = await encode(cname, shuffle);
    for (let length = 0; length < frame.length; length += 1 + Math.floor(frame.length / 50))
      await expect(decodeBlosc(frame.slice(0, length))).rejects.toThrow(/Blosc/);
  });
});

test.each(["lz4", "zstd", "zlib", "blosclz"])(
  "%s: a frame of the right length with overwritten streams is refused",
  async (cname) => {
    const frame = await encode(cname, 1);
    const random = randomFor(1, "damage");
    for (let round = 0; round < 20; round++) {
      const damaged = frame.slice();
      for (let i = 0; i < 500; i++) damaged[16 + random.integer(frame.length - 16)] = random.integer(256);
      await expect(decodeBlosc(damaged)).rejects.toThrow();
    }
  },
);

test("other bytes are refused", async () => {
  await expect(decodeBlosc(new Uint8Array(100))).rejects.toThrow(/not a Blosc frame/);
  await expect(decodeBlosc(new Uint8Array(0))).rejects.toThrow(/0 bytes; wanted 16/);
});
