import LZ4 from "numcodecs/lz4";
import { expect, test } from "vitest";
import { decodeLz4Block } from "../../../src/formats/zarr/lz4Block.js";
import fc from "../../support/properties.js";

const lz4 = LZ4.fromConfig({ id: "lz4" });

/** Runs, repeats from any distance and noise, so that matches and literals of every length come after one another. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 300 }), fc.nat(700)), {
    maxLength: 40,
  })
  .map((pieces) => {
    const bytes: number[] = [];
    for (const [fresh, distance, length] of pieces) {
      bytes.push(...fresh);
      const back = Math.min(distance, bytes.length);
      for (let i = 0; back > 0 && i < length; i++) bytes.push(bytes[bytes.length - back]!);
    }
    return Uint8Array.from(bytes);
  })
  .filter((bytes) => bytes.length > 0);

test("what numcodecs' encoder wrote decodes, and nothing behind the target is touched", async () => {
  await fc.assert(
    fc.asyncProperty(repetitive, async (bytes) => {
      const block = (await lz4.encode(bytes)).slice(4);
      const memory = new Uint8Array(bytes.length + 64).fill(0xaa);
      decodeLz4Block(block, memory.subarray(0, bytes.length));
      expect(Buffer.compare(memory.subarray(0, bytes.length), bytes)).toBe(0);
      expect(memory.subarray(bytes.length).every((byte) => byte === 0xaa)).toBe(true);
      expect(() => decodeLz4Block(block, new Uint8Array(bytes.length + 1))).toThrow(/LZ4/);
      expect(() => decodeLz4Block(block, new Uint8Array(bytes.length - 1))).toThrow(/LZ4/);
    }),
    { numRuns: 300 },
  );
});

test("a match is copied from any distance, as far as it is long", () => {
  for (let distance = 1; distance <= 20; distance++)
    for (let length = 4; length <= 40; length++) {
      const start = Array.from({ length: 20 }, (_, i) => 100 + i);
      const expected = [...start];
      for (let i = 0; i < length; i++) expected.push(expected[expected.length - distance]!);
      expected.push(...new Array(60).fill(1));
      const more = length - 4 >= 15 ? [length - 19] : [];
      const block = [0xf0 | Math.min(15, length - 4), 5, ...start, distance, 0, ...more];
      block.push(0xf0, 45, ...new Array(60).fill(1));
      const out = new Uint8Array(expected.length);
      decodeLz4Block(Uint8Array.from(block), out);
      expect([...out]).toEqual(expected);
    }
});
