/** MRC files with faults, beside mrcfile: read as mrcfile reads them, refused, or one of the decided differences. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Random, randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { mrcShape, readMrcBox } from "../../../src/formats/mrc/reader.js";
import { type MrcFile, openMrc } from "../../../src/formats/mrc/sections.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { longestRead, runCampaign } from "../../support/faults.js";
import { pythonHas } from "../../support/python.js";
import { startPythonPeer } from "../../support/pythonPeer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";
import { mutated } from "../../support/volumeMutations.js";

const shape: Shape3 = [6, 6, 7];
const spacing: Spacing3 = [angstrom(10), angstrom(11), angstrom(12)];
const values = Float32Array.from({ length: 252 }, (_, i) => i - 126);
const bzip2 = "/bin/bzip2";
const packings = existsSync(bzip2) ? (["plain", "gzip", "bzip2"] as const) : (["plain", "gzip"] as const);
const mostMemory = 2 ** 28;

interface PeerAnswer {
  readonly read: boolean;
  readonly why?: string;
  readonly mode: number;
  readonly axes: readonly number[];
  readonly volumes: number;
  readonly wholeVolumes: boolean;
  readonly spacing: readonly (number | null)[];
  readonly shape?: readonly number[];
  readonly isFinite?: boolean;
  readonly sha256?: string;
}

interface OurAnswer {
  readonly refusal?: string;
  readonly file?: MrcFile;
  readonly sha256?: string;
}

/**
 * Where the two differ on purpose: refused by pickbench, read by mrcfile. MRC2014 asks for a permutation of the axes, for
 * whole volumes in a stack and for one voxel or more along each axis; a packed file's checksum is compared to its end;
 * Fourier transforms and voxels that are no numbers are no tomograms.
 */
const decided: readonly (readonly [what: string, refusal: RegExp])[] = [
  ["axes that are no permutation", /axis order is|neither byte order makes sense of it/],
  ["no whole volumes", /wanted whole volumes along z/],
  ["no voxels", /header says .* not an MRC map/],
  ["a Fourier transform", /mode 4 \(complex\)/],
  ["voxels that are no numbers", /is (NaN|-?Infinity); reconstruct or mask/],
  ["a packed file that is damaged behind its voxels", /cannot be read/],
];

async function ours(path: string): Promise<OurAnswer> {
  const [start, memory] = [performance.now(), process.memoryUsage.rss()];
  try {
    const file = await openMrc(path);
    const volumes: Float32Array[] = [];
    for (let volume = 0; volume < file.header.volumes; volume++)
      volumes.push(await readMrcBox(file, { start: [0, 0, 0], end: mrcShape(file.header) }, volume));
    const [{ buffer, byteLength }] = volumes as [Float32Array];
    const hash = createHash("sha256").update(Buffer.from(buffer, 0, byteLength));
    return { file, sha256: hash.digest("hex") };
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    if (error.message.includes("\n")) throw new Error(`more than one line: ${error.message}`);
    return { refusal: error.message };
  } finally {
    const took = performance.now() - start;
    if (took > longestRead) expect.fail(`took ${took} ms`);
    if (process.memoryUsage.rss() - memory > mostMemory) expect.fail("took too much memory");
  }
}

type Outcome = "read alike" | "refused by both" | `refused here: ${string}` | typeof withoutStamp;

/** mrcfile takes a file without a machine stamp for little-endian wherever the mode allows it, as 0 always does. */
const withoutStamp = "byte order found without a machine stamp";

/** @throws where the answers differ, save for the decided differences */
function compared(mine: OurAnswer, peer: PeerAnswer, hasStamp: boolean): Outcome {
  if (mine.refusal !== undefined) {
    if (!peer.read) return "refused by both";
    const [what] = decided.find(([, refusal]) => refusal.test(mine.refusal!)) ?? [];
    if (what === undefined) throw new Error(`refused here alone: ${mine.refusal}; ${JSON.stringify(peer)}`);
    return `refused here: ${what}`;
  }
  const { header } = mine.file!;
  if (!hasStamp && !header.littleEndian && header.mode === 0) return withoutStamp;
  const told = [header.mode, [...header.axes], header.volumes, mrcShape(header), mine.sha256];
  const wanted = [peer.mode, peer.axes, peer.volumes, peer.shape, peer.sha256];
  if (!peer.read && peer.why === "larger than the peer takes" && mrcShape(header).join() === shape.join())
    return withoutStamp;
  if (!peer.read) throw new Error(`read here alone: ${JSON.stringify(told)}; mrcfile: ${peer.why}`);
  if (JSON.stringify(told) !== JSON.stringify(wanted))
    throw new Error(`read otherwise: ${JSON.stringify(told)}, by mrcfile ${JSON.stringify(wanted)}`);
  const [x, y, z] = header.voxelSize ?? [];
  if (
    x !== undefined &&
    JSON.stringify([z, y, x].map((size) => Math.fround(size!))) !== JSON.stringify(peer.spacing)
  )
    throw new Error(`spacing ${[z, y, x].join()}, by mrcfile ${peer.spacing.join()}`);
  return "read alike";
}

