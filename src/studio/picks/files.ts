/** Files of picks of any format, by run and author: each kept once it is read, and read again when it has changed. */
import { basename, dirname } from "node:path";
import type { PositionSet } from "../../formats/positions/frames.js";
import { readPositionsIn } from "../../formats/positions/positionFolder.js";
import { readPositionsFile } from "../../formats/positions/readPositions.js";
import { runNames } from "../../formats/runNames.js";
import { PickbenchError } from "../../system/errors.js";
import { LastUsed } from "../lastUsed.js";
import { stampAt } from "../stamp.js";
import { isSubmission, readSubmissionFile } from "./submissionFile.js";
import { type FilePicks, Tables } from "./tables.js";

/** Positions of a run in any frame, as converted to Å. */
export type ToAngstrom = (run: string, set: PositionSet, path: string) => Promise<PositionSet>;

/** What counts where a file does not say it. */
export interface AskedOfFile {
  readonly run?: string | undefined;
  readonly type?: string | undefined;
  /** Whether the file is one of a folder, of which some may be of no format. */
  readonly isOneOfMany?: boolean;
}

/** Most picks that stay in memory, in all files together. */
const mostPicks = 4_000_000;

interface Kept {
  readonly stamp: string;
  readonly picks: Promise<FilePicks>;
}

/** Reads files of picks and keeps the latest. */
export class PickFiles {
  readonly #kept: LastUsed<Kept>;
  readonly #toAngstrom: ToAngstrom;
  #reads = 0;

  constructor(toAngstrom: ToAngstrom, most = mostPicks) {
    this.#toAngstrom = toAngstrom;
    this.#kept = new LastUsed(most);
  }

  /** How often a file was read. */
  get reads(): number {
    return this.#reads;
  }

  /**
   * Returns what a file holds.
   *
   * @param asked what counts where the file does not say it; a file of many may be of no format, and holds nothing then
   * @throws PickbenchError BadDataset, BadSubmission for a file that is broken; BadUsage for positions in an unknown frame
   */
  async read(path: string, asked: AskedOfFile = {}): Promise<FilePicks> {
    const key = JSON.stringify([path, asked]);
    const stamp = await stampAt(path);
    const known = this.#kept.get(key);
    if (known?.stamp === stamp) return known.picks;
    this.#reads++;
    const kept = { stamp, picks: this.#readFile(path, asked) };
    this.#kept.set(key, kept, 0);
    try {
      const count = countOf(await kept.picks);
      if (this.#kept.get(key) === kept) this.#kept.set(key, kept, count);
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    return kept.picks;
  }

  async #readFile(path: string, { run: told, type, isOneOfMany }: AskedOfFile): Promise<FilePicks> {
    if (await isSubmission(path)) return readSubmissionFile(path);
    const sets = await setsIn(path, isOneOfMany ?? false);
    const names = runNames(sets.flatMap(({ run }) => run ?? []));
    const tables = new Tables();
    for (const set of sets) {
      const run = set.run === undefined ? told : names.of(set.run);
      if (run === undefined) throw namesNoRun(path);
      addSet(tables, run, await this.#toAngstrom(run, set, path), type ?? stemOf(path));
    }
    return tables.columns();
  }
}

function countOf(picks: FilePicks): number {
  let count = 0;
  for (const ofRun of picks.values()) for (const ofAuthor of ofRun.values()) count += ofAuthor.count;
  return count;
}

const stemOf = (path: string): string => basename(path).replace(/\.[^.]*$/, "");

/** Reads a file; one of many that is of no format has no positions. */
async function setsIn(path: string, isOneOfMany: boolean): Promise<readonly PositionSet[]> {
  if (!isOneOfMany) return (await readPositionsFile(path)).sets;
  return (await readPositionsIn(dirname(path), basename(path), {}))?.sets ?? [];
}

/** @param named the type of positions that tell none */
function addSet(tables: Tables, run: string, set: PositionSet, named: string): void {
  const { userId, sessionId } = set.author ?? {};
  const table = tables.of(
    run,
    userId !== undefined && sessionId !== undefined ? `${userId}_${sessionId}` : "",
  );
  const columns = (set.extra?.names ?? []).map((name) => table.column(name));
  for (const { at, type = named, score, rotation, instance, extra = [] } of set.positions) {
    for (const [place, column] of columns.entries()) column.addText(extra[place] ?? "");
    table.add({ type, x: at[0], y: at[1], z: at[2], score, rotation, instance });
  }
}

const namesNoRun = (path: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path} names no run of its positions; write the run into it with pickbench convert --run, or put it into ExperimentRuns/RUN/Picks`,
    { path },
  );
