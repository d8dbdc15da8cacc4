/** Picks the particles of a feature set in many runs, a finished run at a time. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../data/model.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import { openPickPool } from "../../infer/pick/pool.js";
import { openDilation } from "../../infer/rules/pool.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { checkedName, inside } from "../../system/paths/names.js";
import type { Reporter } from "../../system/reporter.js";
import type { SubmissionParts } from "../../train/submit/submissionParts.js";
import { conditionRun } from "../segment/conditioned.js";
import { rawRun } from "../segment/modelMaps.js";
import type { FoundRun, Sources } from "../segment/sources.js";
import type { FeatureSet } from "../set/schema.js";
import { type PickedFeature, particlesOf, pickRun } from "./pickRun.js";

/** What is picked from. */
export interface PickRequest {
  readonly set: FeatureSet;
  readonly sources: Sources;
  readonly dataset: Dataset | undefined;
  /** Engine, tiles and whatever else raw maps depend on, as text. */
  readonly settings: string;
  /** Folder for raw maps of models; gone in the end, but for an unfinished run's. */
  readonly scratch: string;
  /** Picking settings over those of all features. */
  readonly flags?: Partial<PickingSettings>;
  readonly reporter: Reporter;
}

/** Picks runs one after another; `onPicked` gets each run's particles, a list a feature. */
export async function pickAll(
  request: PickRequest,
  runs: readonly FoundRun[],
  onPicked: (found: FoundRun, picked: readonly PickedFeature[], seconds: number) => Promise<void>,
): Promise<void> {
  const { set, sources, scratch, flags, reporter } = request;
  const particles = particlesOf(set, flags);
  const [pool, dilation] = [openPickPool(), openDilation()];
  try {
    for (const found of runs) {
      reporter.signal.throwIfAborted();
      const from = performance.now();
      const own = inside(scratch, checkedName(found.run, { what: "run" }), { what: "run" });
      const raw = await rawRun(request, found, own);
      const conditioned = await conditionRun(set, raw, dilation.dilate, reporter);
      const picked = await pickRun(raw, conditioned, particles, { pool, models: sources.models, set });
      await onPicked(found, picked, Math.round((performance.now() - from) / 10) / 100);
      if (sources.models.length > 0) await rm(own, { recursive: true, force: true });
    }
    if (sources.models.length > 0) await rm(scratch, { recursive: true, force: true });
  } finally {
    await Promise.all([pool.close(), dilation.close()]);
  }
}

/** Runs of a submission, with how many of each particle they have. */
export interface SubmittedSet {
  readonly runs: readonly { readonly run: string; readonly perType: Readonly<Record<string, number>> }[];
  readonly skipped: readonly string[];
}

/**
 * Writes a submission of all particles of a set; a stopped one goes on where it was, by its parts.
 *
 * @param out the CSV; null where the parts alone are made
 * @throws PickbenchError BadUsage where no feature is a particle; Stopped when the user asks to stop
 */
export async function submitSet(
  request: Omit<PickRequest, "scratch">,
  parts: SubmissionParts,
  out: string | null,
): Promise<SubmittedSet> {
  const { set, sources, reporter } = request;
  const types = [...particlesOf(set).keys()];
  const picks = new Map<string, readonly ParticlePick[]>();
  for (const { run, stamp } of sources.runs) {
    const part = await parts.find(run, stamp);
    if (part) picks.set(run, part.picks);
  }
  const skipped = [...picks.keys()];
  const waiting = sources.runs.filter(({ run }) => !picks.has(run));
  try {
    await pickAll(
      { ...request, scratch: join(parts.folder, out === null ? `maps-${parts.part}` : "maps") },
      waiting,
      async (found, picked, took) => {
        const ofRun = picked.flatMap((each) => each.picks);
        const seconds = { read: 0, predict: took, pick: 0 };
        await parts.write({ run: found.run, picks: ofRun, seconds }, found.stamp);
        picks.set(found.run, ofRun);
      },
    );
  } catch (error) {
    if (!reporter.signal.aborted) throw error;
    throw new PickbenchError(
      "Stopped",
      `stopped with ${picks.size} of ${sources.runs.length} tomograms finished; give the same command again to go on from there`,
    );
  }
  const inOrder = new Map(sources.runs.map(({ run }) => [run, picks.get(run)!]));
  if (out !== null) {
    await writeSubmission(out, inOrder);
    await parts.remove();
  }
  const count = (list: readonly ParticlePick[], type: string) =>
    list.filter((pick) => pick.type === type).length;
  const runs = [...inOrder].map(([run, list]) => ({
    run,
    perType: Object.fromEntries(types.map((type) => [type, count(list, type)])),
  }));
  return { runs, skipped };
}
