import { messageOf, PickbenchError } from "../errors.js";
import type { Pick } from "../particles.js";
import type { Dataset, Level, Run, TomogramRef } from "./dataset.js";
import { openTomogram, resolveTomogram } from "./omeZarr.js";
import { listPicks, readPicksFile, strayPicks } from "./picks.js";

export interface TomogramInspection {
  readonly tomoType: string;
  readonly voxelSpacing: number | undefined;
  readonly path: string;
  /** Empty where the metadata is broken. */
  readonly levels: readonly Level[];
  readonly channels?: readonly string[];
}

export interface PicksInspection {
  readonly type: string;
  readonly path: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly count: number;
  /** How many lie outside the volume. */
  readonly outside: number;
}

export interface RunInspection {
  readonly name: string;
  readonly tomograms: readonly TomogramInspection[];
  readonly picks: readonly PicksInspection[];
  /** What is odd but not broken. */
  readonly notes: readonly string[];
}

/** A file that cannot be used, and why. */
export interface Problem {
  readonly path: string | undefined;
  readonly message: string;
}

export interface Inspection {
  readonly root: string;
  readonly runs: readonly RunInspection[];
  /** Chunks that were read. */
  readonly chunks: number;
  readonly problems: readonly Problem[];
}

/** Collects the user's mistakes instead of stopping at the first; a defect of ours still stops. */
class Problems {
  readonly #byMessage = new Map<string, Problem>();

  async guard<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PickbenchError)) throw error;
      this.#byMessage.set(messageOf(error), { path: error.path, message: messageOf(error) });
      return undefined;
    }
  }

  list(): Problem[] {
    return [...this.#byMessage.values()];
  }
}

/**
 * Reads a data set's metadata and picks, and every chunk of every level of every tomogram, going on past broken ones.
 *
 * @param readChunks false leaves the chunks unread
 * @param onTotal hears how many chunks there are, once, before the first is read; gives what hears of each
 */
export async function inspectDataset(
  dataset: Dataset,
  readChunks: boolean,
  onTotal: (chunks: number) => (done: number, name: string) => void,
): Promise<Inspection> {
  const problems = new Problems();
  const runs: RunInspection[] = [];
  for (const run of dataset.runs) runs.push(await inspectRun(dataset, run, problems));
  const chunks = readChunks ? await readAllChunks(runs, problems, onTotal) : 0;
  return { root: dataset.root, runs, chunks, problems: problems.list() };
}

async function inspectRun(dataset: Dataset, run: Run, problems: Problems): Promise<RunInspection> {
  const tomograms: TomogramInspection[] = [];
  for (const ref of run.tomograms) {
    const resolved = await problems.guard(() => resolveTomogram(ref));
    tomograms.push({
      tomoType: ref.tomoType,
      voxelSpacing: ref.voxelSpacing,
      path: ref.path,
      levels: resolved?.levels ?? [],
      ...(resolved?.channels ? { channels: resolved.channels } : {}),
    });
  }
  const finest = tomograms.find((tomogram) => tomogram.levels.length > 0)?.levels[0];
  const picks: PicksInspection[] = [];
  for (const { name: type } of dataset.particles) {
    for (const { path, ...author } of await listPicks(dataset, run.name, type)) {
      const points = await problems.guard(() => readPicksFile(path, type));
      if (!points) continue;
      const outside = finest ? points.filter((pick) => isOutside(pick, finest)).length : 0;
      picks.push({ type, path, ...author, count: points.length, outside });
    }
  }
  const stray = await strayPicks(dataset, run.name);
  return { name: run.name, tomograms, picks, notes: [...notesOn(picks, finest), ...stray.map(strayNote)] };
}

const strayNote = (path: string) =>
  `${path} is named after none of the data set's particle types, so it is not read`;

function notesOn(picks: readonly PicksInspection[], finest: Level | undefined): string[] {
  if (!finest) return [];
  const size = [2, 1, 0].map((axis) => (finest.shape[axis]! * finest.spacing[axis]!).toFixed(1));
  return picks
    .filter((file) => file.outside > 0)
    .map(
      ({ path, outside, count }) =>
        `${path}: ${outside} of ${count} picks lie outside the volume (x,y,z up to ${size.join(", ")} Å)`,
    );
}

function isOutside(pick: Pick, { shape, spacing }: Level): boolean {
  return [pick.z, pick.y, pick.x].some(
    (coordinate, axis) => coordinate < 0 || coordinate > shape[axis]! * spacing[axis]!,
  );
}

async function readAllChunks(
  runs: readonly RunInspection[],
  problems: Problems,
  onTotal: (chunks: number) => (done: number, name: string) => void,
): Promise<number> {
  const work: { ref: TomogramRef; level: number; channel: number; chunks: number }[] = [];
  for (const run of runs)
    for (const { tomoType, path, levels, channels } of run.tomograms)
      for (const [level, { shape, chunkShape }] of levels.entries())
        for (let channel = 0; channel < (channels?.length ?? 1); channel++)
          work.push({
            ref: { run: run.name, tomoType, path, levels, ...(channels ? { channels } : {}) },
            level,
            channel,
            chunks: shape.reduce((count, size, axis) => count * Math.ceil(size / chunkShape[axis]!), 1),
          });
  const onChunk = onTotal(work.reduce((sum, { chunks }) => sum + chunks, 0));
  let done = 0;
  for (const { ref, level, channel } of work) {
    const reader = await openTomogram(ref, level);
    for (const { box } of reader.chunks(channel)) {
      await problems.guard(() => reader.readRegion(box, channel));
      onChunk(++done, `${ref.run} ${ref.tomoType}`);
    }
  }
  return done;
}
