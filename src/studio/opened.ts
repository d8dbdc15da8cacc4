/** What a studio was asked to show. The room `studio` answers what its page asks for; it changes nothing unless it annotates. */
import { stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { openDataset } from "../data/dataset.js";
import type { Dataset } from "../data/model.js";
import { isRemote } from "../data/remote/address.js";
import { foldersIn, isMrcName } from "../data/volumeNames.js";
import { readRecord } from "../domain/record.js";
import { sourceOf } from "../formats/pickPlaces.js";
import { positionFormats } from "../formats/positions/catalogue.js";
import { findFeatureMaps } from "../infer/maps/featureMaps.js";
import { isReachable, recordedData } from "../report/readRun.js";
import { readSettings } from "../survey/folder.js";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { isThere } from "../system/paths/replacing.js";
import { type Reporter, silentReporter } from "../system/reporter.js";
import { findProgress } from "./progress/found.js";

/** What a studio shows. */
export interface Opened {
  /** In the page's title. */
  readonly title: string;
  /** The data set whose tomograms are looked at. */
  readonly dataset?: Dataset;
  /** Folders of surveys. */
  readonly surveys: readonly string[];
  /** Folders of training runs, or folders that hold some. */
  readonly runFolders: readonly string[];
  /** Files and folders with picks, as `score` takes them. */
  readonly picks: readonly string[];
  /** Folders of submissions with a leaderboard. */
  readonly submissions: readonly string[];
  /** Folders or stores with maps of features. */
  readonly maps: readonly string[];
  /** Files of meshes: .glb, .obj, .stl. */
  readonly meshes?: readonly string[];
  readonly reporter: Reporter;
  /** Whether the page may write picks and masks. */
  readonly isAnnotating: boolean;
  /** copick's user and session, under which annotations are written. */
  readonly user: string;
  readonly session: string;
  /** Folder for what trainings and predictions that the page starts write. */
  readonly out: string;
}

/** What a command names. */
export interface Asked extends Pick<Opened, "reporter" | "isAnnotating" | "user" | "session" | "out"> {
  /** Anything that can be shown: its kind is found out. */
  readonly paths: readonly string[];
  readonly data?: string | undefined;
  readonly picks: readonly string[];
  readonly maps: readonly string[];
  readonly spacing?: number | undefined;
}

type Kind = "data" | "survey" | "run" | "submissions" | "picks" | "maps" | "meshes";

/**
 * Finds out what the paths are, and opens the data set; where none is named, the one that a survey or a run's record names
 * and that is still there.
 *
 * @throws PickbenchError BadUsage where a path is nothing that can be shown, or names a second data set
 */
export async function openForStudio(asked: Asked): Promise<Opened> {
  const kinds = await Promise.all(asked.paths.map(async (path) => ({ path, kind: await kindOf(path) })));
  const of = (kind: Kind): string[] => kinds.filter((each) => each.kind === kind).map(({ path }) => path);
  const data = [...(asked.data === undefined ? [] : [asked.data]), ...of("data")];
  if (data.length > 1)
    throw new PickbenchError(
      "BadUsage",
      `${data[1]} is a second data set beside ${data[0]}; start another studio for it`,
    );
  const { reporter, spacing } = asked;
  for (const named of asked.picks) await checkPicks(named);
  const named = data[0] ?? (await dataOf(of("survey"), of("run")));
  const dataset = named === undefined ? undefined : await openDataset(named, { reporter, spacing });
  const maps = [...asked.maps, ...of("maps")];
  if (maps.length > 0) await findFeatureMaps(maps, { isPartial: true, reporter });
  const others = [...of("survey"), ...of("run"), ...of("submissions"), ...maps];
  if (dataset === undefined && others.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `${asked.picks[0] ?? asked.paths[0]}: picks alone cannot be looked at; name the data set of their tomograms beside them`,
    );
  return {
    title:
      named === undefined ? basename(resolve(asked.paths[0] ?? ".")) : basename(named.replace(/\/+$/, "")),
    ...(dataset && { dataset }),
    surveys: of("survey"),
    runFolders: of("run"),
    picks: [...asked.picks, ...of("picks"), ...of("run")],
    submissions: of("submissions"),
    maps,
    meshes: of("meshes"),
    reporter,
    isAnnotating: asked.isAnnotating,
    user: asked.user,
    session: asked.session,
    out: asked.out,
  };
}

/** @throws BadUsage where there is nothing at a path of picks */
async function checkPicks(named: string): Promise<void> {
  const { path } = await sourceOf(named);
  if (await isThere(path)) return;
  throw new PickbenchError("BadUsage", `--picks ${path}: no such file or folder; name picks that are there`, {
    path,
  });
}

/** Tells what a path is by the files that each kind has. @throws PickbenchError BadUsage where it is none */
async function kindOf(path: string): Promise<Kind> {
  if (isRemote(path)) return "data";
  const [place] = path.split(/[@#]/);
  const found = await stat(path).catch(() => stat(place!).catch(() => undefined));
  if (found === undefined)
    throw new PickbenchError("BadUsage", `${path}: no such file or folder; name what the studio is to show`, {
      path,
    });
  if (found.isFile()) return kindOfFile(path);
  const has = (name: string): Promise<boolean> => isThere(join(path, name));
  if (await has("survey.json")) return "survey";
  if ((await has("LEADERBOARD.md")) || (await has("leaderboard.html"))) return "submissions";
  if ((await has("record.json")) || (await has("folds.json")) || (await has("search.json"))) return "run";
  if (await isDataset(path)) return "data";
  if ((await has(".zattrs")) || (await has("zarr.json"))) return "data";
  return otherFolder(path);
}

async function isDataset(path: string): Promise<boolean> {
  for (const name of ["static", "overlay", "train", "test"]) if (await isThere(join(path, name))) return true;
  return false;
}

/** @throws BadUsage where the name is that of no volume, configuration or file of positions */
function kindOfFile(path: string): Kind {
  if (/\.(?:glb|obj|stl)$/i.test(path)) return "meshes";
  if (isMrcName(path) || /\.json(?:#|$)/.test(path)) return "data";
  const [place = path] = path.split("@");
  if (positionFormats.some(({ extensions }) => extensions.includes(extname(place)))) return "picks";
  throw nothingToShow(path);
}

/** @throws BadUsage where a folder holds neither maps, picks, tomograms nor runs */
async function otherFolder(path: string): Promise<Kind> {
  const isMaps = await findFeatureMaps([path], { isPartial: true, reporter: silentReporter }).then(
    (maps) => maps.length > 0,
    () => false,
  );
  if (isMaps) return "maps";
  if (await isThere(join(path, "ExperimentRuns"))) return "picks";
  for (const name of await foldersIn(path)) if (await isThere(join(path, name, "record.json"))) return "run";
  try {
    await openDataset(path);
    return "data";
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    const { trainings, plans } = await findProgress([path]);
    if (trainings.length + plans.length > 0) return "run";
    throw nothingToShow(path);
  }
}

const nothingToShow = (path: string): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${path} holds nothing that can be shown; wanted a data set, a tomogram, a survey, runs, submissions, picks or maps`,
    { path },
  );

/** Returns the data set that a survey, else a run's record names, where it is still there. */
async function dataOf(surveys: readonly string[], runs: readonly string[]): Promise<string | undefined> {
  for (const survey of surveys) {
    const settings = await readSettings(survey);
    if (settings && isReachable(settings.data)) return settings.data;
  }
  for (const run of runs) {
    const path = join(run, "record.json");
    if (!(await isThere(path))) continue;
    const named = recordedData(await readRecord(path));
    if (named !== undefined && isReachable(named)) return named;
  }
  return undefined;
}
