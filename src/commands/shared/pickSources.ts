/** Picks that a command reads from a CSV, a folder of picks or a data set. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Dataset } from "../../data/model.js";
import { challengeParticles, type Particle, type ParticlePick } from "../../domain/particles.js";
import type { PicksAuthor } from "../../formats/copickPicks.js";
import { isCsv, picksInside, type Source, sourceOf } from "../../formats/pickPlaces.js";
import type { Picker } from "../../infer/consensus/pickers.js";
import type { PicksByExperiment } from "../../score/match/positions.js";
import { readSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { readBytes } from "../../system/paths/opening.js";
import type { Reporter } from "../../system/reporter.js";

/** Loaded with the first folder or data set, as commands that read CSVs alone start in less time without. */
export const dataRoom = async () => ({
  ...(await import("../../data/layouts/runs.js")),
  ...(await import("../../data/picks.js")),
  ...(await import("../../data/tomograms/omeZarr.js")),
  ...(await import("../../formats/copickPicks.js")),
});

/** Opens a data set, whose room is loaded then. @param spacing Å per voxel of its tomograms, over what their files say */
export async function opened(path: string, reporter: Reporter, spacing?: number): Promise<Dataset> {
  const { openDataset } = await import("../../data/dataset.js");
  return openDataset(path, { reporter, spacing });
}

/** Returns the roots of a copick configuration; the path itself for anything else. */
export async function rootsOf(path: string, reporter: Reporter): Promise<readonly string[]> {
  if (!path.endsWith(".json") || !(await readBytes(path).catch(() => "")).includes('"pickable_objects"'))
    return [path];
  return (await opened(path, reporter)).roots;
}

/** Whose picks are read, and of what. */
interface PicksChoice {
  readonly truth: PicksByExperiment;
  readonly particles: readonly Particle[];
  readonly author: PicksAuthor;
  /** Whether orientations are read too. */
  readonly orientations?: boolean;
}

/**
 * Reads the picks to diagnose: a CSV, a folder with ExperimentRuns/ as `pick` writes it, or a data set.
 *
 * Of a folder: the author's where one is asked for; otherwise pickbench's own if there are any, else the one session
 * there is.
 *
 * @throws BadDataset where there is no pick for any run of the truth
 */
export async function readDiagnosisPicks(
  path: string,
  { reporter, ...choice }: PicksChoice & { readonly reporter: Reporter },
): Promise<PicksByExperiment> {
  const { truth, particles } = choice;
  if (await isCsv(path)) return readSubmission(path, { particles, experiments: truth, note: reporter.note });
  return (await picksIn(path, await picksDataset(path, reporter), choice)).picks;
}

/** Picks by run, and the runs that have any file of them, though it be empty. */
interface FiledPicks {
  readonly picks: PicksByExperiment;
  readonly filed: ReadonlySet<string>;
}

/** Reads the picks in a data set that was opened from `path`. */
async function picksIn(
  path: string,
  opened: Dataset,
  { truth, particles, author, orientations = false }: PicksChoice,
): Promise<FiledPicks> {
  const dataset = { ...opened, particles };
  const runs = [...truth.keys()];
  const chosen = await authorToRead(dataset, runs, author);
  const { readPicks } = await dataRoom();
  const picks = new Map<string, ParticlePick[]>();
  const filed = new Set<string>();
  for (const run of runs) {
    if ((await countFiles(dataset, run, chosen)) > 0) filed.add(run);
    const lists = await Promise.all(
      particles.map(({ name }) => readPicks(dataset, run, name, chosen, { orientations })),
    );
    picks.set(run, lists.flat());
  }
  if (filed.size > 0) return { picks, filed };
  throw new PickbenchError(
    "BadDataset",
    `${path} holds no file of picks for ${runs.join(", ")}, wanted ExperimentRuns/RUN/Picks/USER_SESSION_TYPE.json; name the folder that pick wrote`,
    { path },
  );
}

/** A folder with ExperimentRuns/ itself is the one root; anything else is opened as a data set. */
async function picksDataset(path: string, reporter: Reporter): Promise<Dataset> {
  const { listRuns } = await dataRoom();
  const isRoot = (await stat(join(path, "ExperimentRuns")).catch(() => undefined))?.isDirectory();
  return isRoot
    ? {
        root: path,
        overlayRoot: path,
        roots: [path],
        particles: challengeParticles,
        runs: await listRuns([path]),
      }
    : await opened(path, reporter);
}

async function authorToRead(
  dataset: Dataset,
  runs: readonly string[],
  asked: PicksAuthor,
): Promise<PicksAuthor> {
  if (asked.userId !== undefined) return asked;
  const { ownUserId } = await dataRoom();
  const own = { ...asked, userId: ownUserId };
  for (const run of runs) if ((await countFiles(dataset, run, own)) > 0) return own;
  return asked;
}

