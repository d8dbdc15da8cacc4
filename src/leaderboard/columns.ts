/** The columns of the leaderboard, and the lines around its tables. */
import { decimals, none, thousands } from "../present/text.js";
import { overSeedsText } from "../score/statistics/seeds.js";
import type { LeaderboardRow } from "./entries.js";
import type { LeaderboardGroup } from "./leaderboard.js";
import { reportedDifferenceText } from "./reportedComparison.js";

/** A column of the leaderboard, for every kind of output. */
export interface LeaderboardColumn {
  /** Name of the column for `--sort`. */
  readonly key: string;
  readonly title: string;
  readonly text: (row: LeaderboardRow) => string;
  /** Value that rows are sorted by; null goes last. */
  readonly value: (row: LeaderboardRow) => number | string | null;
  /** Whether the highest value comes first, as for scores. */
  readonly isDescending?: boolean;
}

const score = (value: number | undefined): string => decimals(value, 4);

/**
 * Returns the columns that some rows need: types without any score, and splits that no row defines, have no columns.
 */
export function leaderboardColumns(
  rows: readonly LeaderboardRow[],
  onlyType?: string,
): readonly LeaderboardColumn[] {
  const types = [...new Set(rows.flatMap(({ perType }) => Object.keys(perType)))]
    .filter((type) => onlyType === undefined || type === onlyType)
    .sort();
  return [
    { key: "rank", title: "rank", text: ({ rank }) => String(rank), value: ({ rank }) => rank },
    { key: "name", title: "experiment", text: ({ name }) => name, value: ({ name }) => name },
    descending("score", "score", ({ score: value }) => value ?? undefined),
    {
      key: "interval",
      title: "90 % interval",
      text: ({ interval }) =>
        interval ? `${score(interval.score.low)} to ${score(interval.score.high)}` : none,
      value: ({ interval }) => interval?.score.low ?? null,
      isDescending: true,
    },
    {
      key: "against",
      title: "against the first",
      text: ({ against }) => (against ? reportedDifferenceText(against) : none),
      value: ({ against }) => against?.difference ?? 0,
      isDescending: true,
    },
    ...types.map((type) => typeColumn(type)),
    ...(onlyType === undefined ? featureNames(rows).map(featureColumn) : []),
    ...(rows.some(({ split }) => split)
      ? [
          descending("public", "public", ({ split }) => split?.public),
          descending("private", "private", ({ split }) => split?.private),
        ]
      : []),
    ...provenance,
  ];
}

const descending = (
  key: string,
  title: string,
  pick: (row: LeaderboardRow) => number | undefined,
): LeaderboardColumn => ({
  key,
  title,
  text: (row) => score(pick(row)),
  value: (row) => pick(row) ?? null,
  isDescending: true,
});

/** F4 of a type; of one without a weight it says so, as its 0.0000 would look like a failure. */
const typeColumn = (type: string): LeaderboardColumn => ({
  ...descending(type, `${type} F4`, ({ perType, notScored }) =>
    notScored.includes(type) ? undefined : perType[type],
  ),
  text: ({ perType, notScored }) => (notScored.includes(type) ? "not scored" : score(perType[type])),
});

const featureNames = (rows: readonly LeaderboardRow[]): string[] =>
  [...new Set(rows.flatMap(({ dice = {} }) => Object.keys(dice)))].sort();

/** Mean Dice of a feature over the held-out runs. */
const featureColumn = (feature: string): LeaderboardColumn =>
  descending(`dice ${feature}`, `${feature} Dice`, ({ dice }) => dice?.[feature] ?? undefined);

const hardwareText = ({ cpu, cores, engine }: LeaderboardRow): string => `${cpu}, ${cores} cores, ${engine}`;
const commitText = ({ commit, dirty }: LeaderboardRow): string =>
  `${commit?.slice(0, 9) ?? none}${dirty ? " (changed)" : ""}`;

const provenance: readonly LeaderboardColumn[] = [
  { key: "network", title: "architecture", text: ({ network }) => network, value: ({ network }) => network },
  {
    key: "parameters",
    title: "parameters",
    text: ({ parameters }) => thousands(parameters),
    value: ({ parameters }) => parameters,
  },
  {
    key: "training",
    title: "training, min",
    text: ({ trainMinutes }) => trainMinutes.toFixed(1),
    value: ({ trainMinutes }) => trainMinutes,
  },
  {
    key: "tomogram",
    title: "s/tomogram",
    text: ({ tomogramSeconds }) => decimals(tomogramSeconds, 1),
    value: ({ tomogramSeconds }) => tomogramSeconds,
  },
  { key: "hardware", title: "hardware", text: hardwareText, value: hardwareText },
  { key: "seed", title: "seed", text: ({ seed }) => String(seed), value: ({ seed }) => seed },
  { key: "commit", title: "commit", text: commitText, value: ({ commit }) => commit },
  {
    key: "date",
    title: "date",
    text: ({ finishedAt }) => finishedAt.slice(0, 10),
    value: ({ finishedAt }) => finishedAt,
  },
];

/** Describes what a group's rows have in common, in a line. */
export const groupTitle = ({ dataHash, dataName, holdout }: LeaderboardGroup): string =>
  `data ${dataName === null ? "" : `${dataName}, `}${dataHash.slice(0, 12)}, held out: ${holdout.join(", ")}`;

/** Names the runs of the public part: a line for each split in use. */
export function splitLines({ rows }: LeaderboardGroup): string[] {
  const ways = new Set(rows.flatMap(({ split }) => (split ? [split.publicRuns.join(", ")] : [])));
  return [...ways].map((runs) => `Public part: ${runs}; the other held-out runs are the private part.`);
}

/** Formats mean ± standard error of every experiment with several seeds, a line each. */
export const seedLines = ({ seeds }: LeaderboardGroup): string[] =>
  seeds.map(
    ({ experiment, seeds: own, score: mean }) =>
      `${experiment}, ${own.length} seeds (${own.join(", ")}): ${overSeedsText(mean)}, mean ± standard error over seeds.`,
  );

/** Note on what the order of the rows does not tell. */
export const orderNote =
  "Rows stand in the order of their scores. Whether a difference to the first would hold on other tomograms is said in the column beside it: from the paired counts of the runs both were scored on, which must differ in six or more.";
