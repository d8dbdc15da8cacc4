/**
 * Building a survey: of each run, what has changed is measured and written as its entry; then the database is caught up. A run
 * whose files are faulty is named at the end, and has no entry; the others go on.
 */
import { mkdir, rm } from "node:fs/promises";
import type { Dataset } from "../data/model.js";
import { isPickbenchError, messageOf } from "../system/errors.js";
import { withLock } from "../system/lock.js";
import type { Reporter } from "../system/reporter.js";
import { openPool } from "../system/threads/pool.js";
import { builtModule } from "../system/threads/threads.js";
import { type CaughtUp, catchUp } from "./database/catchUp.js";
import { readSummary } from "./export/summaryStar.js";
import { entryRuns, type SurveySettings, writeSettings } from "./folder.js";
import { MapOpener, type StoresByRun, storesByRun } from "./maps.js";
import { type MeasureTask, measureRun } from "./measure/measureRun.js";
import { PicksWriter } from "./picks/parquet.js";
import { type FilesByRun, PicksReader, picksByRun } from "./picks/sources.js";
import { entryPath, imagesPath, picksPath, placesIn } from "./places.js";
import { updateRun } from "./updateRun.js";

/** What building did. */
export interface BuiltSurvey {
  /** Runs that have an entry now. */
  readonly runs: number;
  /** Runs whose entry is new or changed. */
  readonly changed: number;
  readonly removed: number;
  /** Runs that could not be measured, with what is wrong. */
  readonly faults: readonly { readonly run: string; readonly message: string }[];
  /** Runs that were not looked at before it was stopped. */
  readonly left: number;
  readonly database: CaughtUp;
}

interface BuildOptions {
  readonly threads: number;
  readonly reporter: Reporter;
}

/**
 * Builds a survey, or catches it up.
 *
 * @throws PickbenchError BadUsage where another process builds it; BadDataset for maps or sources that are missing
 */
export async function buildSurvey(
  folder: string,
  dataset: Dataset,
  settings: SurveySettings,
  { threads, reporter }: BuildOptions,
): Promise<BuiltSurvey> {
  const places = placesIn(folder);
  for (const path of [places.entries, places.picks, places.images]) await mkdir(path, { recursive: true });
  return withLock(places.lock, folder, async () => {
    const reader = new PicksReader();
    const stores = await storesByRun(settings.maps);
    const files = await picksByRun(folder, settings.sources, reader);
    const summary = settings.summary === undefined ? undefined : await readSummary(settings.summary);
    await writeSettings(folder, settings);
    noteStrangers(dataset, stores, files, reporter);
    const removed = await removeStrangers(folder, dataset);
    const opener = new MapOpener(folder, stores, settings.scale, dataset.objects, reporter);
    await opener.begin();
    const writer = new PicksWriter();
    const lanes = Math.min(threads, dataset.runs.length);
    const pool =
      lanes > 1
        ? openPool(builtModule(import.meta.url, "./measure/worker.js"), { threads: lanes, atOnce: 0 })
        : null;
    const measure = (task: MeasureTask) =>
      pool ? pool.run<Awaited<ReturnType<typeof measureRun>>>(task) : measureRun(task);
    try {
      const context = { folder, dataset, settings, stores, files, summary, opener, reader, writer, measure };
      const built = await eachRun(folder, dataset, lanes, reporter, (run) => updateRun(run, context));
      await opener.finish();
      const database = await catchUp(folder, reporter);
      return { ...built, runs: (await entryRuns(folder)).length, removed, database };
    } finally {
      await pool?.close();
      await writer.close();
    }
  });
}

/** Updates all runs, several at once. A run that cannot be measured has no entry: what an earlier one said is true no longer. */
async function eachRun(
  folder: string,
  { runs }: Dataset,
  lanes: number,
  reporter: Reporter,
  update: (run: Dataset["runs"][number]) => Promise<boolean>,
): Promise<Pick<BuiltSurvey, "changed" | "faults" | "left">> {
  const progress = reporter.progress("surveying", runs.length, "tomograms");
  const faults: { run: string; message: string }[] = [];
  let [next, done, changed] = [0, 0, 0];
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (next < runs.length && !reporter.signal.aborted && failure === undefined) {
      const run = runs[next++]!;
      try {
        if (await update(run)) changed++;
      } catch (error) {
        if (!isPickbenchError(error) || error.tag === "Stopped" || error.tag === "System") {
          failure ??= { error };
          return;
        }
        faults.push({ run: run.name, message: messageOf(error) });
        await removeRun(folder, run.name);
      }
      progress.update(++done, run.name);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    progress.stop();
  }
  if (failure) throw failure.error;
  return { changed, faults: faults.sort((a, b) => (a.run < b.run ? -1 : 1)), left: runs.length - done };
}

/** Says which maps and picks are of runs that the data set has not. */
function noteStrangers(dataset: Dataset, stores: StoresByRun, files: FilesByRun, { note }: Reporter): void {
  const known = new Set(dataset.runs.map(({ name }) => name));
  for (const [what, runs] of [
    ["maps", stores.keys()],
    ["picks", files.keys()],
  ] as const) {
    const strange = [...runs].filter((run) => !known.has(run));
    const shown = `${strange.slice(0, 5).join(", ")}${strange.length > 5 ? `, … (${strange.length} runs)` : ""}`;
    if (strange.length > 0) note(`${what} of ${shown} are left out: the data set has no such runs`);
  }
}

/** Removes what is there of runs that the data set has no longer. */
async function removeStrangers(folder: string, { runs }: Dataset): Promise<number> {
  const known = new Set(runs.map(({ name }) => name));
  const strange = (await entryRuns(folder)).filter((run) => !known.has(run));
  for (const run of strange) await removeRun(folder, run);
  return strange.length;
}

async function removeRun(folder: string, run: string): Promise<void> {
  await rm(entryPath(folder, run), { force: true });
  await rm(picksPath(folder, run), { force: true });
  await rm(imagesPath(folder, run), { recursive: true, force: true });
}