async function countFiles(dataset: Dataset, run: string, author: PicksAuthor): Promise<number> {
  const { listPicks } = await dataRoom();
  const files = await Promise.all(dataset.particles.map(({ name }) => listPicks(dataset, run, name, author)));
  return files.flat().length;
}

/** A picker's source; a CSV is no data set. */
interface OpenedSource extends Source {
  /** As it was given. */
  readonly named: string;
  readonly dataset: Dataset | null;
}

async function openSource(named: string, reporter: Reporter): Promise<OpenedSource> {
  const source = await sourceOf(named);
  const dataset = (await isCsv(source.path)) ? null : await picksDataset(source.path, reporter);
  return { named, ...source, dataset };
}

/**
 * Reads the picks of pickers, each of which is a CSV, a folder with ExperimentRuns/ as `pick` writes it, or a data set;
 * with @USER_SESSION behind, of this user and session alone.
 *
 * A picker looked at the runs that it names: in a CSV those with rows, in a folder or data set those with files of picks,
 * though they be empty.
 *
 * @param known particles to read; where undefined, those of the first copick configuration among the pickers, or the
 * challenge's
 * @param isEmptyFine whether a CSV may hold no row
 * @throws BadDataset, BadSubmission for files that are broken, BadDataset where a picker names no run or a score is negative
 */
export async function readPickers(
  paths: readonly string[],
  known: readonly Particle[] | undefined,
  reporter: Reporter,
  isEmptyFine = false,
): Promise<{ readonly particles: readonly Particle[]; readonly pickers: readonly Picker[] }> {
  const sources: OpenedSource[] = [];
  for (const named of paths) sources.push(await openSource(named, reporter));
  const configuration = sources.find(({ path, dataset }) => dataset && path.endsWith(".json"));
  const particles = known ?? configuration?.dataset?.particles ?? challengeParticles;
  const pickers: Picker[] = [];
  for (const source of sources) pickers.push(await readPicker(source, particles, reporter, isEmptyFine));
  return { particles, pickers };
}

async function readPicker(
  source: OpenedSource,
  particles: readonly Particle[],
  { note }: Reporter,
  isEmptyFine: boolean,
): Promise<Picker> {
  const { named, path, author, dataset } = source;
  const { picks, stray } = dataset
    ? await readFolder(path, { ...dataset, particles }, author)
    : { picks: await readSubmission(path, { particles, note }), stray: [] };
  let count = 0;
  let greatestScore: number | null = null;
  for (const [run, list] of picks) {
    count += list.length;
    for (const { type, score } of list) {
      if (score === undefined) continue;
      if (score < 0) throw negativeScore(named, run, type, score);
      greatestScore = Math.max(greatestScore ?? 0, score);
    }
  }
  if (picks.size === 0 && !isEmptyFine)
    throw new PickbenchError("BadDataset", `${named} holds no pick, wanted some to fuse; leave it out`, {
      path,
    });
  return { path: named, picks, count, greatestScore, stray };
}

const negativeScore = (path: string, run: string, type: string, score: number): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: a ${type} of ${run} has the score ${score}, wanted 0 or more, as places are weighed by it; bring the scores to 0 to 1`,
    { path },
  );

async function readFolder(path: string, dataset: Dataset, author: PicksAuthor) {
  const runs = new Map(dataset.runs.map(({ name }) => [name, []]));
  const choice = { truth: runs, particles: dataset.particles, author, orientations: true };
  const { picks: all, filed } = await picksIn(path, dataset, choice);
  const { strayPicks } = await dataRoom();
  const stray = await Promise.all([...runs.keys()].map((run) => strayPicks(dataset, run)));
  return { picks: new Map([...all].filter(([run]) => filed.has(run))), stray: stray.flat() };
}

/**
 * Reads what one picker found in one run: a CSV, a folder with ExperimentRuns/, a data set, or a run's folder, whose
 * `picks/` or else `submission.csv` is read; with @USER_SESSION behind, of this user and session alone.
 *
 * @returns the picks, and a name from that of the file or folder
 * @throws BadDataset, BadSubmission for files that are broken, BadDataset for a folder without picks of the run
 */
export async function readRunOfPicker(
  named: string,
  run: string,
  particles: readonly Particle[],
  reporter: Reporter,
): Promise<{ readonly name: string; readonly picks: readonly ParticlePick[] }> {
  const { path, author } = await sourceOf(named);
  const truth = new Map([[run, []]]);
  const all = await readDiagnosisPicks(await picksInside(path), { truth, particles, author, reporter });
  return { name: basename(resolve(path)).replace(/\.(csv|json)$/, ""), picks: all.get(run) ?? [] };
}
