/** What a score does not say by itself: runs without picks, types that the truth lacks, picks that are misread. */
import type { Reading } from "../../data/inspect/readings.js";
import { matchFraction, type Particle } from "../../domain/particles.js";
import type { Position } from "../../domain/units.js";
import { readRows } from "../../formats/csv/submissionRows.js";
import { listed } from "../../present/text.js";
import { pointGrid } from "../../score/match/pointGrid.js";
import { type PositionsByExperiment, PositionTable } from "../../score/match/positions.js";
import { type ScoreReport, weighted } from "../../score/score.js";
import type { ScoreTruth, VolumeSize } from "../shared/truthSources.js";

/** What is to be known beside a score. */
export interface ScoreNotes {
  /** Runs of the truth of which the CSV has no row. */
  readonly runsWithoutPicks: readonly string[];
  /** Runs of the CSV that the truth lacks, asked for or not. */
  readonly runsNotInTruth: readonly string[];
  /** Types with a weight of which the truth has no particle. */
  readonly typesNotInTruth: readonly string[];
  /** The score of picks that are all right: below 1 where the truth lacks types. */
  readonly most: number;
  /** The reading of the coordinates that would meet the truth, where the plain one does not. */
  readonly reading: BetterReading | null;
}

interface BetterReading {
  /** Condition of the reading, as words that complete "if the picks were …". */
  readonly words: string;
  /** Particles found so, and by the coordinates as they are, of how many could be. */
  readonly found: number;
  readonly foundAsTheyAre: number;
  readonly of: number;
}

/** Gathers the notes on a scored CSV. @param seen names of all experiments in it */
export async function scoreNotes(
  path: string,
  report: ScoreReport,
  source: ScoreTruth,
  seen: ReadonlySet<string>,
): Promise<ScoreNotes> {
  const { truth, particles, picked } = source;
  const types = Object.values(report.perType);
  const found = types.reduce((sum, { strict }) => sum + strict.tp, 0);
  const truths = types.reduce((sum, type) => sum + type.truths, 0);
  const predictions = types.reduce((sum, type) => sum + type.predictions, 0);
  const isOdd = predictions > 1 && found < leastShare * Math.min(truths, predictions);
  return {
    runsWithoutPicks: [...truth.keys()].filter((run) => !seen.has(run)),
    runsNotInTruth: [...seen].filter((run) => !picked.has(run)),
    typesNotInTruth: particles
      .filter(({ name, weight }) => weight > 0 && report.perType[name] === undefined)
      .map(({ name }) => name),
    most: weighted(particles, (type) => (report.perType[type] ? 1 : 0)),
    reading: isOdd ? await betterReading(path, source) : null,
  };
}

/** Most runs that are named one by one. */
const mostNamed = 10;

/** The notes in lines for people. */
export function noteLines(notes: ScoreNotes, runs: number): string[] {
  const { runsWithoutPicks, runsNotInTruth, typesNotInTruth, most, reading } = notes;
  const lines: string[] = [];
  if (runsWithoutPicks.length > 0)
    lines.push(
      `no pick in ${runsWithoutPicks.length} of ${runs} runs of the truth, whose particles all count as missed: ${listed(runsWithoutPicks, mostNamed)}; --runs scores others alone`,
    );
  if (runsNotInTruth.length > 0)
    lines.push(`runs that the truth lacks: ${listed(runsNotInTruth, mostNamed)}`);
  if (typesNotInTruth.length > 0)
    lines.push(
      `the truth has no ${typesNotInTruth.join(", no ")}: ${most.toFixed(4)} is the score of picks that are all right`,
    );
  if (reading)
    lines.push(
      `the picks do not meet the truth (${reading.foundAsTheyAre} of ${reading.of} particles found), but would if they were ${reading.words} (${reading.found}): correct the CSV, or write it again with pickbench convert`,
    );
  return lines;
}

/** Share of particles found up to which the coordinates are questioned, and from which a reading is believed. */
const leastShare = 0.3;
const believedShare = 0.3;
/** Most picks that readings are tried on. */
const mostPicks = 5000;
const mostScanned = 300;
/** Fewest particles found by one of the few readings; by one of thousands of scales. */
const [fewestFound, fewestScanned] = [2, 4];

