/** Picks of a data set: lists, reads and writes them in copick's files and the Data Portal's annotations. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ParticlePick } from "../domain/particles.js";
import { angstrom } from "../domain/units.js";
import { ownUserId, type PicksAuthor, parsePicks, picksText } from "../formats/copickPicks.js";
import { readPortalPoints } from "../formats/portalPoints.js";
import { isIdentity } from "../formats/positions/orientation.js";
import { transformOf } from "../formats/positions/programs/copick.js";
import { readIfThere } from "../formats/zarr/omeDocument.js";
import { PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { checkedName, inside } from "../system/paths/names.js";
import { isSidecar } from "../system/paths/sidecar.js";
import { findRun } from "./dataset.js";
import type { Dataset, PortalAnnotation } from "./model.js";
import { resolveTomogram } from "./tomograms/omeZarr.js";

/** A file of picks of one type; user and session are absent in the challenge's plain `<particle>.json`. */
export interface PicksFile extends PicksAuthor {
  readonly path: string;
  /** Set for an annotation of the CryoET Data Portal; its user is `portal`, its session the annotation's number. */
  readonly annotation?: PortalAnnotation;
}

const picksFolder = (root: string, run: string) => join(root, "ExperimentRuns", run, "Picks");

/**
 * Lists the files of picks of a type in a run, over both roots; of two files with one name the overlay's counts.
 *
 * @param author keeps only files of this user, of this session, or of both
 */
export async function listPicks(
  dataset: Dataset,
  run: string,
  type: string,
  author: PicksAuthor = {},
): Promise<PicksFile[]> {
  const files = new Map<string, PicksFile>();
  for (const root of dataset.roots) {
    for (const name of await jsonNames(picksFolder(root, run))) {
      const found = authorOf(name, type);
      if (!found || files.has(name)) continue;
      const file = { ...found, path: join(picksFolder(root, run), name) };
      if (isOf(file, author)) files.set(name, file);
    }
  }
  for (const file of annotationFiles(dataset, run, type)) if (isOf(file, author)) files.set(file.path, file);
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const isOf = (file: PicksFile, { userId, sessionId }: PicksAuthor): boolean =>
  (userId === undefined || file.userId === userId) &&
  (sessionId === undefined || file.sessionId === sessionId);

function annotationFiles(dataset: Dataset, run: string, type: string): PicksFile[] {
  const annotations = dataset.runs.find(({ name }) => name === run)?.annotations ?? [];
  return annotations
    .filter((annotation) => annotation.type === type)
    .map((annotation) => ({ path: annotation.path, userId: "portal", sessionId: annotation.id, annotation }));
}

/** What is read of picks besides their places and scores. */
export interface PicksDetail {
  /** Whether orientations are read where a file has any, and refused where they are broken; copick's files alone. */
  readonly orientations?: boolean;
}

/** Reads a file of picks of a run in any layout; points of the Data Portal are converted to Å by the run's tomogram. */
export async function readPicksOf(
  dataset: Dataset,
  run: string,
  type: string,
  { path, annotation }: PicksFile,
  detail: PicksDetail = {},
): Promise<ParticlePick[]> {
  if (!annotation) return readPicksFile(path, type, detail);
  const { voxelSpacing } = annotation;
  const tomogram = findRun(dataset, run).tomograms.find((each) => each.voxelSpacing === voxelSpacing);
  const length = angstrom(voxelSpacing);
  const spacing = tomogram && (await resolveTomogram(tomogram, dataset.access)).levels[0]?.spacing;
  return readPortalPoints(path, type, spacing ?? [length, length, length]);
}

/**
 * Lists files in a run's Picks folders, and annotations, that belong to none of the data set's types: misspelt, or not
 * particles.
 */
export async function strayPicks(dataset: Dataset, run: string): Promise<string[]> {
  const stray: string[] = [];
  for (const root of dataset.roots) {
    const folder = picksFolder(root, run);
    for (const name of await jsonNames(folder))
      if (!dataset.particles.some((particle) => authorOf(name, particle.name)))
        stray.push(join(folder, name));
  }
  const annotations = dataset.runs.find(({ name }) => name === run)?.annotations ?? [];
  for (const { type, path } of annotations)
    if (!dataset.particles.some((particle) => particle.name === type)) stray.push(path);
  return stray.sort();
}

/**
 * Lists the types of all picks of a data set, of its particles or not, in the order of their names: of copick's files
 * those that the file says it is of or, where it says none, that its name tells.
 */
export async function pickedTypes(dataset: Dataset): Promise<string[]> {
  const types = new Set<string>();
  for (const { name: run, annotations = [] } of dataset.runs) {
    for (const root of dataset.roots)
      for (const name of await jsonNames(picksFolder(root, run))) {
        const known = dataset.particles.find((particle) => authorOf(name, particle.name));
        types.add(known?.name ?? (await typeOf(join(picksFolder(root, run), name), name)));
      }
    for (const { type } of annotations) types.add(type);
  }
  return [...types].sort();
}

async function typeOf(path: string, name: string): Promise<string> {
  const text = await readIfThere(path);
  const said = text === undefined ? undefined : parsePicks(path, text).pickable_object_name;
  if (typeof said === "string" && authorOf(name, said)) return said;
  const stem = name.slice(0, -".json".length);
  const [, , ...rest] = stem.split("_");
  return rest.length > 0 ? rest.join("_") : stem;
}

async function jsonNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(
      (name) => name.endsWith(".json") && !name.startsWith(".") && !isSidecar(name),
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return [];
    throw error;
  }
}

