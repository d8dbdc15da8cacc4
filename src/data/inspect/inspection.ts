/**
 * Inspection of a data set. The room `inspect` reads all its metadata, picks and chunks, and reports what is broken or
 * odd.
 */
import type { ParticlePick } from "../../domain/particles.js";
import { extent } from "../../formats/zarr/chunkGrid.js";
import { isPickbenchError, messageOf } from "../../system/errors.js";
import { hashFile } from "../../system/files.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";
import { isBlankAt } from "../blank/blank.js";
import { type Contrast, contrastOf, differingContrast } from "../contrast.js";
import type { Dataset, Level, Run, TomogramRef } from "../model.js";
import { withBlank } from "../normalisation.js";
import { listPicks, readPicksOf, strayPicks } from "../picks.js";
import { spacingDoubts } from "../spacings.js";
import { openTomogram, resolveTomogram } from "../tomograms/omeZarr.js";
import { contrastNotes } from "./contrastNotes.js";
import { measureTruthContrast, type TruthContrast } from "./truthContrast.js";
import { type SeenVoxels, type ValueRange, VoxelSurvey } from "./voxelSurvey.js";

/** A tomogram as inspected. */
export interface TomogramInspection {
  readonly tomoType: string;
  readonly voxelSpacing: number | undefined;
  readonly path: string;
  /** Levels, finest first; empty where the metadata is broken. */
  readonly levels: readonly Level[];
  readonly channels?: readonly string[];
  /** Values of the finest level that are not blank; absent where all are NaN, chunks were not read or one is broken. */
  readonly values?: ValueRange;
  /** Share of the finest level's voxels that are blank, that is, hold no data; absent where chunks were not read or one is broken. */
  readonly blank?: number;
}

interface PicksInspection {
  readonly type: string;
  readonly path: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly count: number;
  /** Number of picks outside the volume. */
  readonly outside: number;
  /** Number of picks at the position of an earlier one of the file, to a hundredth of an Å. */
  readonly repeated: number;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
}

/** A run as inspected. */
export interface RunInspection {
  readonly name: string;
  readonly tomograms: readonly TomogramInspection[];
  readonly picks: readonly PicksInspection[];
  /** Contrast of the picks in the first readable reconstruction; null without picks, or where chunks were not read. */
  readonly contrast: TruthContrast | null;
  /** How particles look: at the picks, or where they do not tell by the skewness of all voxels. */
  readonly particles: Contrast;
  /** Oddities that break nothing. */
  readonly notes: readonly string[];
}

/** A file that cannot be used, and the reason. */
interface Problem {
  readonly path: string | undefined;
  readonly message: string;
}

/** A data set as inspected. */
export interface Inspection {
  readonly root: string;
  readonly runs: readonly RunInspection[];
  /** Number of chunks that were read. */
  readonly chunks: number;
  readonly problems: readonly Problem[];
  /** Oddities of the data set as a whole. */
  readonly notes: readonly string[];
}

/** Collects the user's mistakes instead of stopping at the first; a defect of the program still stops. */
class Problems {
  readonly #byMessage = new Map<string, Problem>();

  async guard<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isPickbenchError(error) || error.tag === "Stopped") throw error;
      this.#byMessage.set(messageOf(error), { path: error.path, message: messageOf(error) });
      return undefined;
    }
  }

  list(): Problem[] {
    return [...this.#byMessage.values()];
  }
}

/**
 * Reads a data set's metadata and picks, and every chunk of every level of every tomogram, continuing after broken
 * ones.
 *
 * @param readChunks false leaves the chunks unread
 * @param reporter hears of each chunk that is read
 * @param nan whether NaN is read as blank instead of being broken
 */
export async function inspectDataset(
  dataset: Dataset,
  readChunks: boolean,
  reporter: Reporter = silentReporter,
  nan?: "blank" | undefined,
): Promise<Inspection> {
  const problems = new Problems();
  const runs: RunInspection[] = [];
  for (const run of dataset.runs) runs.push(await inspectRun(dataset, run, problems));
  if (!readChunks) return { root: dataset.root, runs, chunks: 0, problems: problems.list(), notes: [] };
  const read = await readAllChunks(dataset, runs, problems, reporter, nan);
  const measured: RunInspection[] = [];
  for (const run of runs) measured.push(await measureRun(dataset, run, read.seen, problems, nan));
  const differing = differingContrast(new Map(measured.map(({ name, particles }) => [name, particles])));
  return {
    root: dataset.root,
    runs: measured,
    chunks: read.chunks,
    problems: problems.list(),
    notes: differing ? [differing] : [],
  };
}

