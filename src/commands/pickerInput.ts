import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type PicksAuthor, strayPicks } from "../data/picks.js";
import { PickbenchError } from "../errors.js";
import { challengeParticles, type Particle, type Pick } from "../particles.js";
import { readSubmission } from "../score/submissionCsv.js";
import { isCsv, picksDataset, readDiagnosisPicks } from "./diagnosisInput.js";

/** What one picker found. */
export interface PickerPicks {
  /** As it was named. */
  readonly path: string;
  /** By run; only runs with picks. */
  readonly picks: ReadonlyMap<string, readonly Pick[]>;
  readonly count: number;
  /** The greatest score; null where no pick has one. */
  readonly greatestScore: number | null;
  /** Files that were passed over, for none of the particles is called so. */
  readonly stray: readonly string[];
}

interface Source {
  readonly path: string;
  readonly author: PicksAuthor;
}

/** The particles of the first of these that is a copick configuration; the challenge's where none is. */
export async function particlesOf(paths: readonly string[]): Promise<readonly Particle[]> {
  for (const named of paths) {
    const { path } = await sourceOf(named);
    if (path.endsWith(".json")) return (await picksDataset(path)).particles;
  }
  return challengeParticles;
}

/**
 * Reads the picks of one picker: a CSV, a folder with ExperimentRuns/ as `pick` writes it, or a data set; with
 * @USER_SESSION behind, of this user and session alone.
 *
 * @throws BadDataset, BadSubmission for files that are broken, BadDataset where there is no pick or a score is negative
 */
export async function readPicker(named: string, particles: readonly Particle[]): Promise<PickerPicks> {
  const { path, author } = await sourceOf(named);
  const { all, stray } = (await isCsv(path))
    ? { all: await readSubmission(path, { particles }), stray: [] }
    : await readFolder(path, particles, author);
  const picks = new Map([...all].filter(([, list]) => list.length > 0));
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
  if (count === 0)
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

async function readFolder(path: string, particles: readonly Particle[], author: PicksAuthor) {
  const dataset = { ...(await picksDataset(path)), particles };
  const runs = new Map(dataset.runs.map(({ name }) => [name, []]));
  const all = await readDiagnosisPicks(path, { truth: runs, particles, author });
  const stray = await Promise.all([...runs.keys()].map((run) => strayPicks(dataset, run)));
  return { all, stray: stray.flat() };
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
): Promise<{ readonly name: string; readonly picks: readonly Pick[] }> {
  const { path, author } = await sourceOf(named);
  const truth = new Map([[run, []]]);
  const all = await readDiagnosisPicks(await picksInside(path), { truth, particles, author });
  return { name: basename(resolve(path)).replace(/\.(csv|json)$/, ""), picks: all.get(run) ?? [] };
}

/** The picks in a folder that `run` made; anything else is itself. */
async function picksInside(path: string): Promise<string> {
  const isThere = async (...names: string[]) =>
    (await stat(join(path, ...names)).catch(() => undefined)) !== undefined;
  if (await isThere("picks", "ExperimentRuns")) return join(path, "picks");
  return (await isThere("submission.csv")) ? join(path, "submission.csv") : path;
}

/** A path that exists is a path, whatever it looks like. */
async function sourceOf(named: string): Promise<Source> {
  const parts = /^(.+)@([^@_/]+)_([^@_/]+)$/.exec(named);
  const isThere = await stat(named).then(
    () => true,
    () => false,
  );
  if (isThere || !parts) return { path: named, author: {} };
  return { path: parts[1]!, author: { userId: parts[2]!, sessionId: parts[3]! } };
}
