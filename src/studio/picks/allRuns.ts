/** Counts of a set over all runs of a truth, at every threshold: what `pickbench score` prints for the picks above each. */
import { matchFraction } from "../../domain/particles.js";
import { type CountSteps, countSteps, joinSteps, type ScoredPositions } from "../../score/match/steps.js";
import { checkTruth } from "../../score/truthCheck.js";
import type { AllRuns } from "./answer.js";
import type { PickColumns } from "./columns.js";
import type { PickSets } from "./sets.js";

/**
 * Counts run by run, and lets others be answered between two.
 *
 * @param truth id of the set that is held for true
 * @param set id of the set that is counted
 * @throws PickbenchError BadDataset for a truth that `score` refuses, and as `PickSets.read`
 */
export async function countAllRuns(
  sets: PickSets,
  { truth, set, signal }: { readonly truth: string; readonly set: string; readonly signal?: AbortSignal },
): Promise<AllRuns> {
  const { particles } = sets;
  const known = new Set(particles.map(({ name }) => name));
  const byType = new Map<string, CountSteps[]>(particles.map(({ name }) => [name, []]));
  const present = new Set<string>();
  const unknown = new Set<string>();
  const runs = await sets.runs(truth);
  for (const run of runs) {
    signal?.throwIfAborted();
    const truths = positionsByType(await sets.read(truth, run));
    const picks = positionsByType(await sets.read(set, run));
    checkTruth(new Map([[run, truths]]), particles);
    for (const type of truths.keys()) present.add(type);
    for (const type of picks.keys()) if (!known.has(type)) unknown.add(type);
    for (const { name, radius } of particles)
      byType
        .get(name)!
        .push(
          countSteps(
            truths.get(name)?.coordinates ?? nothing.coordinates,
            picks.get(name) ?? nothing,
            radius * matchFraction,
          ),
        );
    await new Promise((resume) => setImmediate(resume));
  }
  const steps = new Map([...byType].filter(([name]) => present.has(name)));
  return {
    runs: runs.length,
    unknown: [...unknown].sort(),
    steps: new Map([...steps].map(([name, all]) => [name, joinSteps(all)])),
  };
}

const nothing: ScoredPositions = { coordinates: new Float64Array(0), scores: new Float64Array(0) };

/** Sorts a run's picks by type. */
function positionsByType(picks: PickColumns): Map<string, ScoredPositions> {
  const counts = new Uint32Array(picks.types.length);
  for (const type of picks.type) counts[type]!++;
  const groups = picks.types.map((_, type) => ({
    coordinates: new Float64Array(3 * counts[type]!),
    scores: new Float64Array(counts[type]!),
  }));
  const next = new Uint32Array(picks.types.length);
  for (let pick = 0; pick < picks.count; pick++) {
    const type = picks.type[pick]!;
    const at = next[type]!++;
    groups[type]!.coordinates.set(picks.coordinates.subarray(3 * pick, 3 * pick + 3), 3 * at);
    groups[type]!.scores[at] = picks.scores[pick]!;
  }
  return new Map(picks.types.map((name, type) => [name, groups[type]!]));
}
