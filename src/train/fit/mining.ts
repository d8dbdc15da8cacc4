/** Finds hard places: predicts the runs that are trained on, picks at a low threshold, and keeps the false picks. */
import { type HardPlace, type HardPlaces, numbersByType, packPlaces } from "../../data/patches/hardPlaces.js";
import type { PatchSource } from "../../data/patches/stream.js";
import { matchFraction, type Particle, type ParticlePick } from "../../domain/particles.js";
import type { EngineName } from "../../engines/engine.js";
import { openPickPool } from "../../infer/pick/pool.js";
import { openPredictor, type PredictNetwork } from "../../infer/predict/predictor.js";
import { predictMaps } from "../../infer/predict/probabilityMaps.js";
import { judge } from "../../score/diagnosis/verdicts.js";
import { pointGrid } from "../../score/match/pointGrid.js";
import type { Experiment } from "../experiment/schema.js";
import type { ExperimentNetwork } from "./networks.js";
import { tuningFloors } from "./tuneNetworks.js";
import { eagerPicking, pickType } from "./tunePicking.js";

/** When a training looks for hard places, and how. */
export interface Mining {
  /** Shares of the budget, rising, each above 0 and below 1. */
  readonly at: readonly number[];
  /** Finds them by these weights, and says in which run; null where the user asked to stop meanwhile. */
  readonly find: (weights: Float32Array, onRun: (run: string) => void) => Promise<HardPlaces | null>;
}

/** Shares of the budget at which hard places are found, unless the experiment says others. */
const usualMining = [0.4, 0.6, 0.8];

/** Returns the shares of the budget at which hard places are found; none where the experiment wants none. */
export const miningShares = ({ patch }: Experiment): readonly number[] =>
  (patch.hardShare ?? 0) > 0 ? (patch.mineAt ?? usualMining) : [];

/** Most places of a type in a run, the most confident first. */
const mostPlaces = 200;

interface MiningContext {
  readonly experiment: Experiment;
  readonly particles: readonly Particle[];
  readonly engine: EngineName;
  readonly threads: number;
  /** Aborted when work is to stop. */
  readonly signal: AbortSignal;
  readonly onRun: (run: string) => void;
}

/**
 * Finds hard places of a network in the runs that it is trained on, but not in further data sets, one run at a time: picks,
 * at the lowest threshold and least volume of the experiment, that lie within the match distance of no particle of their
 * type, nor of one that is ignored. Each run is predicted once, in the reconstruction that is predicted on where it is
 * trained on, with the tiles of the evaluation and no test-time images.
 *
 * @returns null where the signal asked to stop
 */
export async function mineHardPlaces(
  { experiment, particles, engine, threads, signal, onRun }: MiningContext,
  trained: PredictNetwork,
  { types }: ExperimentNetwork,
  sources: readonly PatchSource[],
): Promise<HardPlaces | null> {
  const { data, predict, ignore } = experiment;
  const { tile, overlap } = predict;
  const usual = { halfTurn: false, flips: false, rotations: false };
  const predictor = await openPredictor([trained], { tile, overlap, ...usual, engine, threads });
  const pool = openPickPool();
  const found: HardPlace[] = [];
  const own = sources.filter(({ dataset }) => (dataset ?? 0) === 0);
  const volumeAt = Math.max(0, data.trainOn?.indexOf(data.tomogram) ?? 0);
  try {
    for (const [source, { run, volumes, picks }] of own.entries()) {
      if (signal.aborted) return null;
      onRun(run);
      const floors = tuningFloors(experiment, predictor.types);
      const maps = await predictMaps(predictor, volumes[volumeAt]!, undefined, floors);
      for (const [type, particle] of types.entries()) {
        if (!predictor.types.includes(particle.name)) continue;
        const settings = eagerPicking(experiment, particle);
        const all = await pickType(pool, experiment, maps, particle.name, settings);
        const ignored = particles.filter(({ name }) => ignore.includes(name));
        for (const at of falsePicks(particle, all, picks, ignored)) found.push({ source, type, at });
      }
    }
    return packPlaces(found);
  } finally {
    await Promise.all([predictor.close(), pool.close()]);
  }
}

/** Returns the picks of a type that are near no particle of it and no ignored one, the most confident first. */
export function falsePicks(
  particle: Particle,
  picks: readonly ParticlePick[],
  truth: readonly ParticlePick[],
  ignored: readonly Particle[],
): ParticlePick[] {
  const judged = judge(particle, new Map([["", truth]]), new Map([["", picks]]));
  const near = ignored.map(({ name, radius }) => {
    const distance = radius * matchFraction;
    const places = truth.filter(({ type }) => type === name).flatMap(({ x, y, z }) => [x, y, z]);
    const grid = pointGrid(Float64Array.from(places), distance);
    return ({ x, y, z }: ParticlePick) => grid.within(x, y, z, distance, []) > 0;
  });
  return judged.picks
    .filter(({ verdict, pick }) => verdict === "wrong" && !near.some((isNear) => isNear(pick)))
    .map(({ pick }) => pick)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .slice(0, mostPlaces);
}

/** Counts hard places by the name of the type. */
export const countPlaces = (places: HardPlaces, types: readonly Particle[]): Record<string, number> =>
  Object.fromEntries([...numbersByType(places)].map(([type, { length }]) => [types[type]!.name, length]));
