import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PickbenchError } from "../errors.js";
import { writeWhole } from "../files.js";
import type { Pick } from "../particles.js";
import { angstrom } from "../units.js";
import { type Dataset, findRun } from "./dataset.js";
import { readIfThere } from "./omeMetadata.js";
import { resolveTomogram } from "./omeZarr.js";
import type { PortalAnnotation } from "./portalLayout.js";
import { readPortalPoints } from "./portalPoints.js";

/** Who made a set of picks, and in which session; copick's words. */
export interface PicksAuthor {
  readonly userId?: string;
  readonly sessionId?: string;
}

/** A file of picks of one type; user and session are missing in the challenge's plain `<particle>.json`. */
export interface PicksFile extends PicksAuthor {
  readonly path: string;
  /** Where they are an annotation of the CryoET Data Portal: its user is `portal`, its session the annotation's number. */
  readonly annotation?: PortalAnnotation;
}

const picksFolder = (root: string, run: string) => join(root, "ExperimentRuns", run, "Picks");

/** The user id under which pickbench writes its own picks. */
export const ownUserId = "pickbench";

/**
 * Files of picks of a type in a run, over both roots; of two files with one name the overlay's counts.
 *
 * @param author only files of this user, of this session, or both
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

/** Reads a file of picks of a run, whatever its layout; those of the Data Portal in Å of the run's tomogram. */
export async function readPicksOf(
  dataset: Dataset,
  run: string,
  type: string,
  { path, annotation }: PicksFile,
): Promise<Pick[]> {
  if (!annotation) return readPicksFile(path, type);
  const { voxelSpacing } = annotation;
  const tomogram = findRun(dataset, run).tomograms.find((each) => each.voxelSpacing === voxelSpacing);
  const length = angstrom(voxelSpacing);
  const spacing = tomogram && (await resolveTomogram(tomogram)).levels[0]?.spacing;
  return readPortalPoints(path, type, spacing ?? [length, length, length]);
}

/** Files in a run's Picks folders, and annotations, that belong to none of the data set's types: misspelt or meant for others. */
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

async function jsonNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".json") && !name.startsWith("."));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return [];
    throw error;
  }
}

/** User and session in a file's name, `<type>.json` or `<user>_<session>_<type>.json`; undefined for other types. */
function authorOf(name: string, type: string): PicksAuthor | undefined {
  if (name === `${type}.json`) return {};
  const tail = `_${type}.json`;
  if (!name.endsWith(tail)) return undefined;
  const parts = name.slice(0, -tail.length).split("_");
  const [userId, sessionId] = parts;
  return parts.length === 2 && userId && sessionId ? { userId, sessionId } : undefined;
}

/**
 * Picks of a type in a run, in Å; none where there is no file.
 *
 * Which file: those of `author` where one is asked for. Otherwise the challenge's plain `<type>.json`; else the one
 * session there is, pickbench's own left out, so that predictions written into the overlay never turn into truth, and
 * of the Data Portal's annotations those that say they are ground truth.
 *
 * @throws BadDataset where several sessions are left to choose from, or a file is broken.
 */
export async function readPicks(
  dataset: Dataset,
  run: string,
  type: string,
  author: PicksAuthor = {},
): Promise<Pick[]> {
  const files = await listPicks(dataset, run, type, author);
  const asked = author.userId !== undefined || author.sessionId !== undefined;
  const plain = files.find((file) => file.userId === undefined);
  const isTruth = ({ userId, annotation }: PicksFile) =>
    annotation ? annotation.isGroundTruth : userId !== ownUserId;
  const others = asked ? files : files.filter(isTruth);
  const [file, second] = !asked && plain ? [plain] : others;
  if (!file) return [];
  if (second)
    throw new PickbenchError(
      "BadDataset",
      `${run}: ${type} was picked in several sessions (${others.map((other) => `${other.userId}_${other.sessionId}`).join(", ")}); name the user and session to read`,
      { path: file.path },
    );
  return readPicksOf(dataset, run, type, file);
}

/** Picks of every type of the data set, run by run; runs without any have an empty list. */
export async function readTruth(dataset: Dataset, author: PicksAuthor = {}): Promise<Map<string, Pick[]>> {
  const truth = new Map<string, Pick[]>();
  for (const { name } of dataset.runs) {
    const lists = await Promise.all(
      dataset.particles.map((particle) => readPicks(dataset, name, particle.name, author)),
    );
    truth.set(name, lists.flat());
  }
  return truth;
}

