import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { mrcShape, readMrc } from "../../../src/formats/mrc/reader.js";
import { openMrc } from "../../../src/formats/mrc/sections.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

interface MrcFields {
  counts?: [number, number, number];
  mode?: number;
  sampling?: [number, number, number];
  cell?: [number, number, number];
  axes?: [number, number, number];
  extended?: number;
  big?: boolean;
  stamped?: boolean;
  imod?: number;
  data?: Buffer;
}

/** A map after the MRC2014 table: 4 columns, 3 rows, 2 sections counting up from 0 unless told otherwise. */
function mrcFile(fields: MrcFields = {}, name = "a.mrc"): string {
  const {
    counts = [4, 3, 2],
    mode = 2,
    sampling = [4, 3, 2],
    cell = [40, 33, 24],
    axes = [1, 2, 3],
  } = fields;
  const { extended = 0, big = false, stamped = true } = fields;
  const header = Buffer.alloc(1024);
  const integer = (value: number, word: number) =>
    big ? header.writeInt32BE(value, 4 * word) : header.writeInt32LE(value, 4 * word);
  const float = (value: number, word: number) =>
    big ? header.writeFloatBE(value, 4 * word) : header.writeFloatLE(value, 4 * word);
  for (const [i, value] of counts.entries()) integer(value, i);
  integer(mode, 3);
  for (const [i, value] of sampling.entries()) integer(value, 7 + i);
  for (const [i, value] of cell.entries()) float(value, 10 + i);
  for (const [i, value] of axes.entries()) integer(value, 16 + i);
  integer(extended, 23);
  if (fields.imod !== undefined) {
    integer(1146047817, 38);
    integer(fields.imod, 39);
  }
  if (stamped) header.set(big ? [0x11, 0x11] : [0x44, 0x44], 212);
  const path = join(temporaryFolder(), name);
  const data = fields.data ?? float32(counting(24), big);
  writeFileSync(path, Buffer.concat([header, Buffer.alloc(extended, 0xee), data]));
  return path;
}

const counting = (count: number) => Array.from({ length: count }, (_, i) => i);
function float32(values: number[], big = false): Buffer {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return big ? bytes.swap32() : bytes;
}
const int16 = (values: number[]) => Buffer.from(Int16Array.from(values).buffer);

