/**
 * An annotation session: what one copick user annotates in a data set under one session. The room `annotations` keeps edits
 * of picks and masks in journals, and folds them into copick's files.
 */
import { join } from "node:path";
import { findRun } from "../../data/dataset.js";
import type { Feature } from "../../data/masks/features.js";
import type { Dataset } from "../../data/model.js";
import { resolveTomogram } from "../../data/tomograms/omeZarr.js";
import { isMrcName } from "../../data/volumeNames.js";
import { readMultiscales } from "../../formats/zarr/ome.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { holderHere, withLock } from "../../system/lock.js";
import { makeFolders } from "../../system/paths/replacing.js";
import { naming } from "../../system/systemErrors.js";
import type { Edit } from "./edits.js";
import type { MaskGrid } from "./masks.js";
import { type Annotator, checkAnnotator, featuresFor, journalNames, sessionFolder } from "./places.js";
import { type Acknowledgement, RunAnnotations } from "./runAnnotations.js";

/** Time in ms after which edits are in copick's files; in the journal they are before they are acknowledged. */
const foldAfter = 500;

/** Runs of a data set while one user annotates them. */
export class Annotations {
  readonly annotator: Annotator;
  readonly #dataset: Dataset;
  readonly #runs = new Map<string, Promise<RunAnnotations>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(dataset: Dataset, annotator: Annotator) {
    this.#dataset = dataset;
    this.annotator = annotator;
  }

  /** Opens a run's annotations, once. @throws PickbenchError where they cannot be read, or BadUsage for an unknown run */
  run(name: string): Promise<RunAnnotations> {
    const opened = this.#runs.get(name) ?? this.#open(name);
    this.#runs.set(name, opened);
    opened.catch(() => this.#runs.delete(name));
    return opened;
  }

  /** Applies edits of a run, as `RunAnnotations.submit`, and has them folded soon. */
  async submit(name: string, edits: readonly Edit[]): Promise<Acknowledgement> {
    const run = await this.run(name);
    try {
      return await run.submit(edits);
    } finally {
      this.#foldSoon(name, run);
    }
  }

  /** Folds all that waits. @throws the first fault, after all runs were tried */
  async fold(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    const faults: unknown[] = [];
    for (const opened of this.#runs.values())
      await opened.then((run) => run.fold()).catch((error: unknown) => faults.push(error));
    if (faults.length > 0) throw faults[0];
  }

  /** Opens all runs in which this user has annotated anything in this session. */
  async begun(): Promise<{ readonly name: string; readonly run: RunAnnotations }[]> {
    const journals = new Set(await journalNames(this.annotator));
    const names = this.#dataset.runs.map(({ name }) => name).filter((name) => journals.has(name));
    const begun: { name: string; run: RunAnnotations }[] = [];
    for (const name of names) begun.push({ name, run: await this.run(name) });
    return begun;
  }

  /** The masks of all runs that are known anywhere, as features of an experiment. */
  async features(): Promise<Feature[]> {
    const masks = (await this.begun()).flatMap(({ run }) => run.state().masks);
    const known = masks.filter(({ boxes }) => boxes.length > 0).map(({ name }) => name);
    return featuresFor(this.annotator, [...new Set(known)]);
  }

  async #open(name: string): Promise<RunAnnotations> {
    const { roots, particles } = this.#dataset;
    const place = { ...this.annotator, roots, run: findRun(this.#dataset, name).name };
    return RunAnnotations.open(
      place,
      particles.map((particle) => particle.name),
      await gridsOf(this.#dataset, name),
    );
  }

  #foldSoon(name: string, run: RunAnnotations): void {
    if (this.#timers.has(name)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      // What keeps files from being written is part of the run's state.
      run.fold().catch(() => undefined);
    }, foldAfter);
    timer.unref();
    this.#timers.set(name, timer);
  }
}

/** Grids of the finest levels of a run's tomograms; those that cannot be read have none. */
async function gridsOf(dataset: Dataset, run: string): Promise<MaskGrid[]> {
  const grids: MaskGrid[] = [];
  for (const ref of findRun(dataset, run).tomograms) {
    try {
      const [finest] = (await resolveTomogram(ref, dataset.access)).levels;
      const [described] = isMrcName(ref.path)
        ? []
        : (await readMultiscales(ref.path, ref.givenSpacing)).levels;
      const moved = described?.translation.some((length) => length !== 0) === true;
      grids.push({
        shape: finest!.shape,
        spacing: finest!.spacing,
        ...(moved ? { translation: described.translation } : {}),
      });
    } catch (error) {
      dataset.access?.reporter.note(`${run}: ${messageOf(error)}`);
    }
  }
  return grids;
}

/** A session that this process holds. */
export interface HeldAnnotations {
  readonly annotations: Annotations;
  /** Folds what waits and lets go of the session. @throws where copick's files cannot be written: the journal keeps it */
  close(): Promise<void>;
}

/**
 * Takes a session, until it is closed or the process ends; another studio that wants the same user and session is refused.
 *
 * @throws PickbenchError BadUsage where user or session are no names, another process has the session, or the overlay cannot
 * be written
 */
export async function holdAnnotations(
  dataset: Dataset,
  author: Pick<Annotator, "userId" | "sessionId">,
): Promise<HeldAnnotations> {
  const annotator = { ...author, overlayRoot: dataset.overlayRoot };
  checkAnnotator(annotator);
  const folder = sessionFolder(annotator);
  await naming(folder, () => makeFolders(folder));
  const what = `annotations of user ${annotator.userId}, session ${annotator.sessionId}, in ${annotator.overlayRoot}`;
  const lock = join(folder, "lock");
  const holder = holderHere(lock);
  if (holder !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `another studio (process ${holder.pid}) has the ${what}; end it, or give another --session`,
      { path: lock },
    );
  const annotations = new Annotations(dataset, annotator);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const held = await new Promise<{ readonly end: Promise<void> }>((resolve, reject) => {
    const work = withLock(lock, what, async () => {
      resolve({ end: work });
      await ended;
      await annotations.fold();
    });
    work.catch(reject);
  });
  return {
    annotations,
    close: async () => {
      end();
      await held.end;
    },
  };
}
