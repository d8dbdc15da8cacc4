/** Positions with all that their files hold, from a file of any format, a folder, or a copick configuration. */
import { type Source, sourceOf } from "../../formats/pickPlaces.js";
import type { PositionFormat } from "../../formats/positions/format.js";
import type { FrameName, PositionSet } from "../../formats/positions/frames.js";
import { readPositionFiles } from "../../formats/positions/positionFolder.js";
import type { PositionsFile } from "../../formats/positions/readPositions.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { rootsOf } from "./pickSources.js";

/** How positions are read. */
interface PositionsAsked {
  readonly format?: PositionFormat | undefined;
  readonly frame?: FrameName | undefined;
  /** Run of files that name none. */
  readonly run?: string | undefined;
  /** Only these runs; all if absent. */
  readonly runs?: readonly string[] | undefined;
  readonly reporter: Reporter;
}

/**
 * Reads positions: a file or folder of any format, or all picks of a copick configuration; with @USER_SESSION behind, of
 * this user and session alone.
 *
 * @throws PickbenchError BadDataset where nothing can be read; BadUsage where one type of a run has several sessions, or
 * runs that are asked for have no positions
 */
export async function readPositionSource(
  named: string,
  { format, frame, run, runs, reporter }: PositionsAsked,
): Promise<{ readonly files: PositionsFile[]; readonly notes: string[] }> {
  const source = await sourceOf(named);
  const asked = { ...(format ? { format } : {}), ...(frame ? { frame } : {}), ...(run ? { run } : {}) };
  const files: PositionsFile[] = [];
  const notes: string[] = [];
  for (const path of await rootsOf(source.path, reporter)) {
    const read = await readPositionFiles(path, asked);
    files.push(...read.files);
    notes.push(...read.notes);
  }
  const ofAuthor = kept(files, (set) => isOf(set, source));
  if (ofAuthor.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${named} holds no positions of this user and session; name others`,
      {
        path: source.path,
      },
    );
  checkOneSession(named, ofAuthor);
  const ofRuns = runs ? kept(ofAuthor, (set) => set.run !== undefined && runs.includes(set.run)) : ofAuthor;
  const there = new Set(ofAuthor.flatMap(({ sets }) => sets.map((set) => set.run ?? "a run without a name")));
  const absent = runs?.find((each) => !there.has(each));
  if (absent === undefined) return { files: ofRuns, notes };
  throw new PickbenchError(
    "BadUsage",
    `--runs names ${absent}, of which ${named} holds no positions; there is ${[...there].slice(0, 20).join(", ")}`,
  );
}

const kept = (files: readonly PositionsFile[], test: (set: PositionSet) => boolean): PositionsFile[] =>
  files.map((file) => ({ ...file, sets: file.sets.filter(test) })).filter(({ sets }) => sets.length > 0);

const isOf = ({ author }: PositionSet, { author: asked }: Source): boolean =>
  asked.userId === undefined || (author?.userId === asked.userId && author?.sessionId === asked.sessionId);

/** Of picks in copick's layout, one type of a run may be picked in several sessions, which are not to be mixed. */
function checkOneSession(named: string, files: readonly PositionsFile[]): void {
  const seen = new Map<string, string>();
  for (const { format, sets } of files)
    for (const { run, author, positions } of format.name === "copick" ? sets : []) {
      const session = `${author?.userId ?? "?"}_${author?.sessionId ?? "?"}`;
      for (const type of new Set(positions.map((position) => position.type))) {
        const other = seen.get(`${run}/${type}`);
        if (other !== undefined && other !== session)
          throw new PickbenchError(
            "BadUsage",
            `${named}: ${type} of ${run} was picked in several sessions (${other}, ${session}); name one, as in ${named}@${session}`,
          );
        seen.set(`${run}/${type}`, session);
      }
    }
}
