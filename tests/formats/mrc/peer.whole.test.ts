import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Random, randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type MrcMode, mrcModeBytes } from "../../../src/formats/mrc/header.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { openMrc, readSections } from "../../../src/formats/mrc/sections.js";
import { createMrc, type MrcOptions } from "../../../src/formats/mrc/writer.js";
import { pythonHas, runPython } from "../../support/python.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

/** What mrcfile says of a file: `shape` is (volumes,) sections, rows, columns; sizes along x, y, z. */
interface PeerFile {
  readonly name: string;
  readonly mode: MrcMode;
  readonly shape: readonly number[];
  readonly volumes: number;
  readonly axes: readonly number[];
  readonly voxelSize: readonly number[];
  readonly extended: number;
  readonly origin: readonly number[];
  readonly start: readonly number[];
  readonly statistics: readonly number[];
  readonly big: boolean;
  readonly valid: boolean | null;
}

const count = 200;
const floats = (path: string): Float32Array => new Float32Array(Uint8Array.from(readFileSync(path)).buffer);

/** Our reader's values in the file's order, as little-endian bytes of 32-bit floats. */
async function storedFloats(path: string): Promise<Float32Array> {
  const file = await openMrc(path);
  const parts: number[] = [];
  for await (const { values } of readSections(file, 0, file.header.counts[2])) parts.push(...values);
  return Float32Array.from(parts);
}

/** mrcfile's raw voxels as 32-bit floats, which hold every mode's values. */
function rawFloats(path: string, mode: MrcMode): Float32Array {
  const bytes = Uint8Array.from(readFileSync(path));
  if (mode === 0) return Float32Array.from(new Int8Array(bytes.buffer));
  if (mode === 1) return Float32Array.from(new Int16Array(bytes.buffer));
  if (mode === 6) return Float32Array.from(new Uint16Array(bytes.buffer));
  if (mode === 12) return Float32Array.from(new Uint16Array(bytes.buffer), peerHalf);
  return new Float32Array(bytes.buffer);
}

/** IEEE 754 binary16 by its definition. */
function peerHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction);
  return bits & 0x8000 ? -size : size;
}

describe.skipIf(!pythonHas("mrcfile"))("mrcfile (skipped without Debian's python3-mrcfile)", () => {
  test(`reads ${count} of its files: voxels, spacing, axes, header`, async () => {
    const folder = temporaryFolder();
    const peer = runPython("mrcfilePeer.py", "write", folder, String(count)) as PeerFile[];
    expect(peer.length).toBe(count);
    for (const { name, ...wanted } of peer) {
      const path = join(folder, name);
      const { header } = await openMrc(path);
      expect([header.mode, header.volumes, header.littleEndian, header.axes], name).toEqual([
        wanted.mode,
        wanted.volumes,
        wanted.mode === 0 ? header.littleEndian : !wanted.big,
        wanted.axes,
      ]);
      expect(header.voxelSize?.map(Math.fround), name).toEqual(wanted.voxelSize);
      expect([header.origin, header.start, header.extendedSize], name).toEqual([
        wanted.origin,
        wanted.start,
        wanted.extended,
      ]);
      expect(await storedFloats(path), name).toEqual(rawFloats(`${path}.raw`, wanted.mode));
      if (wanted.mode === 4) await expect(readMrc(path)).rejects.toThrow(/mode 4 \(complex\)/);
      else expect((await readMrc(path)).data, name).toEqual(Float32Array.from(floats(`${path}.zyx`)));
    }
  });

  test(`is read by it: ${count} of ours, valid by its own check`, async () => {
    const folder = temporaryFolder();
    const written = new Map<string, { values: Float32Array; options: MrcOptions }>();
    for (let i = 0; i < count; i++) {
      const volume = randomVolume(i);
      const name = `${i}.mrc${i % 10 === 0 ? ".gz" : ""}`;
      await writeInSlabs(join(folder, name), volume);
      written.set(name, volume);
    }
    const peer = runPython("mrcfilePeer.py", "read", folder) as PeerFile[];
    expect(peer.length).toBe(count);
    for (const { name, ...got } of peer) {
      const { values, options } = written.get(name)!;
      const { shape, spacing, volumes = 1, mode, littleEndian } = options;
      expect(got.shape, name).toEqual(volumes > 1 ? [volumes, ...shape] : shape);
      expect([got.mode, got.big, got.axes], name).toEqual([mode, !littleEndian, [1, 2, 3]]);
      const relative = got.voxelSize.map((size, axis) => Math.abs(size / spacing[2 - axis]! - 1));
      expect(Math.max(...relative), name).toBeLessThan(2e-7);
      expect([got.origin, got.start], name).toEqual([options.origin, options.start]);
      expect(rawFloats(join(folder, `${name}.raw`), got.mode), name).toEqual(values);
      // Of half floats its check overflows: it adds up their squares as half floats.
      if (mode !== 4 && mode !== 12) expect(got.valid, name).toBe(true);
    }
  });
});

function randomVolume(i: number): { values: Float32Array; options: MrcOptions } {
  const random = randomFor(i, "mrc peer");
  const modes = Object.keys(mrcModeBytes).map(Number) as MrcMode[];
  const mode = modes[i % modes.length]!;
  const size = () => 1 + random.integer(11);
  const volumes = i % 7 === 3 ? 2 + random.integer(2) : 1;
  const options: MrcOptions = {
    mode,
    volumes,
    littleEndian: Math.floor(i / 6) % 2 === 0,
    shape: [size(), size(), size()],
    spacing: [1, 2, 3].map(() => angstrom(0.5 + 20 * random.uniform())) as unknown as MrcOptions["spacing"],
    origin: [1, 2, 3].map(() => Math.fround(100 * random.normal())) as [number, number, number],
    start: [1, 2, 3].map(() => random.integer(200) - 100) as [number, number, number],
    ...(i % 5 === 2 ? { extended: { type: "AGAR", bytes: new Uint8Array(4 * random.integer(300)) } } : {}),
  };
  const { shape } = options;
  const length = volumes * shape[0] * shape[1] * shape[2] * (mode === 4 ? 2 : 1);
  return { options, values: Float32Array.from({ length }, () => randomValue(random, mode)) };
}

function randomValue(random: Random, mode: MrcMode): number {
  if (mode === 0) return random.integer(256) - 128;
  if (mode === 1) return random.integer(65536) - 32768;
  if (mode === 6) return random.integer(65536);
  if (mode === 12) return peerHalf(random.integer(0x7c00) | (random.integer(2) << 15));
  return 10 ** (random.integer(9) - 5) * random.normal();
}

async function writeInSlabs(
  path: string,
  { values, options }: { values: Float32Array; options: MrcOptions },
): Promise<void> {
  const { shape, volumes = 1, mode } = options;
  const plane = shape[1] * shape[2] * (mode === 4 ? 2 : 1);
  const writer = await createMrc(path, options);
  for (let volume = 0; volume < volumes; volume++)
    for (let z = 0; z < shape[0]; z += 3) {
      const first = volume * shape[0] + z;
      const last = volume * shape[0] + Math.min(z + 3, shape[0]);
      await writer.writeSlab(z, values.subarray(first * plane, last * plane), volume);
    }
  await writer.close();
}