describe("readMrc", () => {
  test.each<[string, MrcFields]>([
    ["plain", {}],
    ["an extended header", { extended: 3000 }],
    ["big endian", { big: true }],
    ["no machine stamp", { stamped: false }],
    ["big endian without stamp", { stamped: false, big: true }],
    ["axes left at 0", { axes: [0, 0, 0] }],
    ["mode 0", { mode: 0, data: Buffer.from(counting(24)) }],
    ["mode 1", { mode: 1, data: int16(counting(24)) }],
    ["mode 1, big endian", { mode: 1, big: true, data: int16(counting(24)).swap16() }],
    ["mode 6", { mode: 6, data: int16(counting(24)) }],
    ["bytes behind the data", { data: Buffer.concat([float32(counting(24)), Buffer.alloc(99)]) }],
  ])("%s", async (_name, fields) => {
    const volume = await readMrc(mrcFile(fields));
    expect(volume.shape).toEqual([2, 3, 4]);
    expect(volume.spacing).toEqual([12, 11, 10]);
    expect([...volume.data]).toEqual(counting(24));
  });

  test("gzipped", async () => {
    const path = mrcFile();
    writeFileSync(path, gzipSync(readFileSync(path)));
    expect([...(await readMrc(path)).data]).toEqual(counting(24));
  });

  test("signed, unsigned and half-precision values", async () => {
    const bytes = Buffer.from([...counting(23), 200]);
    expect((await readMrc(mrcFile({ mode: 0, data: bytes }))).data[23]).toBe(200 - 256);
    expect((await readMrc(mrcFile({ mode: 0, data: bytes, imod: 0 }))).data[23]).toBe(200);
    expect((await readMrc(mrcFile({ mode: 0, data: bytes, imod: 1 }))).data[23]).toBe(200 - 256);
    const sixteen = int16([...counting(23), -2]);
    expect((await readMrc(mrcFile({ mode: 1, data: sixteen }))).data[23]).toBe(-2);
    expect((await readMrc(mrcFile({ mode: 6, data: sixteen }))).data[23]).toBe(65534);
    // np.array([1, -2.5, 65504, 6e-8], np.float16).view(np.uint16)
    const half = await readMrc(
      mrcFile({ mode: 12, data: int16([0x3c00, 0xc100 - 65536, 0x7bff, 1, ...counting(20).map(() => 0)]) }),
    );
    expect([...half.data.subarray(0, 4)]).toEqual([1, -2.5, 65504, 2 ** -24]);
  });

  test("any axis order gives the same z, y, x", async () => {
    const value = (x: number, y: number, z: number) => x + 10 * y + 100 * z;
    const size = { 1: 4, 2: 3, 3: 2 } as const;
    const orders = [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ] as const;
    for (const axes of orders) {
      const counts = axes.map((axis) => size[axis]) as [number, number, number];
      const values: number[] = [];
      const at = [0, 0, 0];
      for (let s = 0; s < counts[2]; s++)
        for (let r = 0; r < counts[1]; r++)
          for (let c = 0; c < counts[0]; c++) {
            [c, r, s].forEach((index, i) => {
              at[axes[i]! - 1] = index;
            });
            values.push(value(at[0]!, at[1]!, at[2]!));
          }
      const volume = await readMrc(mrcFile({ axes: [...axes], counts, data: float32(values) }));
      expect(volume.shape).toEqual([2, 3, 4]);
      expect(volume.spacing).toEqual([12, 11, 10]);
      expect([...volume.data]).toEqual(
        counting(24).map((i) => value(i % 4, Math.floor(i / 4) % 3, Math.floor(i / 12))),
      );
    }
  });

  test("a voxel size that is missing can be given", async () => {
    for (const fields of [{ cell: [0, 0, 0] }, { sampling: [0, 0, 0] }] as MrcFields[]) {
      const path = mrcFile(fields);
      await expect(readMrc(path)).rejects.toThrow(/no voxel size/);
      expect((await readMrc(path, { spacing: angstrom(7) })).spacing).toEqual([7, 7, 7]);
    }
  });

  test.each<[string, () => string, string, RegExp]>([
    ["complex", () => mrcFile({ mode: 4, data: Buffer.alloc(192) }), "Unsupported", /mode 4 \(complex\)/],
    ["four bits", () => mrcFile({ mode: 101 }), "Unsupported", /mode 101 \(4-bit integers\)/],
    [
      "too short",
      () => mrcFile({ data: float32(counting(20)) }),
      "BadDataset",
      /header says 4×3×2 voxels of 4 bytes .* the file has 1104/,
    ],
    ["two axes alike", () => mrcFile({ axes: [1, 1, 3] }), "BadDataset", /axis order is 1,1,3/],
    ["no voxels", () => mrcFile({ counts: [0, 3, 2] }), "BadDataset", /0×3×2 voxels/],
    [
      "NaN",
      () => mrcFile({ data: float32([...counting(23), Number.NaN]) }),
      "NotFinite",
      /z,y,x = 1,2,3 is NaN/,
    ],
    ["not there", () => join(temporaryFolder(), "no.mrc"), "BadDataset", /no\.mrc: cannot be read/],
  ])("%s is refused", async (_name, path, tag, message) => {
    await expect(readMrc(path())).rejects.toMatchObject({
      name: tag,
      message: expect.stringMatching(message),
    });
  });

  test("an extended header that is declared but absent is named, and the remedy makes the file readable", async () => {
    const path = mrcFile();
    const bytes = readFileSync(path);
    bytes.writeInt32LE(1024, 92);
    writeFileSync(path, bytes);
    const packed = join(temporaryFolder(), "a.mrc.gz");
    writeFileSync(packed, gzipSync(bytes));
    for (const each of [path, packed])
      await expect(readMrc(each)).rejects.toThrow(
        /declares an extended header of 1024 bytes \(nsymbt\) that is not there, .* printf '.*' \| dd of=\S+ bs=1 seek=92 conv=notrunc/,
      );
    bytes.fill(0, 92, 96);
    writeFileSync(path, bytes);
    expect([...(await readMrc(path)).data]).toEqual(counting(24));
    truncateSync(path, 1100);
    await expect(readMrc(path)).rejects.toThrow(/the file has 1100: copy it again/);
  });

  test.each([401, 402, 630])("space group %i is a stack of volumes", async (group) => {
    const path = mrcFile({ sampling: [4, 3, 1] });
    const bytes = readFileSync(path);
    bytes.writeInt32LE(group, 88);
    writeFileSync(path, bytes);
    const { header } = await openMrc(path);
    expect([header.volumes, mrcShape(header)]).toEqual([2, [1, 3, 4]]);
  });

  test("a stamp of the other byte order is not believed where the mode makes no sense in it", async () => {
    for (const big of [true, false]) {
      const path = mrcFile({ big });
      const bytes = readFileSync(path);
      bytes.set(big ? [0x44, 0x44] : [0x11, 0x11], 212);
      writeFileSync(path, bytes);
      expect([...(await readMrc(path)).data]).toEqual(counting(24));
    }
  });

  test("an empty file, a text and a broken gzip are refused", async () => {
    const path = join(temporaryFolder(), "a.mrc");
    for (const content of ["", "hello", "x".repeat(5000)]) {
      writeFileSync(path, content);
      await expect(readMrc(path)).rejects.toMatchObject({ name: "BadDataset" });
    }
    const whole = mrcFile();
    writeFileSync(path, gzipSync(readFileSync(whole)).subarray(0, 60));
    await expect(readMrc(path)).rejects.toThrow(/a\.mrc: cannot be read/);
  });
});

