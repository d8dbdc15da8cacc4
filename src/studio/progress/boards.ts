/** Leaderboards as tables for a page: all columns of `pickbench leaderboard --html`, and points of scores against times. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import {
  groupTitle,
  leaderboardColumns,
  orderNote,
  seedLines,
  splitLines,
} from "../../leaderboard/columns.js";
import type { LeaderboardRow } from "../../leaderboard/entries.js";
import {
  type Leaderboard,
  type LeaderboardGroup,
  readLeaderboard,
  submissionNames,
} from "../../leaderboard/leaderboard.js";
import { timeAxes } from "../../leaderboard/timeAxes.js";
import { messageOf } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import { stampText } from "../stamp.js";

/** A row: its cells as text and as what they are sorted by, and its point in the chart. */
export interface BoardRow {
  readonly name: string;
  readonly network: string;
  readonly cells: readonly string[];
  readonly values: readonly (string | number | null)[];
  readonly rank: number;
  readonly score: number | null;
  /** The score's interval; the score itself where there is none. */
  readonly low: number | null;
  readonly high: number | null;
  /** By the board's `times`. */
  readonly times: readonly (number | null)[];
}

/** Submissions on the same data. */
export interface BoardGroup {
  readonly title: string;
  readonly data: string;
  readonly columns: readonly {
    readonly key: string;
    readonly title: string;
    readonly isDescending: boolean;
    readonly isNumber: boolean;
  }[];
  readonly rows: readonly BoardRow[];
  readonly notes: readonly string[];
}

/** The leaderboard of one folder of submissions. */
export interface Board {
  readonly folder: string;
  /** What cannot be read, in a sentence. */
  readonly why: string | null;
  readonly times: readonly string[];
  readonly groups: readonly BoardGroup[];
  readonly unranked: Leaderboard["unranked"];
  readonly note: string;
}

export class Boards {
  readonly #folders: readonly string[];
  readonly #kept = new Map<string, { readonly stamp: string; readonly board: Promise<Board> }>();

  /** @param folders of submissions */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Reads all leaderboards; one whose files are as before is not read again. */
  all(): Promise<Board[]> {
    return Promise.all(this.#folders.map((folder) => this.#board(folder)));
  }

  async #board(folder: string): Promise<Board> {
    try {
      const stamp = await stampOf(folder);
      const known = this.#kept.get(folder);
      if (known?.stamp === stamp) return await known.board;
      const board = readLeaderboard(folder).then((leaderboard) => boardOf(folder, leaderboard));
      this.#kept.set(folder, { stamp, board });
      return await board;
    } catch (error) {
      this.#kept.delete(folder);
      return { ...empty, folder, why: messageOf(error) };
    }
  }
}

/** Changes where a submission is new, gone, or has other files. */
async function stampOf(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const name of await submissionNames(folder))
    for (const file of ["record.json", "report.json"]) {
      const there = await lstat(join(folder, name, file)).catch(() => undefined);
      lines.push(`${name} ${file} ${there && stampText(there)}`);
    }
  return hashOf(lines.join("\n"));
}

const empty = { groups: [], unranked: [], times: timeAxes.map(({ title }) => title), note: orderNote };

const boardOf = (folder: string, { groups, unranked }: Leaderboard): Board => ({
  ...empty,
  folder,
  why: null,
  groups: groups.map(groupOf),
  unranked,
});

function groupOf(group: LeaderboardGroup): BoardGroup {
  const columns = leaderboardColumns(group.rows);
  const rows = group.rows.map((row) => ({
    ...pointOf(row),
    name: row.name,
    network: row.network,
    cells: columns.map(({ text }) => text(row)),
    values: columns.map(({ value }) => value(row)),
  }));
  return {
    title: groupTitle(group),
    data: group.dataName ?? group.dataHash.slice(0, 12),
    columns: columns.map(({ key, title, isDescending = false }, at) => ({
      ...{ key, title, isDescending },
      isNumber: rows.some(({ values }) => typeof values[at] === "number"),
    })),
    rows,
    notes: [...splitLines(group), ...seedLines(group)],
  };
}

const pointOf = (row: LeaderboardRow) => ({
  rank: row.rank,
  score: row.score,
  low: row.interval?.score.low ?? row.score,
  high: row.interval?.score.high ?? row.score,
  times: timeAxes.map(({ of }) => of(row)),
});
