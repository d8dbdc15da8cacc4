// Which rows of a leaderboard are shown, and in which order.
import type { BoardGroup, BoardRow } from "../../../studio/progress/boards.js";

/** What a page asks for; empty texts ask for nothing. */
export interface BoardFilter {
  /** Words that a row must have. */
  readonly text: string;
  /** Title of the data. */
  readonly data: string;
  readonly network: string;
}

/** Keeps the groups and rows that a filter lets through; a group without any is left out. */
export function filtered(groups: readonly BoardGroup[], { text, data, network }: BoardFilter): BoardGroup[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = ({ cells, network: own }: BoardRow): boolean => {
    const all = cells.join(" ").toLowerCase();
    return (network === "" || own === network) && words.every((word) => all.includes(word));
  };
  return groups
    .filter((group) => data === "" || group.title === data)
    .map((group) => ({ ...group, rows: group.rows.filter(passes) }))
    .filter(({ rows }) => rows.length > 0);
}

/** Orders rows by a column, best or lowest first, or the other way; rows without a value go last either way. */
export function sorted(group: BoardGroup, key: string, isReversed: boolean): readonly BoardRow[] {
  const at = group.columns.findIndex((column) => column.key === key);
  const column = group.columns[at];
  if (!column) return group.rows;
  const isFalling = column.isDescending !== isReversed;
  return group.rows.toSorted((a, b) => {
    const [x, y] = [a.values[at] ?? null, b.values[at] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (isFalling ? -order : order) || a.rank - b.rank;
  });
}

/** Lists the architectures of groups, each once, sorted. */
export const networksIn = (groups: readonly BoardGroup[]): string[] =>
  [...new Set(groups.flatMap(({ rows }) => rows.map(({ network }) => network)))].sort();
