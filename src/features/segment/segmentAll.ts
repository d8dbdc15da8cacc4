/**
 * Segments all features of a set in all runs. The room `segment` brings maps together, applies the set's rules, and writes
 * conditioned maps and identities.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../data/model.js";
import { type Dilation, openDilation } from "../../infer/rules/pool.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { withPartLock, withWholeLock } from "../../system/lock.js";
import { checkedName, checkLinks, inside } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import { ownVersion } from "../../system/version.js";
import { partName } from "../../train/run/parts.js";
import { featureSetHash } from "../set/featureSet.js";
import { conditionRun } from "./conditioned.js";
import { findRecord, type SegmentedRun, writeRecord } from "./ledger.js";
import { rawRun } from "./modelMaps.js";
import type { FoundRun, Sources } from "./sources.js";
import { filesOf, type WriteRequest, writeConfiguration, writeLabels, writeMaps } from "./written.js";

/** What to segment, and where to. */
export interface SegmentRequest extends WriteRequest {
  readonly sources: Sources;
  readonly dataset: Dataset | undefined;
  /** Engine, tiles and whatever else raw maps depend on, as text. */
  readonly settings: string;
  readonly reporter: Reporter;
  /** Whether these runs are a part of the work, while other processes do others. */
  readonly isPart?: boolean;
}

/** What was segmented. */
export interface Segmented {
  readonly runs: readonly SegmentedRun[];
  /** Runs of an earlier call. */
  readonly skipped: readonly string[];
  /** File with names, labels, colours and the set. */
  readonly configuration: string;
}

const scratchName = ".scratch";

/**
 * Segments all runs that are not finished. Raw maps of models lie in a scratch folder meanwhile; each run's record is written
 * once its files are whole.
 *
 * @throws PickbenchError BadUsage where something else is there; Stopped when the user asks to stop
 */
export async function segmentAll(request: SegmentRequest): Promise<Segmented> {
  const { out, sources, overwrite, reporter } = request;
  await mkdir(out, { recursive: true });
  return locked(request, async () => {
    const plan = await planRuns(request);
    const waiting = plan.filter(({ record }) => record === undefined);
    const skipped = plan.flatMap(({ record, found }) => (record ? [found.run] : []));
    await checkFree(
      waiting.flatMap(({ files }) => files),
      overwrite,
    );
    await checkLinks(
      out,
      waiting.flatMap(({ files }) => files),
    );
    const configuration = await writeConfiguration(request);
    if (skipped.length > 0)
      reporter.note(
        `${out}: ${skipped.length} of ${plan.length} runs are finished and skipped: ${skipped.join(", ")}`,
      );
    const dilation = openDilation();
    const runs: SegmentedRun[] = [];
    try {
      for (const { found, key, record } of plan)
        runs.push(record ?? (await segmentRun(request, found, key, dilation)));
    } catch (error) {
      if (!reporter.signal.aborted) throw error;
      throw new PickbenchError(
        "Stopped",
        `stopped with ${skipped.length + runs.filter(({ run }) => !skipped.includes(run)).length} of ${sources.runs.length} runs finished; give the same command again to go on from there`,
      );
    } finally {
      await dilation.close();
    }
    if (!request.isPart) await rm(join(out, scratchName), { recursive: true, force: true });
    return { runs, skipped, configuration };
  });
}

/** Holds the folder alone, or beside other processes with other runs. */
function locked<T>({ out, sources, isPart = false }: SegmentRequest, work: () => Promise<T>): Promise<T> {
  const lock = join(out, "segment.lock");
  if (!isPart) return withWholeLock(lock, out, work);
  const part = partName(sources.runs.map(({ run }) => run));
  return withPartLock(lock, part, out, work);
}

interface PlannedRun {
  readonly found: FoundRun;
  readonly key: string;
  readonly files: readonly string[];
  readonly record: SegmentedRun | undefined;
}

async function planRuns(request: SegmentRequest): Promise<PlannedRun[]> {
  const { set, sources, out, form, labels, settings, overwrite } = request;
  const plan: PlannedRun[] = [];
  for (const found of sources.runs) {
    const made = [featureSetHash(set), found.stamp, settings, { ...form }, labels, ownVersion()];
    const key = hashOf(canonicalJson(made));
    const files = filesOf(request, found);
    const isAnew = overwrite && request.isPart !== true;
    plan.push({ found, key, files, record: isAnew ? undefined : await findRecord(out, found.run, key) });
  }
  return plan;
}

async function segmentRun(
  request: SegmentRequest,
  found: FoundRun,
  key: string,
  dilation: Dilation,
): Promise<SegmentedRun> {
  const { set, out, reporter } = request;
  reporter.signal.throwIfAborted();
  const scratch = scratchOf(out, found.run);
  const raw = await rawRun(request, found, scratch);
  const conditioned = await conditionRun(set, raw, dilation.dilate, reporter);
  const features = await writeMaps(request, found, conditioned);
  const identities = request.labels ? await writeLabels(request, found, conditioned) : null;
  const record = await writeRecord(out, {
    run: found.run,
    key,
    set: featureSetHash(set),
    files: filesOf(request, found),
    features,
    identities,
  });
  await rm(scratch, { recursive: true, force: true });
  return record;
}

/** Folder of a run's raw maps while it is segmented. */
const scratchOf = (out: string, run: string): string =>
  inside(join(out, scratchName), checkedName(run, { what: "run" }), { what: "run" });