/**
 * Reads user and session from a file's name, `<type>.json` or `<user>_<session>_<type>.json`; undefined for other
 * types.
 */
function authorOf(name: string, type: string): PicksAuthor | undefined {
  if (name === `${type}.json`) return {};
  const tail = `_${type}.json`;
  if (!name.endsWith(tail)) return undefined;
  const parts = name.slice(0, -tail.length).split("_");
  const [userId, sessionId] = parts;
  return parts.length === 2 && userId && sessionId ? { userId, sessionId } : undefined;
}

/**
 * Reads the picks of a type in a run, in Å; none where there is no file.
 *
 * @throws PickbenchError BadDataset as `chosenPicks`, or where the file is broken
 */
export async function readPicks(
  dataset: Dataset,
  run: string,
  type: string,
  author: PicksAuthor = {},
  detail: PicksDetail = {},
): Promise<ParticlePick[]> {
  const file = await chosenPicks(dataset, run, type, author);
  return file ? readPicksOf(dataset, run, type, file, detail) : [];
}

/**
 * Chooses the file of a type's picks in a run; undefined where there is none.
 *
 * The file is chosen so: with `author`, the file of that author; else the challenge's plain `<type>.json`; else the
 * only session there is, without pickbench's own, so that predictions written into the overlay never become truth, and
 * of the Data Portal's annotations only those marked as ground truth.
 *
 * @throws PickbenchError BadDataset where several sessions are left to choose from
 */
export async function chosenPicks(
  dataset: Dataset,
  run: string,
  type: string,
  author: PicksAuthor = {},
): Promise<PicksFile | undefined> {
  const files = await listPicks(dataset, run, type, author);
  const asked = author.userId !== undefined || author.sessionId !== undefined;
  const plain = files.find((file) => file.userId === undefined);
  const isTruth = ({ userId, annotation }: PicksFile) =>
    annotation ? annotation.isGroundTruth : userId !== ownUserId;
  const others = asked ? files : files.filter(isTruth);
  const [file, second] = !asked && plain ? [plain] : others;
  if (!file) return undefined;
  if (second)
    throw new PickbenchError(
      "BadDataset",
      `${run}: ${type} was picked in several sessions (${others.map((other) => `${other.userId}_${other.sessionId}`).join(", ")}); name the user and session to read`,
      { path: file.path },
    );
  return file;
}

/** Reads picks of every type of the data set, run by run; runs without any have an empty list. */
export async function readTruth(
  dataset: Dataset,
  author: PicksAuthor = {},
): Promise<Map<string, ParticlePick[]>> {
  const truth = new Map<string, ParticlePick[]>();
  for (const { name } of dataset.runs) {
    const lists = await Promise.all(
      dataset.particles.map((particle) => readPicks(dataset, name, particle.name, author)),
    );
    truth.set(name, lists.flat());
  }
  return truth;
}

