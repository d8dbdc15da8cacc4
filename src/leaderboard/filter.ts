import { PickbenchError } from "../system/errors.js";
import { type LeaderboardColumn, leaderboardColumns } from "./columns.js";
import type { Leaderboard, LeaderboardGroup, LeaderboardRow } from "./leaderboard.js";

/** Which rows are shown, and in what order. */
export interface LeaderboardFilter {
  /** Of names, `*` for any characters and `?` for one. */
  readonly experiment?: string | undefined;
  readonly network?: string | undefined;
  /** Rows that were scored on this type. */
  readonly type?: string | undefined;
  /** Finished on this day, `2026-11-21`, or later. */
  readonly since?: string | undefined;
  readonly engine?: string | undefined;
  /** How the hash of the data begins. */
  readonly dataset?: string | undefined;
  /** Of each experiment the row of its highest score alone. */
  readonly best?: boolean | undefined;
  /** A column's key; ranks stay those by score. */
  readonly sort?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** The rows that pass; ranks and comparisons stay those among all. @throws BadUsage for a date or column that is none */
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

/** Matches everything where nothing is given. */
function globOf(glob = "*"): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "s");
}

/** Rows come highest score first. */
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

/** Best first where that is plain, else lowest; rows without a value go last either way. */
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
