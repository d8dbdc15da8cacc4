/**
 * Simulated data sets. The room `simulate` makes phantoms: particles placed in ice, imaged, and written like the
 * challenge's data.
 */
import { access, readdir, rm, rmdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";
import { openPool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import { cellFeatures } from "./cell/features.js";
import type { CellSettings } from "./cell/scene.js";
import { measureTargets, type TargetTomogram } from "./like/targets.js";
import { defaultRanges, type SimulationRanges } from "./rangesFile.js";
import type { Made, PhantomRoots, PickCounts, SimulateTask } from "./simulateWorker.js";

/** Options of a simulated data set. */
interface SimulateOptions {
  /** Folder of the data set. */
  readonly out: string;
  readonly runs: number;
  readonly shape: Shape3;
  /** Å per voxel. */
  readonly spacing: number;
  readonly seed: number;
  /** `train` has its picks in its overlay; the truth of `test` lies apart, in `truth/`. */
  readonly part: "train" | "test";
  /** Begin of the runs' names; of the part if absent. */
  readonly prefix?: string;
  /** Puts `static/` and `overlay/` directly in the folder. */
  readonly flat?: boolean;
  /** Counts per tomogram by the particle's name; the count of any other type is drawn. */
  readonly counts?: ReadonlyMap<string, number>;
  /** What is drawn for every tomogram. */
  readonly ranges?: SimulationRanges;
  /** Writes the reconstructions of the even and of the odd tilts too, `wbp-even` and `wbp-odd`. */
  readonly halves?: boolean;
  /** Data set whose tomograms' spectra and grey values the simulated ones are given. */
  readonly like?: string;
  /** Folder of density maps. */
  readonly densities?: string;
  /** Makes cells, with a segmentation of each feature, in place of solutions. */
  readonly cell?: CellSettings;
  /** Writes pictures into `preview/`. */
  readonly preview?: boolean;
  /** Replaces phantoms of an earlier call. */
  readonly overwrite?: boolean;
  /** Hears of each tomogram that is done. */
  readonly reporter?: Reporter | undefined;
}

/** A tomogram that was simulated, how many particles of each type lie in it, and how many voxels of a cell's features. */
export interface SimulatedRun {
  readonly name: string;
  readonly counts: PickCounts;
  readonly features?: Readonly<Record<string, number>>;
}

/** Bytes per voxel that a worker holds while it makes a tomogram, and the limit for all workers together. */
const bytesPerVoxel = 14;
/** What the masks of a cell, half sets, and the filter towards another spectrum add. */
const maskBytesPerVoxel = 1;
const halvesBytesPerVoxel = 8;
const likeBytesPerVoxel = 8;
const memory = 2 * 1024 ** 3;

/** Name of the note that marks a folder as simulated and records how. */
const noteName = "phantom.json";

/**
 * Makes a data set of phantoms, one tomogram per worker thread at a time; equal options yield equal bytes.
 *
 * @returns the runs in order
 * @throws PickbenchError BadUsage where the folder holds other data, or the tomograms to imitate would be replaced;
 *   BadDataset for broken density maps or tomograms to imitate
 */
export async function simulateDataset(options: SimulateOptions): Promise<SimulatedRun[]> {
  const roots = rootsOf(options);
  const isThere = await checkFolder(options, roots);
  if (isThere) checkApart(options);
  const { reporter = silentReporter, runs } = options;
  const like = options.like === undefined ? undefined : await measureTargets(options.like, reporter);
  if (isThere) await remove(options, roots);
  await writeNote(options, like);
  const perVoxel =
    bytesPerVoxel +
    (options.cell ? maskBytesPerVoxel : 0) +
    (options.halves ? halvesBytesPerVoxel : 0) +
    (like ? likeBytesPerVoxel : 0);
  const fitting = Math.max(1, Math.floor(memory / (perVoxel * voxelCount(options.shape))));
  const threads = Math.min(options.runs, availableParallelism(), fitting);
  const pool = openPool(builtModule(import.meta.url, "./simulateWorker.js"), { threads });
  const progress = reporter.progress("simulating", runs, "tomograms");
  let done = 0;
  try {
    return await Promise.all(
      tasksOf(options, roots, like).map(async (task) => {
        const run = { name: task.name, ...(await pool.run<Made>(task)) };
        progress.update(++done, run.name);
        return run;
      }),
    );
  } catch (error) {
    await pool.close();
    await remove(options, roots);
    throw error;
  } finally {
    progress.stop();
    await pool.close();
  }
}

/** Prefixes of the runs' names where none is given. */
const prefixes = { train: "TS_S", test: "TS_T" } as const;

const prefixOf = ({ part, prefix = prefixes[part] }: SimulateOptions): string => prefix;

const noteFolder = ({ out, part, flat }: SimulateOptions): string => (flat ? out : join(out, part));

/** Folder of the records, one a tomogram: what was drawn for it. */
const recordFolder = (options: SimulateOptions): string => join(noteFolder(options), "drawn");

const previewFolder = ({ out }: SimulateOptions): string => join(out, "preview");

/** Returns the folders of a part's tomograms and picks. */
export function rootsOf(options: SimulateOptions): PhantomRoots {
  const folder = noteFolder(options);
  return {
    staticRoot: join(folder, "static"),
    overlayRoot: join(options.part === "train" ? folder : join(options.out, "truth"), "overlay"),
  };
}

function tasksOf(
  options: SimulateOptions,
  roots: PhantomRoots,
  like: readonly TargetTomogram[] | undefined,
): SimulateTask[] {
  const { seed, part, shape, spacing, counts = new Map(), ranges = defaultRanges, densities, cell } = options;
  const { halves = false } = options;
  return Array.from({ length: options.runs }, (_, i) => ({
    name: `${prefixOf(options)}${i + 1}`,
    plan: { seed, part, run: i + 1, shape, spacing, counts, ranges, halves, ...(like && { like }) },
    roots,
    record: join(recordFolder(options), `${prefixOf(options)}${i + 1}.json`),
    ...(densities === undefined ? {} : { densities: resolve(densities) }),
    ...(cell === undefined ? {} : { cell }),
    ...(options.preview ? { previews: previewFolder(options) } : {}),
  }));
}

async function writeNote(
  options: SimulateOptions,
  like: readonly TargetTomogram[] | undefined,
): Promise<void> {
  const path = join(noteFolder(options), noteName);
  try {
    await writeWhole(path, `${JSON.stringify({ ...noteOf(options), ...likeNote(like) }, null, 2)}\n`);
  } catch (cause) {
    throw new PickbenchError(
      "BadUsage",
      `the data set cannot be written to ${options.out} (${messageOf(cause)}): name a folder that can be`,
      { path, cause },
    );
  }
}

function noteOf({
  runs,
  shape,
  spacing,
  seed,
  part,
  counts = new Map(),
  ranges = defaultRanges,
  densities,
  cell,
  halves,
}: SimulateOptions) {
  return {
    madeBy: "pickbench simulate",
    runs,
    shape,
    spacing,
    seed,
    part,
    counts: Object.fromEntries(counts),
    densities: densities === undefined ? "built-in shapes" : "maps of --densities",
    ...(cell ? { scene: "cell", ...cellNote(cell) } : {}),
    ...(halves ? { halves } : {}),
    ranges,
  };
}

/** Returns what the note says of the tomograms that phantoms were made like: their names and hashes. */
const likeNote = (like: readonly TargetTomogram[] | undefined) =>
  like ? { like: like.map(({ run, kind, sha256 }) => ({ run, tomogram: kind, sha256 })) } : {};

/** Returns what the note says of a cell: its features, and those that every tomogram holds. */
const cellNote = ({ features }: CellSettings) => ({
  features: features ?? cellFeatures,
  inEveryTomogram: features !== undefined,
});

/** Says whether phantoms of an earlier call are there, to be replaced. @throws PickbenchError BadUsage where they must not */
async function checkFolder(
  options: SimulateOptions,
  { staticRoot, overlayRoot }: PhantomRoots,
): Promise<boolean> {
  if (!(await exists(staticRoot)) && !(await exists(overlayRoot))) return false;
  const folder = noteFolder(options);
  const isOurs = await readText(join(folder, noteName)).then(
    (text) => text.includes("pickbench simulate"),
    () => false,
  );
  if (!isOurs || !options.overwrite) {
    throw new PickbenchError(
      "BadUsage",
      `${folder} already holds ${isOurs ? "phantoms: name another folder, or add --overwrite to replace them" : "tomograms that simulate did not make: name another folder"}`,
      { path: folder },
    );
  }
  return true;
}

/** Checks that the phantoms to be replaced are not those to imitate. @throws PickbenchError BadUsage */
function checkApart(options: SimulateOptions): void {
  if (options.like === undefined) return;
  const [like, made] = [resolve(options.like), resolve(noteFolder(options))];
  const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder}${sep}`);
  if (isWithin(like, made) || isWithin(made, like))
    throw new PickbenchError(
      "BadUsage",
      `${options.like} holds phantoms that --overwrite would replace, and was to be imitated by --like: name another folder for either`,
      { path: options.like },
    );
}

/** Removes everything that a call wrote, and the folders left empty. */
async function remove(options: SimulateOptions, { staticRoot, overlayRoot }: PhantomRoots): Promise<void> {
  await rm(staticRoot, { recursive: true, force: true });
  await rm(overlayRoot, { recursive: true, force: true });
  await rm(join(noteFolder(options), noteName), { force: true });
  const [records, previews] = [recordFolder(options), previewFolder(options)];
  for (const folder of [records, previews]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names)
      if ([prefixes[options.part], prefixOf(options)].some((prefix) => name.startsWith(prefix)))
        await rm(join(folder, name));
  }
  for (const folder of [records, previews, dirname(overlayRoot), noteFolder(options), options.out]) {
    await rmdir(folder).catch(() => {});
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