const pointSchema = z.looseObject({
  location: z.looseObject({ x: z.number(), y: z.number(), z: z.number() }),
  score: z.number().nullish(),
});
const picksSchema = z.looseObject({
  pickable_object_name: z.string().nullish(),
  unit: z.enum(["angstrom", "Å", "A"]).nullish(),
  points: z.array(pointSchema).nullish(),
});

/** What a copick file of picks holds; what is not looked at here is kept. */
export type PicksDocument = z.infer<typeof picksSchema>;

/** Parses a copick file of picks. @throws BadDataset with the file and the number of the broken point, from 1. */
export function parsePicks(path: string, text: string): PicksDocument {
  const value = jsonWithNaN(path, text);
  const parsed = picksSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badPicks(path, value, parsed.error);
}

/** Reads a copick file of picks of a type. @throws BadDataset as `parsePicks`, and where it is of another type. */
export async function readPicksFile(path: string, type: string): Promise<Pick[]> {
  const text = await readIfThere(path);
  if (text === undefined) throw new PickbenchError("BadDataset", `${path}: no such file`, { path });
  const { pickable_object_name: named, points } = parsePicks(path, text);
  if (named !== undefined && named !== null && named !== type)
    throw new PickbenchError(
      "BadDataset",
      `${path}: pickable_object_name is ${named}; wanted ${type}, as the file is called`,
      { path },
    );
  return (points ?? []).map(({ location, score }) => ({
    type,
    x: angstrom(location.x),
    y: angstrom(location.y),
    z: angstrom(location.z),
    ...(score === undefined || score === null ? {} : { score }),
  }));
}

/** JSON as Python writes it: a bare NaN or Infinity becomes text, so that the point it stands in can be named. */
function jsonWithNaN(path: string, text: string): unknown {
  try {
    const bareOrString = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g;
    return JSON.parse(text.replace(bareOrString, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${path}: picks are not JSON: ${(error as Error).message.replace(/\s+/g, " ")}`,
      {
        path,
        cause: error,
      },
    );
  }
}

function badPicks(path: string, value: unknown, error: z.ZodError): PickbenchError {
  const at = error.issues[0]?.path ?? [];
  let got: unknown = value;
  for (const key of at) got = (got as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown = JSON.stringify(got) ?? "missing";
  const where =
    at[0] === "points" && typeof at[1] === "number"
      ? `point ${at[1] + 1}: ${at.slice(2).join(".") || "the point"}`
      : at.join(".") || "the document";
  const wanted =
    at[0] === "unit" ? "angstrom" : at.length > 2 ? "a number in Å" : "copick picks with unit and points";
  return new PickbenchError(
    "BadDataset",
    `${path}: ${where} is ${shown.slice(0, 60)}; wanted ${wanted}: mend the file`,
    { path },
  );
}

const identity = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** A point as it is written: without a transform it lies as its type does, without an instance in instance 0. */
export interface PicksPoint {
  readonly location: { readonly x: number; readonly y: number; readonly z: number };
  /** 4×4, row by row. */
  readonly transformation_?: readonly (readonly number[])[];
  readonly instance_id?: number;
  readonly score?: number;
}

/** Text of a copick file of picks of one type in one run, in Å. */
export function picksText(
  of: { readonly type: string; readonly run: string | null; readonly author: PicksAuthor },
  points: readonly PicksPoint[],
): string {
  const document = {
    pickable_object_name: of.type,
    user_id: of.author.userId,
    session_id: of.author.sessionId,
    run_name: of.run,
    voxel_spacing: null,
    unit: "angstrom",
    points: points.map(({ location, transformation_ = identity, instance_id = 0, score }) => ({
      location,
      transformation_,
      instance_id,
      ...(score === undefined ? {} : { score }),
    })),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Writes picks of a type as copick JSON, in Å, scores kept; gives the file's path. */
export async function writePicks(
  overlayRoot: string,
  run: string,
  type: string,
  picks: readonly Pick[],
  author: { readonly userId: string; readonly sessionId: string },
): Promise<string> {
  const { userId, sessionId } = author;
  for (const [what, name] of Object.entries({ run, type, userId, sessionId }))
    if (!/^[^./\\\0][^/\\\0]*$/.test(name) || (what.endsWith("Id") && name.includes("_")))
      throw new PickbenchError(
        "BadUsage",
        `${what} ${JSON.stringify(name)} cannot be part of a copick file's name; wanted no slash, no leading dot and, in user and session, no underscore`,
      );
  const path = join(picksFolder(overlayRoot, run), `${userId}_${sessionId}_${type}.json`);
  const points = picks.map(({ x, y, z: depth, score }) => ({
    location: { x, y, z: depth },
    ...(score === undefined ? {} : { score }),
  }));
  await writeWhole(path, picksText({ type, run, author }, points));
  return path;
}
