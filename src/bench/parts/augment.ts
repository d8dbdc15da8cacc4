/** Bench part: making training patches, alone and beside the training that they feed. */
import { availableParallelism } from "node:os";
import { makeBatch } from "../../data/patches/batch.js";
import type { PatchSource, PatchSpec } from "../../data/patches/spec.js";
import { openPatchStream } from "../../data/patches/stream.js";
import { rounded } from "../../domain/numbers.js";
import { challengeParticles } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { type BenchOptions, type BenchPart, type BenchRow, measured } from "../measured.js";
import { alternatingMedians, mediansOf, timeOf } from "../medians.js";
import { noise, openSteps } from "../training.js";
import { checkSize } from "./networks.js";

const usualShape: Shape3 = [128, 256, 256];
const spacing = angstrom(10);
/** Number of particles of each type, as in the challenge's tomograms. */
const picksPerType = 40;
/** Number of patches timed per requested step, since a patch takes only milliseconds. */
const patchesPerStep = 4;
const net = "baseline";

/** Times a training patch made in one thread, and by the stream's workers, alone and beside the training. */
export const part: BenchPart = {
  async run(options) {
    const rows: BenchRow[] = [];
    for (const size of options.sizes) {
      options.reporter.note(`augment: patches of ${size}³`);
      rows.push(await timePatches(size, options));
    }
    return rows;
  },
};

async function timePatches(size: number, options: BenchOptions): Promise<BenchRow> {
  const { steps, peak, volume, threads, engine } = options;
  const patch: Shape3 = [size, size, size];
  const network = { architecture: net, outputs: challengeParticles.length + 1 };
  checkSize(await loadNetwork(network), size);
  const spec = specOf(patch);
  const least = (usual: number): number => Math.max(usual, size);
  const [z, y, x] = volume ?? usualShape;
  const sources = [tomogram([least(z), least(y), least(x)])];
  let step = 0;
  const alone = async () => void makeBatch(spec, sources, step++);
  const medians = await alternatingMedians(steps * patchesPerStep, alone, null);
  const perSecond = await streamSpeed(spec, sources, steps * patchesPerStep);
  const stream = await openPatchStream(spec, sources);
  const training = await openSteps(network, patch, threads, engine);
  try {
    await training.step(await stream.batch(0));
    const times: number[] = [];
    for (let done = 1; done <= steps; done++)
      times.push(await timeOf(async () => training.step(await stream.batch(done))));
    const stepMedians = mediansOf(times, null);
    return {
      net,
      size,
      threads,
      workers_patches_per_s: rounded(perSecond, 1),
      needed_patches_per_s: rounded(1000 / stepMedians.ours, 2),
      waited_share: rounded(stream.waitedMs / times.reduce((a, b) => a + b, 0), 4),
      ...measured("patch", medians, { voxels: size ** 3 }, peak),
      ...measured("step", stepMedians, { voxels: size ** 3 }, peak),
    };
  } finally {
    await Promise.all([training.close(), stream.close()]);
  }
}

/** Returns how many patches a second the stream's workers make when nothing else runs. */
async function streamSpeed(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  patches: number,
): Promise<number> {
  const stream = await openPatchStream(spec, sources, { threads: Math.max(1, availableParallelism() - 1) });
  try {
    await stream.batch(0);
    const ms = await timeOf(async () => {
      for (let step = 1; step <= patches; step++) await stream.batch(step);
    });
    return (patches / ms) * 1000;
  } finally {
    await stream.close();
  }
}

/** Returns patches as the experiments in experiments/ draw, turn and vary them. */
const specOf = (patchShape: Shape3): PatchSpec => ({
  seed: 0,
  patchShape,
  batchSize: 1,
  types: challengeParticles,
  background: true,
  target: { kind: "ball", fraction: 0.5 },
  head: { stride: 1, offsets: false },
  ignore: ["beta-amylase"],
  backgroundShare: 0.1,
  augment: {
    flip: true,
    rotate90: true,
    rotation: 15,
    intensity: { scale: 0.1, shift: 0.1, noise: 0.1 },
    mixup: 0,
  },
});

/** Makes a tomogram of noise with particles anywhere. */
function tomogram(shape: Shape3): PatchSource {
  const random = randomFor(0, "bench/particles");
  const along = (axis: 0 | 1 | 2) => angstrom(random.between(0, shape[axis] * spacing));
  const picks = challengeParticles.flatMap(({ name }) =>
    Array.from({ length: picksPerType }, () => ({ type: name, z: along(0), y: along(1), x: along(2) })),
  );
  return {
    run: "TS_1",
    volumes: [{ data: noise(shape), shape, spacing: [spacing, spacing, spacing] }],
    picks,
  };
}
