import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Particle, ParticlePick } from "../domain/particles.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import type { PicksByExperiment } from "./match/positions.js";
import { countType } from "./tuning.js";

const count = z.int();
const sweepSchema = z.strictObject({
  sweepVersion: z.literal(1),
  /** Held out: the sweep shows what other thresholds would have scored there, and nothing is fitted on it. */
  runs: z.array(z.string()),
  /** By type that the truth holds. */
  perType: z.record(
    z.string(),
    z.strictObject({
      /** The threshold that was used, tuned on other runs. */
      used: z.number(),
      /** The official counts by rising threshold. */
      points: z.array(z.strictObject({ threshold: z.number(), tp: count, fp: count, fn: count })),
    }),
  ),
});

/** What sweep.json holds. */
export type ThresholdSweep = z.infer<typeof sweepSchema>;

/** What a type's thresholds pick. */
export interface SweptType {
  readonly used: number;
  /** Rising. */
  readonly thresholds: readonly number[];
  /** Experiments by threshold. */
  readonly picks: readonly ReadonlyMap<string, readonly ParticlePick[]>[];
}

/** The official counts at every threshold, for the types that the truth holds. */
export function countSweep(
  truth: PicksByExperiment,
  particles: readonly Particle[],
  swept: ReadonlyMap<string, SweptType>,
): ThresholdSweep {
  const present = new Set([...truth.values()].flatMap((picks) => picks.map(({ type }) => type)));
  const perType: ThresholdSweep["perType"] = {};
  for (const particle of particles) {
    const of = swept.get(particle.name);
    if (!of || !present.has(particle.name)) continue;
    const points = of.thresholds.map((threshold, at) => ({
      threshold,
      ...countType(particle, truth, of.picks[at]!),
    }));
    perType[particle.name] = { used: of.used, points };
  }
  return { sweepVersion: 1, runs: [...truth.keys()], perType };
}

/** A run's sweep.json; undefined where the run left none. @throws BadExperiment where it is damaged */
export async function readSweep(path: string): Promise<ThresholdSweep | undefined> {
  try {
    return sweepSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no sweep of thresholds (${messageOf(error).split("\n")[0]}); remove it, or repeat the run`,
      { path, cause: error },
    );
  }
}
