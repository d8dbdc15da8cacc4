/** copick's files of the picks of one user and session: read with all that they hold, and written only where nobody else did. */
import { basename, join } from "node:path";
import { picksPath } from "../../data/picks.js";
import { parsePicks, picksText } from "../../formats/copickPicks.js";
import { jsonOf } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf, writeWhole } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import { isThere } from "../../system/paths/replacing.js";
import type { HeldPick } from "./picksState.js";

/** Whose picks, of which run, and where they are written. */
export interface PicksPlace {
  readonly overlayRoot: string;
  /** All roots of the data set. */
  readonly roots: readonly string[];
  readonly run: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** A file's points, and the document around them. */
export interface ReadFile {
  readonly path: string;
  /** Of the file's bytes; null where there is none. */
  readonly hash: string | null;
  readonly document: Readonly<Record<string, unknown>>;
  readonly points: readonly {
    readonly at: readonly [number, number, number];
    readonly rest: Record<string, unknown>;
  }[];
}

const pathOf = (place: PicksPlace, type: string): string =>
  picksPath(place.overlayRoot, place.run, type, place);

/**
 * Reads a type's file; empty where there is none.
 *
 * @throws PickbenchError BadDataset where it is broken, or BadUsage where it lies in a root that is only read
 */
export async function readPicksDocument(place: PicksPlace, type: string): Promise<ReadFile> {
  const path = pathOf(place, type);
  const bytes = await readIfThere(path);
  if (bytes === undefined) {
    await refuseElsewhere(place, path);
    return { path, hash: null, document: {}, points: [] };
  }
  const { points, ...document } = parsePicks(path, bytes.toString("utf8"));
  const named = document.pickable_object_name;
  if (typeof named === "string" && named !== type)
    throw new PickbenchError(
      "BadDataset",
      `${path}: pickable_object_name is ${named}; wanted ${type}, as the file is called`,
      { path },
    );
  return {
    path,
    hash: hashOf(bytes),
    document,
    points: (points ?? []).map(({ location: { x, y, z }, ...rest }) => ({ at: [x, y, z], rest })),
  };
}

/** A file of these picks in another root would be hidden by the one that is written. */
async function refuseElsewhere({ overlayRoot, roots, run }: PicksPlace, path: string): Promise<void> {
  for (const root of roots) {
    const other = join(root, "ExperimentRuns", run, "Picks", basename(path));
    if (root === overlayRoot || !(await isThere(other))) continue;
    throw new PickbenchError(
      "BadUsage",
      `${other} has picks of this user and session, and is only read; give another --session`,
      { path: other },
    );
  }
}

/** Returns the hash of a type's file as it is now; null where there is none. */
export async function hashNow(place: PicksPlace, type: string): Promise<string | null> {
  const bytes = await readIfThere(pathOf(place, type));
  return bytes === undefined ? null : hashOf(bytes);
}

/** Returns the text of a type's file. @param document fields of the file that it replaces */
export function textOf(
  { run, userId, sessionId }: PicksPlace,
  type: string,
  document: Readonly<Record<string, unknown>>,
  picks: readonly HeldPick[],
): string {
  const header = JSON.parse(picksText({ type, run, author: { userId, sessionId } }, [])) as object;
  const points = picks.map(({ at: [x, y, z], rest }) => ({ location: { x, y, z }, ...rest }));
  return `${jsonOf({ ...header, ...document, points }, 1)}\n`;
}

/** Replaces a type's file as a whole. */
export const writePicksDocument = (place: PicksPlace, type: string, text: string): Promise<void> =>
  writeWhole(pathOf(place, type), text);

/** The sentence about a file that another program has changed. */
export const changedElsewhere = (place: PicksPlace, type: string, journal: string): PickbenchError => {
  const path = pathOf(place, type);
  return new PickbenchError(
    "BadDataset",
    `${path}: another program has changed it since the studio read it, and edits of it wait in ${journal}; move the file away to have it written with them, or move that journal away to take the file as it is, and start the studio again`,
    { path },
  );
};
