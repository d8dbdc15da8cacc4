/**
 * Sets of picks that can be looked at: the data set's truth, each user's session in it, and what lies at the paths that were
 * opened. Sets are known by ids that are listed here; nothing that a browser sends becomes a part of a path.
 */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { openDataset } from "../../data/dataset.js";
import { listRuns } from "../../data/layouts/runs.js";
import type { Dataset } from "../../data/model.js";
import { resolveTomogram } from "../../data/tomograms/omeZarr.js";
import { foldersIn } from "../../data/volumeNames.js";
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { picksInside, sourceOf } from "../../formats/pickPlaces.js";
import type { PositionSet } from "../../formats/positions/frames.js";
import { inAngstrom } from "../../survey/picks/runPicks.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { nameFault } from "../../system/paths/names.js";
import { readIfThere } from "../../system/paths/opening.js";
import { isThere } from "../../system/paths/replacing.js";
import type { Reporter } from "../../system/reporter.js";
import type { PickSetName } from "./answer.js";
import type { PickColumns } from "./columns.js";
import { PickFiles } from "./files.js";
import { FilesPlace } from "./filesPlace.js";
import type { PickPlace } from "./place.js";
import { TreePlace, TruthPlace } from "./treePlaces.js";

/** What sets of picks are looked for in. */
export interface PickPaths {
  readonly dataset?: Dataset | undefined;
  /** Files and folders of picks, with @USER_SESSION behind or without; runs, and folders of runs. */
  readonly picks: readonly string[];
  /** Folders of submissions. */
  readonly submissions: readonly string[];
  readonly reporter: Reporter;
}

/** Between a place and an author in an id, which is the name of a file in a still copy. */
const apart = "~";

/** Finds and reads sets of picks. */
export class PickSets {
  readonly particles: readonly Particle[];
  readonly #paths: PickPaths;
  readonly #files: PickFiles;
  #places: Promise<readonly PickPlace[]> | undefined;

  constructor(paths: PickPaths) {
    this.#paths = paths;
    this.particles = paths.dataset?.particles ?? challengeParticles;
    this.#files = new PickFiles((run, set, path) => this.#toAngstrom(run, set, path));
  }

  /** How often a file was read: those that are kept are not read again. */
  get reads(): number {
    return this.#files.reads;
  }

  /** Lists the sets that hold a file of picks of a run, and those of which that cannot be said, with what is wrong. */
  async list(run: string): Promise<PickSetName[]> {
    const found: PickSetName[] = [];
    for (const place of await this.#allPlaces()) {
      const { isTruth } = place;
      try {
        for (const author of await place.authors(run))
          found.push({ ...nameOfSet(place, author), isTruth, ...troubleOf(place, author) });
      } catch (error) {
        found.push({ id: place.id, name: place.name, isTruth, trouble: messageOf(error) });
      }
    }
    return found;
  }

  /**
   * Reads a set's picks of a run; none where the set has none.
   *
   * @throws PickbenchError BadUsage for an id that is none; BadDataset, BadSubmission for files that are broken
   */
  async read(id: string, run: string): Promise<PickColumns> {
    const { place, author } = await this.#placeOf(id);
    return place.read(run, author);
  }

  /** Lists the runs that a set holds files of, in the order of their names. @throws PickbenchError as `read` */
  async runs(id: string): Promise<string[]> {
    const { place, author } = await this.#placeOf(id);
    return place.runs(author);
  }

  /** Returns what a set is called. @throws PickbenchError BadUsage for an id that is none */
  async nameOf(id: string): Promise<PickSetName> {
    const { place, author } = await this.#placeOf(id);
    return { ...nameOfSet(place, author), isTruth: place.isTruth };
  }

  async #placeOf(id: string): Promise<{ readonly place: PickPlace; readonly author: string }> {
    const [ofPlace] = id.split(apart, 1);
    const place = (await this.#allPlaces()).find((each) => each.id === ofPlace);
    if (place) return { place, author: id.slice(ofPlace!.length + 1) };
    throw new PickbenchError("BadUsage", `no set of picks has the id ${JSON.stringify(id.slice(0, 60))}`);
  }