/** Adds what the voxels show: the tomograms' values, and whether picks lie on densities. */
async function measureRun(
  dataset: Dataset,
  run: RunInspection,
  seen: ReadonlyMap<string, SeenVoxels>,
  problems: Problems,
  nan: "blank" | undefined,
): Promise<RunInspection> {
  const tomograms = run.tomograms.map((tomogram) => {
    const found = seen.get(tomogram.path);
    if (!found) return tomogram;
    return { ...tomogram, ...(found.values && { values: found.values }), blank: found.blank };
  });
  const flat = tomograms
    .filter((tomogram) => tomogram.values && tomogram.values.least === tomogram.values.largest)
    .map(({ path, values: range }) => `${path}: every voxel is ${range!.least}`);
  const empty = tomograms
    .filter(({ values, blank }) => blank !== undefined && !values)
    .map(({ path }) => `${path}: every voxel is NaN, so that it holds no data at all`);
  const whole = tomograms.find((tomogram) => tomogram.values);
  const measured = whole && (await problems.guard(() => contrastOfRun(dataset, run, whole, nan)));
  const contrast = measured?.contrast ?? null;
  const atPicks = contrastOf(contrast?.z ?? null);
  const particles = atPicks === "unknown" && whole ? seen.get(whole.path)!.contrast : atPicks;
  const odd = contrast ? contrastNotes(contrast, whole!.levels[0]!.spacing[2]) : [];
  const inBlank = measured?.inBlank
    ? [`${measured.inBlank} picks lie in blank voxels, which hold no data`]
    : [];
  return {
    ...run,
    tomograms,
    contrast,
    particles,
    notes: [...run.notes, ...flat, ...empty, ...inBlank, ...odd],
  };
}

/**
 * Measures contrast at the coarsest level where the smallest particle's radius is still three voxels, or at the finest,
 * and counts the picks in blank voxels; undefined without picks.
 */
async function contrastOfRun(
  dataset: Dataset,
  { name, picks }: RunInspection,
  { tomoType, path, levels }: TomogramInspection,
  nan: "blank" | undefined,
): Promise<{ readonly contrast: TruthContrast | null; readonly inBlank: number } | undefined> {
  const points = (
    await Promise.all(
      picks.map(async ({ path: from, type }) => {
        const file = (await listPicks(dataset, name, type)).find((each) => each.path === from);
        return file ? readPicksOf(dataset, name, type, file) : [];
      }),
    )
  ).flat();
  const radii = dataset.particles.filter((particle) => points.some(({ type }) => type === particle.name));
  const wanted = Math.min(...radii.map(({ radius }) => radius)) / 3;
  const level = levels.findLastIndex(({ spacing }) => Math.max(...spacing) <= wanted);
  const reader = await openTomogram(
    { run: name, tomoType, path, levels, nan },
    Math.max(0, level),
    dataset.access,
  );
  if (points.length === 0) return undefined;
  const volume = withBlank(await reader.readAll(), nan === "blank");
  return {
    contrast: measureTruthContrast(volume, points, dataset.particles),
    inBlank: points.filter((point) => isBlankAt(volume, point)).length,
  };
}

