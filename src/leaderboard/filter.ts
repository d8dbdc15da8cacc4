/** Filters and sorts the rows of a leaderboard. */
import { PickbenchError } from "../system/errors.js";
import { type LeaderboardColumn, leaderboardColumns } from "./columns.js";
import type { LeaderboardRow } from "./entries.js";
import type { Leaderboard, LeaderboardGroup } from "./leaderboard.js";

/** Which rows to show, and in which order. */
export interface LeaderboardFilter {
  /** Pattern of names: `*` for any characters, `?` for one. */
  readonly experiment?: string | undefined;
  readonly network?: string | undefined;
  /** Keeps rows that were scored on this type. */
  readonly type?: string | undefined;
  /** Keeps rows finished on this day, `2026-11-21`, or later. */
  readonly since?: string | undefined;
  readonly engine?: string | undefined;
  /** Beginning of the data's hash. */
  readonly dataset?: string | undefined;
  /** Keeps only the highest score of each experiment. */
  readonly best?: boolean | undefined;
  /** Key of a column to sort by; ranks stay those by score. */
  readonly sort?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/**
 * Filters the rows; ranks and comparisons stay those among all rows.
 * @throws PickbenchError BadUsage for an invalid date or an unknown column
 */
export function filterLeaderboard(leaderboard: Leaderboard, filter: LeaderboardFilter): Leaderboard {
  const since = sinceTime(filter.since);
  const [experiment, network] = [globOf(filter.experiment), globOf(filter.network)];
  const passes = (row: LeaderboardRow): boolean =>
    (experiment.test(row.experiment) || experiment.test(row.name)) &&
    network.test(row.network) &&
    (filter.type === undefined || Object.hasOwn(row.perType, filter.type)) &&
    (filter.engine === undefined || row.engine === filter.engine) &&
    Date.parse(row.finishedAt) >= since;
  const groups = leaderboard.groups
    .filter(({ dataHash }) => filter.dataset === undefined || dataHash.startsWith(filter.dataset))
    .map((group) => ({ ...group, rows: bestOf(group.rows.filter(passes), filter.best) }))
    .filter(({ rows }) => rows.length > 0)
    .map((group) => ({
      ...group,
      rows: sortRows(group, filter),
      seeds: group.seeds.filter((each) => group.rows.some((row) => row.experiment === each.experiment)),
    }));
  return { groups, unranked: leaderboard.unranked };
}

function sinceTime(since: string | undefined): number {
  if (since === undefined) return Number.NEGATIVE_INFINITY;
  const time = /^\d{4}-\d{2}-\d{2}$/.test(since) ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(time))
    throw new PickbenchError(
      "BadUsage",
      `--since ${since} is no day, wanted one such as 2026-11-21; give it`,
    );
  return time;
}

/** Makes a pattern of a glob; without one, a pattern that matches everything. */
function globOf(glob = "*"): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "s");
}

/** Keeps the first row of each experiment; rows come highest score first. */
const bestOf = (rows: readonly LeaderboardRow[], best = false): readonly LeaderboardRow[] =>
  best
    ? rows.filter(({ experiment }, at) => rows.findIndex((other) => other.experiment === experiment) === at)
    : rows;

function sortRows({ rows }: LeaderboardGroup, { sort, reverse = false }: LeaderboardFilter) {
  const columns = leaderboardColumns(rows);
  const column = columns.find(({ key }) => key === (sort ?? "rank"));
  if (!column)
    throw new PickbenchError(
      "BadUsage",
      `--sort ${sort} is no column, wanted one of ${columns.map(({ key }) => key).join(", ")}; choose one`,
    );
  return rows.toSorted((a, b) => compareRows(column, a, b, reverse));
}

/** Compares rows, best first where a column has a best, else lowest first; rows without a value go last either way. */
function compareRows(
  column: LeaderboardColumn,
  a: LeaderboardRow,
  b: LeaderboardRow,
  reverse: boolean,
): number {
  const [x, y] = [column.value(a), column.value(b)];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  const order = x < y ? -1 : x > y ? 1 : 0;
  return ((column.isDescending ?? false) !== reverse ? -order : order) || a.rank - b.rank;
}
