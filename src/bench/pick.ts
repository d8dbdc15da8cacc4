import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type PickingSettings, pickParticles } from "../infer/picking.js";
import { randomFor } from "../random.js";
import { angstrom } from "../units.js";
import { type Shape3, type Volume, voxelCount } from "../volume.js";
import { alternatingMedians } from "./medians.js";
import { type BenchPart, ratio, rounded } from "./part.js";
import { findPython, runPeer } from "./peer.js";
import { withScratchFolder } from "./scratch.js";

const shape: Shape3 = [64, 192, 192];
const spacing = angstrom(10);
const particles = 120;
const radius = 8;
const settings: PickingSettings = {
  method: "watershed",
  threshold: 0.5,
  minVolume: 200_000,
  minSpacing: angstrom(80),
};
const answer = z.object({ seconds: z.number().positive(), picks: z.number() });

/** Watershed picking of one probability volume of soft balls, some of which touch. */
export const part: BenchPart = {
  async run({ steps, peers, note }) {
    const python = peers ? await findPython(["numpy", "scipy", "skimage"]) : null;
    if (peers && python === null)
      note("no python3 with scipy and skimage is installed: picking is timed without its peer");
    note(`pick: ${shape.join("×")} voxels`);
    const volume = softBalls();
    return withScratchFolder(async (folder) => {
      const input = join(folder, "probability.npy");
      await writeFile(input, npyOf(volume));
      const { threshold, minSpacing, minVolume } = settings;
      const args = [input, spacing, threshold, minSpacing, minVolume, join(folder, "picks.json")].map(String);
      let found = 0;
      let peerFound: number | null = null;
      const ours = async () => {
        found = pickParticles(volume, settings).picks.length;
      };
      const peer =
        python === null
          ? null
          : async () => {
              const { seconds, picks } = answer.parse(await runPeer(python, "skimage_pick.py", args));
              peerFound = picks;
              return seconds * 1000;
            };
      const median = await alternatingMedians(steps, ours, peer);
      return [
        {
          voxels: voxelCount(shape),
          picks: found,
          pick_ms: rounded(median.ours, 1),
          peer: python && "skimage",
          peer_picks: peerFound,
          peer_pick_ms: median.peer && rounded(median.peer, 1),
          pick_ratio: ratio(median.ours, median.peer),
        },
      ];
    });
  },
};

/** Balls that fade from 1 at their centre through 0.5 at their radius. */
function softBalls(): Volume {
  const data = new Float32Array(voxelCount(shape));
  const random = randomFor(0, "bench/balls");
  for (let ball = 0; ball < particles; ball++) {
    const centre = shape.map((size) => random.between(0, size)) as [number, number, number];
    paint(data, centre);
  }
  return { data, shape, spacing: [spacing, spacing, spacing] };
}

function paint(data: Float32Array, centre: readonly [number, number, number]): void {
  const reach = 2 * radius;
  const low = centre.map((at) => Math.max(0, Math.ceil(at - reach))) as [number, number, number];
  const high = centre.map((at, axis) => Math.min(shape[axis]! - 1, Math.floor(at + reach)));
  for (let z = low[0]; z <= high[0]!; z++)
    for (let y = low[1]; y <= high[1]!; y++)
      for (let x = low[2]; x <= high[2]!; x++) {
        const distance = Math.hypot(z - centre[0], y - centre[1], x - centre[2]);
        const at = (z * shape[1] + y) * shape[2] + x;
        data[at] = Math.max(data[at]!, 1 - distance / reach);
      }
}

/** A NumPy file, version 1.0: magic, header padded to a multiple of 64 bytes, values. */
function npyOf({ data, shape: [z, y, x] }: Volume): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${z}, ${y}, ${x}), }`;
  const header = Buffer.alloc(Math.ceil((11 + text.length) / 64) * 64, " ");
  header.write("\x93NUMPY\x01\x00", 0, "latin1");
  header.writeUInt16LE(header.length - 10, 8);
  header.write(text, 10, "latin1");
  header.write("\n", header.length - 1, "latin1");
  return Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}