async function inspectRun(dataset: Dataset, run: Run, problems: Problems): Promise<RunInspection> {
  const tomograms: TomogramInspection[] = [];
  const doubts: string[] = [];
  for (const ref of run.tomograms) {
    const resolved = await problems.guard(() => resolveTomogram(ref, dataset.access));
    if (resolved?.levels[0]) doubts.push(...spacingDoubts(ref, resolved.levels[0].spacing));
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
    for (const file of await listPicks(dataset, run.name, type)) {
      const { path, annotation: _, ...author } = file;
      const points = await problems.guard(() => readPicksOf(dataset, run.name, type, file));
      if (!points) continue;
      const outside = finest ? points.filter((pick) => isOutside(pick, finest)).length : 0;
      const sha256 = await hashFile(path);
      picks.push({
        type,
        path,
        ...author,
        count: points.length,
        outside,
        repeated: repeatedOf(points),
        sha256,
      });
    }
  }
  const stray = await strayPicks(dataset, run.name);
  const notes = [
    ...(run.tomograms.some(({ givenSpacing }) => givenSpacing) ? [] : tomograms.flatMap(spacingNote)),
    ...doubts,
    ...notesOn(picks, finest),
    ...picks.flatMap(repeatedNote),
    ...stray.map(strayNote),
  ];
  return { name: run.name, tomograms, picks, contrast: null, particles: "unknown", notes };
}

/** Questions a voxel spacing of exactly 1 Å, which is what programs write that do not know it. */
const spacingNote = ({ path, levels }: TomogramInspection): string[] =>
  levels[0]?.spacing.every((size) => size === 1)
    ? [
        `${path}: says 1 Å a voxel, as programs write that do not know the spacing; if it is another, give it with --spacing, or write it into a copy with pickbench volume ${path} COPY.mrc --spacing Å`,
      ]
    : [];

const repeatedOf = (points: readonly ParticlePick[]): number =>
  points.length - new Set(points.map(({ x, y, z }) => [x, y, z].map((at) => at.toFixed(2)).join())).size;

const repeatedNote = ({ path, repeated, count }: PicksInspection): string[] =>
  repeated === 0
    ? []
    : [
        `${path}: ${repeated} of ${count} picks stand where another stands; the challenge's scorer refuses such a truth`,
      ];

const strayNote = (path: string) =>
  `${path} is named after none of the data set's particle types, so it is not read; pickbench copick writes a configuration that lists it`;

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

function isOutside(pick: ParticlePick, { shape, spacing }: Level): boolean {
  return [pick.z, pick.y, pick.x].some(
    (coordinate, axis) => coordinate < 0 || coordinate > shape[axis]! * spacing[axis]!,
  );
}

/** A level's channel to read, and how many chunks that takes. */
interface ChunkedLevel {
  readonly ref: TomogramRef;
  readonly level: number;
  readonly channel: number;
  readonly chunks: number;
}

const chunkedLevels = (runs: readonly RunInspection[]): ChunkedLevel[] =>
  runs.flatMap((run) =>
    run.tomograms.flatMap(({ tomoType, path, levels, channels }) =>
      levels.flatMap(({ shape, chunkShape }, level) =>
        Array.from({ length: channels?.length ?? 1 }, (_, channel) => ({
          ref: { run: run.name, tomoType, path, levels, ...(channels ? { channels } : {}) },
          level,
          channel,
          chunks: shape.reduce((count, size, axis) => count * Math.ceil(size / chunkShape[axis]!), 1),
        })),
      ),
    ),
  );

async function readAllChunks(
  dataset: Dataset,
  runs: readonly RunInspection[],
  problems: Problems,
  reporter: Reporter,
  nan: "blank" | undefined,
): Promise<{ chunks: number; seen: Map<string, SeenVoxels> }> {
  const work = chunkedLevels(runs);
  const total = work.reduce((sum, { chunks }) => sum + chunks, 0);
  const progress = reporter.progress("reading", total, "chunks");
  const seen = new Map<string, SeenVoxels>();
  let done = 0;
  try {
    for (const { ref, level, channel } of work) {
      const reader = await openTomogram({ ...ref, nan }, level, dataset.access);
      const survey = new VoxelSurvey(reader);
      const chunks = reader.chunks(channel);
      for (const { box } of chunks) {
        const region = await problems.guard(() => reader.readRegion(box, channel));
        if (region && level === 0 && channel === 0) survey.add(region, extent(box));
        progress.update(++done, `${ref.run} ${ref.tomoType}`);
      }
      if (level === 0 && channel === 0 && survey.chunks === chunks.length)
        seen.set(ref.path, survey.finish());
    }
  } finally {
    progress.stop();
  }
  return { chunks: done, seen };
}