  #allPlaces(): Promise<readonly PickPlace[]> {
    this.#places ??= this.#findPlaces().catch((error: unknown) => {
      this.#places = undefined;
      throw error;
    });
    return this.#places;
  }

  async #findPlaces(): Promise<PickPlace[]> {
    const { dataset, picks, submissions, reporter } = this.#paths;
    const files = this.#files;
    const places: PickPlace[] = [];
    if (dataset) {
      places.push(new TruthPlace("truth", "truth of the data set", { dataset, files }));
      places.push(new TreePlace("data", "data set", { dataset, asked: {}, isTruthApart: true, files }));
    }
    const onlyRun = dataset?.runs.length === 1 ? dataset.runs[0]!.name : undefined;
    const named = [...new Set((await Promise.all([...picks, ...submissions].map(submittedIn))).flat())];
    for (const [at, each] of named.entries()) {
      const source = await sourceOf(each);
      const path = await picksInside(source.path);
      const [id, name] = [`p${at}`, shortName(each, named)];
      const tree = await treeAt(path, this.particles, reporter);
      places.push(
        tree
          ? new TreePlace(id, name, { dataset: tree, asked: source.author, files })
          : new FilesPlace(id, name, { source: { ...source, path }, files, onlyRun }),
      );
    }
    return places;
  }

  async #toAngstrom(run: string, set: PositionSet, path: string): Promise<PositionSet> {
    if (set.frame === "angstrom") return set;
    const { dataset } = this.#paths;
    const [first] = dataset?.runs.find(({ name }) => name === run)?.tomograms ?? [];
    const level = first && (await resolveTomogram(first, dataset?.access)).levels[0];
    return inAngstrom(set, level, path);
  }
}

/** Lists the folders inside a folder of submissions, or of runs, that hold a record; without any, the path itself. */
async function submittedIn(path: string): Promise<string[]> {
  if (await isThere(join(path, "record.json"))) return [path];
  const folders = await foldersIn(path);
  const isOne = await Promise.all(folders.map((name) => isThere(join(path, name, "record.json"))));
  const inside = folders.filter((_, at) => isOne[at]).map((name) => join(path, name));
  return inside.length > 0 && !(await isThere(join(path, "submission.csv"))) ? inside : [path];
}

/** Says why a set cannot be asked for: its id, which is a name in addresses and of files, holds what no name may hold. */
function troubleOf(place: PickPlace, author: string): { trouble?: string } {
  const fault = author === "" ? undefined : nameFault(nameOfSet(place, author).id);
  if (fault === undefined) return {};
  return { trouble: `its user and session ${JSON.stringify(author.slice(0, 60))} are no name: ${fault}` };
}

const nameOfSet = ({ id, name }: PickPlace, author: string): { id: string; name: string } =>
  author === "" ? { id, name } : { id: `${id}${apart}${author}`, name: `${name}, ${author}` };

/** The last part of a path, with as many folders before as tell it from the others. */
function shortName(path: string, all: readonly string[]): string {
  const parts = resolve(path).split(/[/\\]/);
  const others = all.filter((other) => other !== path).map((other) => resolve(other).split(/[/\\]/));
  for (let count = 1; count < parts.length; count++) {
    const name = parts.slice(-count).join("/");
    if (others.every((other) => other.slice(-count).join("/") !== name)) return name;
  }
  return basename(path);
}

/** Opens what is a data set: a folder with ExperimentRuns/, with static/ or overlay/, or a copick configuration. */
async function treeAt(
  path: string,
  particles: readonly Particle[],
  reporter: Reporter,
): Promise<Dataset | undefined> {
  const isFolder = async (...names: string[]) =>
    (await stat(join(path, ...names)).catch(() => undefined))?.isDirectory() ?? false;
  if (await isFolder("ExperimentRuns"))
    return { root: path, overlayRoot: path, roots: [path], particles, runs: await listRuns([path]) };
  const isDataset =
    (await isFolder("static")) || (await isFolder("overlay")) || (await isConfiguration(path));
  return isDataset ? { ...(await openDataset(path, { reporter })), particles } : undefined;
}

/** Tells whether a file is a copick configuration. */
async function isConfiguration(path: string): Promise<boolean> {
  if (!path.endsWith(".json")) return false;
  return ((await readIfThere(path).catch(() => undefined)) ?? "").includes('"pickable_objects"');
}