describe("maps packed with bzip2", () => {
  /** A map of 120×110×20 voxels, and two parts of it, by Python's bz2 (bzip2.py). */
  const packed = JSON.parse(
    readFileSync(new URL("../../fixtures/formats/bzip2.json", import.meta.url), "utf8"),
  ) as Record<"whole" | "first" | "second", string>;
  const of = (name: keyof typeof packed) => Buffer.from(packed[name], "base64");
  const empty = Buffer.from("425a683917724538509000000000", "hex");

  test("in one stream, in several, and with streams of nothing between", async () => {
    const voxels = Float32Array.from({ length: 120 * 110 * 20 }, (_, i) => (i * i) % 7);
    const [first, second] = [of("first"), of("second")];
    for (const parts of [[of("whole")], [first, second], [first, empty, second, empty]]) {
      const file = join(temporaryFolder(), "a.mrc.bz2");
      writeFileSync(file, Buffer.concat(parts));
      expect((await readMrc(file)).data).toEqual(voxels);
    }
  });

  test("cut short, followed by other bytes, or of nothing but empty streams, they are refused", async () => {
    const bytes = of("whole");
    for (const [broken, why] of [
      [bytes.subarray(0, -10), "cut short"],
      [Buffer.concat([bytes, Buffer.from("more")]), "magic"],
      [Buffer.concat(new Array(300_000).fill(empty)), "more than 100 streams without bytes"],
    ] as const) {
      const file = join(temporaryFolder(), "a.mrc.bz2");
      writeFileSync(file, broken);
      await expect(readMrc(file)).rejects.toThrow(why);
    }
  });
});

const maps = "../shared/data";
describe.skipIf(!existsSync(maps))(
  "maps of other programs (skipped without ../shared), values by numpy",
  () => {
    test("EMD-3001: columns along z", async () => {
      const { data, shape } = await readMrc(`${maps}/formats/mrc/EMD-3001.map`);
      expect(shape).toEqual([73, 25, 43]);
      const at = (z: number, y: number, x: number) => data[(z * 25 + y) * 43 + x];
      expect([at(1, 2, 3), at(3, 2, 1), at(72, 0, 5), at(0, 1, 0)]).toEqual(
        [0.061605357, 0.08857872, -0.045416627, -0.0055164373].map(Math.fround),
      );
    });

    test("EMD-3197, plain, gzipped and packed with bzip2", async () => {
      const plain = await readMrc(`${maps}/formats/mrc/EMD-3197.map`);
      expect(plain.shape).toEqual([20, 20, 20]);
      expect(plain.spacing[0]).toBeCloseTo(11.4, 6);
      expect(plain.data[443]).toBe(Math.fround(-2.7877457));
      expect((await readMrc(`${maps}/formats/mrc/emd_3197.map.gz`)).data).toEqual(plain.data);
      expect((await readMrc(`${maps}/formats/mrc/EMD-3197.map.bz2`)).data).toEqual(plain.data);
    });

    test("the densities are 10 Å a voxel", async () => {
      const { shape, spacing } = await readMrc(`${maps}/densities/6qzp.mrc`);
      expect([shape, spacing]).toEqual([
        [70, 70, 70],
        [10, 10, 10],
      ]);
    });
  },
);