/** Reads picks as `readTruth` does, without the runs that nobody picked; runs picked and found empty stay. */
export async function readPickedTruth(dataset: Dataset): Promise<Map<string, ParticlePick[]>> {
  const truth = await readTruth(dataset);
  for (const [run, picks] of truth) {
    if (picks.length > 0) continue;
    const files = await Promise.all(dataset.particles.map(({ name }) => listPicks(dataset, run, name)));
    if (files.flat().length === 0) truth.delete(run);
  }
  return truth;
}

/**
 * Reads a copick file of picks of a type. @throws PickbenchError BadDataset as `parsePicks`, or where the type differs
 */
export async function readPicksFile(
  path: string,
  type: string,
  { orientations = false }: PicksDetail = {},
): Promise<ParticlePick[]> {
  const text = await readIfThere(path);
  if (text === undefined) throw new PickbenchError("BadDataset", `${path}: no such file`, { path });
  const { pickable_object_name: named, points } = parsePicks(path, text);
  if (named !== undefined && named !== null && named !== type)
    throw new PickbenchError(
      "BadDataset",
      `${path}: pickable_object_name is ${named}; wanted ${type}, as the file is called`,
      { path },
    );
  const rotations = orientations ? rotationsOf(path, points ?? []) : [];
  return (points ?? []).map(({ location, score }, i) => ({
    type,
    x: angstrom(location.x),
    y: angstrom(location.y),
    z: angstrom(location.z),
    ...(score === undefined || score === null ? {} : { score }),
    ...(rotations[i] ? { rotation: rotations[i] } : {}),
  }));
}

/** Returns the orientations of points; none where all are the identity, which says nothing. @throws BadDataset for a broken one */
function rotationsOf(path: string, points: readonly Readonly<Record<string, unknown>>[]) {
  const rotations = points.map(({ transformation_: given }, i) => {
    const { rotation, fault } = transformOf(path, `point ${i + 1}`, given);
    if (fault) throw fault;
    return rotation;
  });
  return rotations.some((rotation) => rotation && !isIdentity(rotation)) ? rotations : [];
}

/**
 * Returns the copick file of a type's picks by an author.
 *
 * @throws BadUsage where a name does not fit into it
 */
export function picksPath(
  overlayRoot: string,
  run: string,
  type: string,
  { userId, sessionId }: Required<PicksAuthor>,
): string {
  const tag = "BadUsage";
  const user = checkedName(userId, { what: "user", remedy: "give another --user", tag, separator: "_" });
  const session = checkedName(sessionId, {
    what: "session",
    remedy: "give another --session",
    tag,
    separator: "_",
  });
  const file = `${user}_${session}_${checkedName(type, { what: "type", tag })}.json`;
  const folder = inside(overlayRoot, ["ExperimentRuns", run, "Picks"], { what: "run", tag });
  return inside(folder, file, { what: "type", tag });
}

/** Returns a rotation as copick's matrix, which moves nothing. */
const matrixOf = (rotation: readonly number[]): number[][] => [
  ...[0, 3, 6].map((row) => [...rotation.slice(row, row + 3), 0]),
  [0, 0, 0, 1],
];

/** A pick to write, with what else is known of it, which copick passes over. */
export interface WrittenPick extends ParticlePick {
  readonly metadata?: Readonly<Record<string, number | string>>;
}

/** Writes picks of a type as copick JSON, in Å with scores, and with orientations where they are known; returns the file's path. */
export async function writePicks(
  overlayRoot: string,
  run: string,
  type: string,
  picks: readonly WrittenPick[],
  author: { readonly userId: string; readonly sessionId: string },
): Promise<string> {
  const path = picksPath(overlayRoot, run, type, author);
  const points = picks.map(({ x, y, z: depth, score, rotation, instance, metadata }) => ({
    location: { x, y, z: depth },
    ...(rotation === undefined ? {} : { transformation_: matrixOf(rotation) }),
    ...(instance === undefined ? {} : { instance_id: instance }),
    ...(score === undefined ? {} : { score }),
    ...(metadata === undefined ? {} : { metadata }),
  }));
  await writeWhole(path, picksText({ type, run, author }, points));
  return path;
}

/** Reads all picks of a run, of every type of the data set; the truth, unless an author is named. */
export async function readRunPicks(
  dataset: Dataset,
  run: string,
  author: PicksAuthor = {},
): Promise<ParticlePick[]> {
  const perType = await Promise.all(
    dataset.particles.map(({ name }) => readPicks(dataset, run, name, author)),
  );
  return perType.flat();
}