async function seedFiles(folder: string): Promise<Buffer[]> {
  const seeds: Buffer[] = [];
  for (const mode of [0, 1, 2, 6, 12] as const)
    for (const littleEndian of [true, false])
      for (const volumes of [1, 2]) {
        const path = join(folder, "seed.mrc");
        const extended = { type: "AGAR", bytes: new Uint8Array(mode * 8) };
        const half: Shape3 = [shape[0] / volumes, shape[1], shape[2]];
        const writer = await createMrc(path, { shape: half, spacing, mode, littleEndian, extended, volumes });
        const whole = mode === 6 ? values.map(Math.abs) : values;
        for (let volume = 0; volume < volumes; volume++) {
          const size = whole.length / volumes;
          await writer.writeSlab(0, whole.slice(volume * size, (volume + 1) * size), volume);
        }
        await writer.close();
        seeds.push(readFileSync(path));
      }
  return seeds;
}

/** Header fields that decide how a file is read, by word. */
const words = {
  counts: [0, 1, 2],
  mode: [3],
  sampling: [7, 8, 9],
  axes: [16, 17, 18],
  group: [22],
  extended: [23],
};
const oddFields: Readonly<Record<keyof typeof words, readonly number[]>> = {
  counts: [0, 1, 2, 3, 5, 6, 7, -1, 1e6],
  mode: [0, 1, 2, 3, 4, 6, 12, 16, 101, -1],
  sampling: [0, 1, 2, 3, 6, 12, -3],
  axes: [0, 1, 2, 3, 4],
  group: [0, 1, 400, 401, 402, 630, 631],
  extended: [0, 4, 8, 96, 1024, -4, 2 ** 30],
};
const goodStamps = [0x44, 0x11];
const stamps = [
  [0x44, 0x44],
  [0x44, 0x41],
  [0x11, 0x11],
  [0, 0],
] as const;

/** Writes an odd value into one to three fields, in the file's byte order; or another machine stamp, or IMOD's. */
function withOddFields(seed: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(seed);
  const littleEndian = bytes[212] === 0x44;
  const write = (word: number, value: number) =>
    littleEndian ? bytes.writeInt32LE(value, 4 * word) : bytes.writeInt32BE(value, 4 * word);
  for (let fault = 1 + random.integer(3); fault > 0; fault--) {
    const kind = random.integer(8);
    if (kind === 6) bytes.set(stamps[random.integer(stamps.length)]!, 212);
    else if (kind === 7) {
      write(38, 1146047817);
      write(39, random.integer(2));
    } else {
      const field = (Object.keys(words) as (keyof typeof words)[])[kind]!;
      const at = words[field][random.integer(words[field].length)]!;
      write(at, oddFields[field][random.integer(oddFields[field].length)]!);
    }
  }
  return bytes;
}

describe.skipIf(!pythonHas("mrcfile"))(
  "MRC files with faults (skipped without Debian's python3-mrcfile)",
  () => {
    test("are read as mrcfile reads them, or refused in one sentence", async () => {
      const peer = startPythonPeer("formats/mrcfileAnswers.py");
      onTestFinished(() => peer.end());
      const folder = temporaryFolder();
      const seeds = await seedFiles(folder);
      const outcomes = await runCampaign<Outcome>({
        few: 400,
        all: 5000,
        async trial(seed) {
          const random = randomFor(seed, "mrc faults");
          const whole = seeds[random.integer(seeds.length)]!;
          const packing = packings[random.integer(6)] ?? "plain";
          const faulty =
            seed % 2 === 0
              ? withOddFields(whole, random)
              : packing === "plain"
                ? mutated(whole, random, 256)
                : whole;
          const packed =
            packing === "plain"
              ? faulty
              : packing === "gzip"
                ? gzipSync(faulty)
                : execFileSync(bzip2, ["-1"], { input: faulty });
          const bytes = seed % 2 === 1 && packing !== "plain" ? mutated(packed, random) : packed;
          const path = join(folder, "a.mrc");
          writeFileSync(path, bytes);
          return compared(
            await ours(path),
            (await peer.ask(path)) as PeerAnswer,
            goodStamps.includes(faulty[212]!),
          );
        },
      });
      if (process.env.PICKBENCH_FAULTS_SEED === undefined)
        for (const outcome of ["read alike", "refused by both"] as const)
          expect(outcomes.get(outcome)).toBeGreaterThan(20);
    });
  },
);
