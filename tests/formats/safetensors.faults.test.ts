import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Random, randomFor } from "../../src/domain/random.js";
import { encodeTensors, readTensors, type TensorFile } from "../../src/formats/safetensors.js";
import { isPickbenchError } from "../../src/system/errors.js";
import { longestRead, runCampaign } from "../support/faults.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of tensors, bytes and text of any sizes, none among them. */
function drawn(random: Random): Buffer {
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (let at = random.integer(4); at > 0; at--) {
    const shape = Array.from({ length: random.integer(4) }, () => random.integer(4));
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(`net/layer${at}`, {
      shape,
      data: Float32Array.from({ length: count }, () => random.normal()),
    });
  }
  const bytes = new Map(random.integer(2) === 0 ? [] : [["model.onnx", Buffer.alloc(random.integer(9), 7)]]);
  return Buffer.from(encodeTensors({ tensors, bytes, metadata: { format: "drawn", note: "größer" } }));
}

/** Numbers that stand where a size or a place is expected. */
const numbers = ["0", "1", "-1", "-0", "3", "1e3", "0.5", "9007199254740993", "1e400", "NaN", "null", '"4"'];
const pieces = [
  '{"',
  '"}',
  "[",
  "]",
  "[[",
  "{}",
  ",",
  ":",
  "\\",
  '"',
  "\\ud800",
  "__proto__",
  "F64",
  " ",
  "\u0000",
];

type Change = (header: string, random: Random) => string;

const at = (text: string, random: Random): number => random.integer(text.length + 1);
const changes: readonly Change[] = [
  (header, random) => {
    const found = [...header.matchAll(/\d+/g)];
    const one = found[random.integer(Math.max(1, found.length))];
    if (!one) return header;
    const by = numbers[random.integer(numbers.length)]!;
    return header.slice(0, one.index) + by + header.slice(one.index + one[0].length);
  },
  (header, random) => {
    const place = at(header, random);
    return header.slice(0, place) + pieces[random.integer(pieces.length)]! + header.slice(place);
  },
  (header, random) => {
    const place = at(header, random);
    return header.slice(0, place) + header.slice(place + 1 + random.integer(8));
  },
  (header) => header.replace(/"net\/layer\d+"/g, '"net/layer1"'),
  (header) => header.replace("{", `{"again":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`),
  (header, random) => `${"[".repeat(random.integer(100_000))}${header}`,
];

/** The file with its header changed in a way or two, its length said truly or not, or a byte of it flipped. */
function damaged(whole: Buffer, random: Random): Buffer {
  if (random.integer(4) === 0) {
    const flipped = Buffer.from(whole);
    const place = random.integer(flipped.length);
    flipped[place] = flipped[place]! ^ (1 << random.integer(8));
    return flipped.subarray(
      0,
      random.integer(2) === 0 ? flipped.length : at(whole.toString("latin1"), random),
    );
  }
  const length = Number(whole.readBigUInt64LE(0));
  let header = whole.toString("utf8", 8, 8 + length);
  for (let more = 1 + random.integer(2); more > 0; more--)
    header = changes[random.integer(changes.length)]!(header, random);
  const text = Buffer.from(header);
  const start = Buffer.alloc(8);
  const said = random.integer(8) === 0 ? text.length + random.integer(17) - 8 : text.length;
  start.writeBigUInt64LE(BigInt(Math.max(0, said)), 0);
  return Buffer.concat([start, text, whole.subarray(8 + length)]);
}

const contentOf = ({ tensors, bytes = new Map<string, Uint8Array>(), metadata }: TensorFile) => ({
  tensors: [...tensors].map(([name, { shape, data }]) => [
    name,
    shape,
    Buffer.from(data.buffer).toString("hex"),
  ]),
  bytes: [...bytes].map(([name, data]) => [name, Buffer.from(data).toString("hex")]),
  metadata,
});

test("a damaged safetensors file is refused in one sentence, or each of its bytes is one tensor's", async () => {
  const outcomes = await runCampaign({
    few: 300,
    all: 20_000,
    async trial(seed) {
      const random = randomFor(seed, "tests/safetensors", 0);
      const path = join(folder, `${seed}.safetensors`);
      const given = damaged(drawn(random), random);
      writeFileSync(path, given);
      const started = performance.now();
      try {
        const read = await readTensors(path);
        const content = contentOf(read);
        const hex = [...content.tensors, ...content.bytes].map((each) => each.at(-1) as string);
        const size = hex.reduce((sum, each) => sum + each.length / 2, 0);
        expect(size).toBe(given.length - 8 - Number(given.readBigUInt64LE(0)));
        const body = given.subarray(given.length - size).toString("hex");
        for (const each of hex) expect(body).toContain(each);
        writeFileSync(path, encodeTensors(read));
        expect(contentOf(await readTensors(path))).toEqual(content);
        return "read" as const;
      } catch (error) {
        if (!isPickbenchError(error, "BadCheckpoint")) throw error;
        expect(error.message).not.toContain("\n");
        expect(error.message.length).toBeLessThan(600);
        return "refused" as const;
      } finally {
        expect(performance.now() - started).toBeLessThan(longestRead);
        rmSync(path);
      }
    },
  });
  expect(outcomes.get("refused")).toBeGreaterThan(0);
  expect(outcomes.get("read")).toBeGreaterThan(0);
});