async function betterReading(path: string, source: ScoreTruth): Promise<BetterReading | null> {
  const { truth, particles } = source;
  const { nanometreReading, orderReadings, readingsOf } = await import("../../data/inspect/readings.js");
  const volumes = await source.readVolumes().catch((): ReadonlyMap<string, VolumeSize> => new Map());
  const targets = targetsOf(truth, await firstRows(path, truth, particles), particles);
  const orders: readonly Reading[] = [{ words: "", read: identity }, ...orderReadings];
  const plain = [
    ...orderReadings,
    { ...nanometreReading, words: "in nm or in voxels of about 10 Å, not in Å" },
    ...challengeSpacings.flatMap((size) => orders.map((order) => inVoxels(size, order))),
  ];
  const ofVolume = (run: string): Reading[] => {
    const volume = volumes.get(run);
    return volume ? readingsOf(volume.shape, volume.spacing) : [];
  };
  const [anyVolume] = volumes.keys();
  const candidates = [
    ...plain.map(({ words, read }) => ({ words, found: foundBy(targets, () => read) })),
    ...ofVolume(anyVolume ?? "").map(({ words }, at) => ({
      words,
      found: foundBy(targets, ({ run }) => ofVolume(run)[at]?.read ?? identity),
    })),
  ];
  const best = candidates.reduce((a, b) => (b.found > a.found ? b : a));
  const believed = believedReading(targets, best, fewestFound);
  if (believed) return believed;
  const share = Math.ceil(mostScanned / Math.max(1, targets.length));
  const few = targets.map((target) => ({ ...target, picks: target.picks.subarray(0, 3 * share) }));
  return believedReading(few, scanScales(few, orders), fewestScanned);
}

function believedReading(
  targets: readonly Target[],
  { words, found }: { readonly words: string; readonly found: number },
  fewest: number,
): BetterReading | null {
  const foundAsTheyAre = foundBy(targets, () => identity);
  const of = targets.reduce((sum, { count, picks }) => sum + Math.min(count, picks.length / 3), 0);
  const isBelieved = found >= Math.max(fewest, believedShare * of) && found > 3 * foundAsTheyAre;
  return isBelieved ? { words, found, foundAsTheyAre, of } : null;
}

const identity = (position: Position): Position => position;

/** Spacings in Å of the challenge's tomograms, finest first. */
const challengeSpacings = [10.012, 20.025, 40.05];

const inVoxels = (size: number, order: Reading): Reading => ({
  words: `in voxels of about ${size.toFixed(1)} Å, not in Å${order.words && `, and ${order.words}`}`,
  read: (position) => {
    const { x, y, z } = order.read(position);
    return { x: x * size, y: y * size, z: z * size } as Position;
  },
});

/** Tries voxels of 1 to 60 Å in every order of the axes; the steps of half a percent are finer than a match distance. */
function scanScales(
  targets: readonly Target[],
  orders: readonly Reading[],
): { readonly words: string; readonly found: number } {
  let best = { words: "", found: 0 };
  for (const order of orders)
    for (let size = 1.005; size < 60; size *= 1.005) {
      const { words, read } = inVoxels(size, order);
      const found = foundBy(targets, () => read);
      if (found > best.found) best = { words, found };
    }
  return best;
}

/** Particles of one type in one run, with the picks that should meet them. */
interface Target {
  readonly run: string;
  readonly picks: Float64Array;
  readonly count: number;
  readonly distance: number;
  readonly grid: ReturnType<typeof pointGrid>;
}

function targetsOf(
  truth: PositionsByExperiment,
  picks: PositionsByExperiment,
  particles: readonly Particle[],
): Target[] {
  const targets: Target[] = [];
  for (const [run, ofRun] of picks)
    for (const { name, radius } of particles) {
      const truths = truth.get(run)?.get(name)?.coordinates;
      const own = ofRun.get(name)?.coordinates;
      if (truths === undefined || own === undefined) continue;
      const distance = radius * matchFraction;
      const grid = pointGrid(truths, distance);
      targets.push({ run, picks: own, count: truths.length / 3, distance, grid });
    }
  return targets;
}

/** Counts the particles with a pick in reach. */
function foundBy(targets: readonly Target[], readingIn: (target: Target) => Reading["read"]): number {
  const near: number[] = [];
  let found = 0;
  for (const target of targets) {
    const read = readingIn(target);
    const seen = new Set<number>();
    for (let at = 0; at < target.picks.length; at += 3) {
      const { x, y, z } = read(positionAt(target.picks, at));
      const count = target.grid.within(x, y, z, target.distance, near);
      for (let i = 0; i < count; i++) seen.add(near[i]!);
    }
    found += seen.size;
  }
  return found;
}

const positionAt = (flat: Float64Array, at: number): Position =>
  ({ x: flat[at], y: flat[at + 1], z: flat[at + 2] }) as Position;

/** Reads the first picks of the truth's runs, as many as readings are tried on. */
async function firstRows(
  path: string,
  truth: PositionsByExperiment,
  particles: readonly Particle[],
): Promise<PositionsByExperiment> {
  const known = new Set(particles.map(({ name }) => name));
  const table = new PositionTable();
  let kept = 0;
  await readRows(path, (experiment, type, place) => {
    if (kept >= mostPicks || !truth.has(experiment) || !known.has(type)) return;
    kept++;
    table.add(experiment, type, place);
  });
  return table.positions();
}
