/** Writing of converted positions: one file, or a folder of files by run and type. */
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkedName, checkLinks, inside } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { isThere } from "../../system/paths/replacing.js";
import { runNameOf } from "../runNames.js";
import type { PositionFormat, WriteOptions } from "./format.js";
import type { PositionSet, TomogramPosition } from "./frames.js";

/** A file to write and the sets that go into it. */
export interface Place {
  readonly path: string;
  readonly sets: readonly PositionSet[];
  /** Whether each set holds one type of its run. */
  readonly isByType: boolean;
}

/** Paths of the written files, and notes for the user. */
export interface Placed {
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

/** Says whether a path to write is a folder: one that stands, or a name that is plainly one. */
export async function isFolderToWrite(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there ? there.isDirectory() : /[/\\]$/.test(path) || extname(path) === "";
}

/**
 * Writes sets as one file, or as a folder of as many files as the format needs: one a run, or one a run and type.
 *
 * @param out the file, or with `isFolder` the folder
 * @throws PickbenchError BadUsage where a file exists already, or one file cannot hold all sets
 */
export async function placeFiles(
  out: string,
  sets: readonly PositionSet[],
  format: PositionFormat,
  options: WriteOptions & { readonly isFolder: boolean; readonly overwrite: boolean },
): Promise<Placed> {
  const places = placesOf(out, sets, format, options.isFolder);
  const written = places.map((place) => ({ place, ...format.write(place.sets, options) }));
  const files = written.flatMap(({ place, bytes, beside }) => [
    { path: place.path, content: bytes as string | Uint8Array },
    ...[...(beside ?? [])].map(([end, content]) => ({ path: besides(place.path, end), content })),
  ]);
  const paths = files.map(({ path }) => path);
  await checkPlaces(out, paths, options);
  for (const { path, content } of files) await writeWhole(path, content);
  return {
    paths,
    notes: [
      ...(options.isFolder ? [] : nameLosses(sets, format)),
      ...new Set(written.flatMap(({ notes }) => notes ?? [])),
    ],
  };
}

/**
 * Returns the files to write: one, or in a folder as many as the format needs.
 *
 * @throws PickbenchError BadUsage where one file cannot hold all sets, or a file would be written twice
 */
export function placesOf(
  out: string,
  sets: readonly PositionSet[],
  format: PositionFormat,
  isFolder: boolean,
): Place[] {
  const places = isFolder ? folderPlaces(out, sets, format) : [onePlace(out, sets, format)];
  checkDistinct(places);
  return places;
}

/** @throws PickbenchError BadUsage where files exist already and may not be replaced, or lie behind links */
export async function checkPlaces(
  out: string,
  paths: readonly string[],
  { isFolder, overwrite }: { readonly isFolder: boolean; readonly overwrite: boolean },
): Promise<void> {
  if (isFolder && !(await isThere(out))) return;
  await checkFree(paths, overwrite, "another name");
  if (isFolder) await checkLinks(out, paths);
}

function onePlace(path: string, sets: readonly PositionSet[], { carries, title }: PositionFormat): Place {
  const refuse = (what: "run" | "type", names: readonly string[]) =>
    new PickbenchError(
      "BadUsage",
      `${title} holds one ${what}, and there are ${names.length} (${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}); give --${what} NAME, or a folder to write to`,
      { path },
    );
  const runs = sets.map(({ run }) => run ?? "without a name");
  if (!carries.has("several runs") && runs.length > 1) throw refuse("run", runs);
  const types = typesOf(sets);
  if (carries.has("type") && !carries.has("several types") && types.length > 1)
    throw refuse(
      "type",
      types.map((type) => type ?? "without a name"),
    );
  return { path, sets, isByType: false };
}

const typesOf = (sets: readonly PositionSet[]): (string | undefined)[] => [
  ...new Set(sets.flatMap(({ positions }) => positions.map(({ type }) => type))),
];

/** Notes the run and type names that are lost in one file; a folder keeps them in its files' names. */
export function nameLosses(sets: readonly PositionSet[], { carries, title }: PositionFormat): string[] {
  const hasRun = sets.some(({ run }) => run !== undefined);
  const hasType = typesOf(sets).some((type) => type !== undefined);
  return [
    ...(hasRun && !carries.has("run") ? [`run names are lost: ${title} has none`] : []),
    ...(hasType && !carries.has("type") ? [`types are lost: ${title} has none`] : []),
  ];
}

function folderPlaces(out: string, sets: readonly PositionSet[], format: PositionFormat): Place[] {
  const { carries, extensions, name } = format;
  const end = extensions[0]!;
  if (carries.has("several runs")) return [{ path: join(out, `positions${end}`), sets, isByType: false }];
  return sets.flatMap((set) => {
    const run = fileName("run", set.run);
    if (carries.has("several types"))
      return [
        {
          path: inside(out, `${run}${end}`, { what: "run", tag: "BadUsage" }),
          sets: [set],
          isByType: false,
        },
      ];
    return byType(set).map(([type, part]): Place => {
      const kind = fileName("type", type);
      const isOriented = part.positions.some(({ rotation }) => rotation);
      const below =
        name === "copick"
          ? ["ExperimentRuns", run, "Picks", `${authorName(set)}_${kind}.json`]
          : name === "portal"
            ? [run, `${kind}-1.0_${isOriented ? "orientedpoint" : "point"}${end}`]
            : [`${run}_${kind}${end}`];
      return { path: inside(out, below, { what: "type", tag: "BadUsage" }), sets: [part], isByType: true };
    });
  });
}

/** Divides a set by type, in the order in which the types first come. */
export function byType(set: PositionSet): [string | undefined, PositionSet][] {
  const types = new Map<string | undefined, TomogramPosition[]>();
  for (const position of set.positions) {
    const list = types.get(position.type);
    if (list) list.push(position);
    else types.set(position.type, [position]);
  }
  return [...types].map(([type, positions]) => [type, { ...set, positions }]);
}

/** Returns the begin of copick's file names: user and session. */
function authorName({ author }: PositionSet): string {
  const parts = { user: author?.userId ?? "pickbench", session: author?.sessionId ?? "0" };
  return Object.entries(parts)
    .map(([what, name]) =>
      checkedName(name, { what, remedy: `give another --${what}`, tag: "BadUsage", separator: "_" }),
    )
    .join("_");
}

/** Returns a name as part of a file's name, by the rule for names of runs. */
function fileName(what: string, name: string | undefined): string {
  const last = name === undefined ? "" : runNameOf(name);
  return checkedName(last, { what, remedy: `give --${what} NAME`, tag: "BadUsage" });
}

function checkDistinct(places: readonly Place[]): void {
  const paths = places.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `${twice} would be written twice, for runs whose names differ only in their folders; give --run`,
    );
}

/** Returns the path of a file beside another; the portal's metadata drops the shape from the name. */
export function besides(path: string, end: string): string {
  const stem = path.slice(0, path.length - extname(path).length);
  return `${stem.replace(/-(\d+\.\d+)_(?:oriented|instance)?point$/, "-$1")}${end}`;
}
