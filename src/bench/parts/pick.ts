/** Bench part: watershed picking, beside SciPy and scikit-image. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { rounded } from "../../domain/numbers.js";
import { angstrom, type Position } from "../../domain/units.js";
import { challengeShape, indexToPosition, type Shape3, voxelCount } from "../../domain/volume.js";
import { type PickingSettings, pickParticles, type ScoredPick } from "../../infer/pick/picking.js";
import type { Reporter } from "../../system/reporter.js";
import { type BenchOptions, type BenchPart, type BenchRow, measured } from "../measured.js";
import { alternatingMedians, type Medians } from "../medians.js";
import { type Ball, ballRadius, challengeSpacing, particleVolume, writeNpy } from "../particleVolume.js";
import { findPython, peerModules, runPeer } from "../peer.js";
import { withScratchFolder } from "../scratch.js";

const smallShape: Shape3 = [64, 192, 192];
/**
 * Voxels above which the peer runs only once, without warm-up: it takes a minute and 4 GB for the challenge's tomogram.
 */
const peerOnceAbove = 1e7;
const settings: PickingSettings = {
  method: "watershed",
  threshold: 0.5,
  minVolume: (4 / 9) * Math.PI * (ballRadius * challengeSpacing) ** 3,
  minSpacing: angstrom(ballRadius * challengeSpacing),
};
const answer = z.object({ seconds: z.number().positive() });
const length = z.number().transform(angstrom);
const peerPicks = z.object({ picks: z.array(z.object({ x: length, y: length, z: length })) });

interface Peer {
  /** Runs the peer once; returns its milliseconds. */
  run(): Promise<number>;
  picks(): Promise<Position[]>;
}

/** Times watershed picking of one type from a probability map in which some particles touch. */
export const part: BenchPart = {
  async run(options) {
    const { volume, peers, reporter } = options;
    const python = peers ? await findPython(peerModules.skimage) : null;
    if (peers && python === null)
      reporter.note("no python3 with scipy and skimage is installed: picking is timed without its peer");
    const rows: BenchRow[] = [];
    for (const shape of volume ? [volume] : [smallShape, challengeShape])
      rows.push(await timePicking(shape, options, python));
    return rows;
  },
};

async function timePicking(
  shape: Shape3,
  { steps, peak, reporter }: BenchOptions,
  python: string | null,
): Promise<BenchRow> {
  const voxels = voxelCount(shape);
  const once = voxels > peerOnceAbove;
  reporter.note(`pick: ${shape.join("×")} voxels${python && once ? ", the peer once" : ""}`);
  const { volume, balls } = particleVolume(shape);
  return withScratchFolder(
    reporter,
    async (folder) => {
      const input = join(folder, "probability.npy");
      if (python) await writeNpy(input, volume);
      const peer = python === null ? null : peerOn(reporter, python, input, join(folder, "picks.json"));
      let found: ScoredPick[] = [];
      const ours = async () => {
        found = pickParticles(volume, settings).picks;
      };
      const medians = await timed(steps, ours, peer, once);
      const theirs = peer && (await peer.picks());
      return {
        voxels,
        particles: balls.length,
        picks: found.length,
        peer: peer && "skimage",
        peer_runs: peer && (once ? 1 : steps),
        peer_picks: theirs?.length ?? null,
        ...(theirs && apart(agreementOf(found, theirs, isOfTouching(balls)))),
        ...measured("pick", medians, { voxels, bytes: volume.data.byteLength }, peak),
      };
    },
    volume.data.byteLength,
  );
}

function peerOn(reporter: Reporter, python: string, input: string, output: string): Peer {
  const { threshold, minSpacing, minVolume } = settings;
  const args = [input, challengeSpacing, threshold, minSpacing, minVolume, output].map(String);
  return {
    run: async () => answer.parse(await runPeer(reporter, python, "skimage_pick.py", args)).seconds * 1000,
    picks: async () => peerPicks.parse(JSON.parse(await readFile(output, "utf8"))).picks,
  };
}

async function timed(
  steps: number,
  ours: () => Promise<void>,
  peer: Peer | null,
  once: boolean,
): Promise<Medians> {
  if (peer === null || !once) return alternatingMedians(steps, ours, peer?.run ?? null, { peer: true });
  const peerTime = await peer.run();
  return { ...(await alternatingMedians(steps, ours, null)), peer: peerTime };
}

/** Returns a test whether the ball nearest to a pick touches another. */
function isOfTouching(balls: readonly Ball[]): (pick: Position) => boolean {
  const placed = balls.map(({ centre, touching }) => ({
    touching,
    at: indexToPosition(...centre, [challengeSpacing, challengeSpacing, challengeSpacing]),
  }));
  const distance = ({ x, y, z }: Position, { at }: (typeof placed)[number]) =>
    Math.hypot(x - at.x, y - at.y, z - at.z);
  return (pick) => placed.reduce((a, b) => (distance(pick, b) < distance(pick, a) ? b : a)).touching;
}

/** Makes the fields of the largest distances between our picks and the peer's, Å. */
const apart = ({ lone, touching }: Agreement): BenchRow => ({
  lone_apart_a: lone === null ? null : rounded(lone, 6),
  touching_apart_a: touching === null ? null : rounded(touching, 6),
});

/** Agreement of two pickers in Å: the largest distance from a pick of either to the other's nearest. */
interface Agreement {
  /** Agreement on particles that touch no other; null if there are none. */
  readonly lone: number | null;
  readonly touching: number | null;
}

/** Measures the agreement of two pickers. @param isTouching whether the particle of a pick touches another */
export function agreementOf(
  ours: readonly Position[],
  theirs: readonly Position[],
  isTouching: (pick: Position) => boolean,
): Agreement {
  const largest = (touching: boolean): number | null => {
    const apart = [
      ...ours.filter((pick) => isTouching(pick) === touching).map((pick) => nearest(pick, theirs)),
      ...theirs.filter((pick) => isTouching(pick) === touching).map((pick) => nearest(pick, ours)),
    ];
    return apart.length === 0 ? null : Math.max(...apart);
  };
  return { lone: largest(false), touching: largest(true) };
}

/** Returns the distance to the nearest, Å. */
const nearest = (from: Position, others: readonly Position[]): number =>
  Math.min(...others.map(({ x, y, z }) => Math.hypot(x - from.x, y - from.y, z - from.z)));
