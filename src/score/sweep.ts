/** A run's sweep.json: the official counts at every threshold, on held-out runs. */
import { z } from "zod";
import type { Particle, ParticlePick } from "../domain/particles.js";
import { parseJson } from "../formats/json.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { readText } from "../system/paths/opening.js";
import type { PicksByExperiment } from "./match/positions.js";
import { countType } from "./tuning.js";

const count = z.int();
const sweepSchema = z.strictObject({
  sweepVersion: z.literal(1),
  /**
   * Held-out runs. The sweep shows what other thresholds would have scored on these runs; nothing is fitted on them.
   */
  runs: z.array(z.string()),
  /** Sweeps by type; only types that the truth holds, but of a fold whose thresholds are pooled all that are picked. */
  perType: z.record(
    z.string(),
    z.strictObject({
      /** The threshold in use, tuned on other runs. */
      used: z.number(),
      /** The official counts by rising threshold. */
      points: z.array(z.strictObject({ threshold: z.number(), tp: count, fp: count, fn: count })),
    }),
  ),
});

/** Contents of sweep.json. */
export type ThresholdSweep = z.infer<typeof sweepSchema>;

/** Picks of one type at every threshold of a sweep. */
export interface SweptType {
  readonly used: number;
  /** Thresholds, rising. */
  readonly thresholds: readonly number[];
  /** Picks by experiment, one map a threshold. */
  readonly picks: readonly ReadonlyMap<string, readonly ParticlePick[]>[];
}

/**
 * Counts every threshold's picks by the official rule, for the types that the truth holds.
 *
 * @param absentToo counts false picks of the others too, which cost something where other runs hold the type
 */
export function countSweep(
  truth: PicksByExperiment,
  particles: readonly Particle[],
  swept: ReadonlyMap<string, SweptType>,
  absentToo = false,
): ThresholdSweep {
  const present = new Set([...truth.values()].flatMap((picks) => picks.map(({ type }) => type)));
  const perType: ThresholdSweep["perType"] = {};
  for (const particle of particles) {
    const of = swept.get(particle.name);
    if (!of || !(absentToo || present.has(particle.name))) continue;
    const points = of.thresholds.map((threshold, at) => ({
      threshold,
      ...countType(particle, truth, of.picks[at]!),
    }));
    perType[particle.name] = { used: of.used, points };
  }
  return { sweepVersion: 1, runs: [...truth.keys()], perType };
}

/** Reads a run's sweep.json; undefined where there is none. @throws PickbenchError BadExperiment where it is damaged */
export async function readSweep(path: string): Promise<ThresholdSweep | undefined> {
  try {
    return sweepSchema.parse(parseJson(await readText(path), { path }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no sweep of thresholds (${messageOf(error).split("\n")[0]}); remove it, or repeat the run`,
      { path, cause: error },
    );
  }
}
