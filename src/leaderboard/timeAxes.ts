/** Times that scores are drawn against. */
import type { LeaderboardRow } from "./entries.js";

/** A time to plot scores against. */
export interface TimeAxis {
  readonly title: string;
  readonly of: (row: LeaderboardRow) => number | null;
}

export const timeAxes: readonly TimeAxis[] = [
  { title: "minutes of training", of: ({ trainMinutes }) => trainMinutes },
  { title: "seconds per tomogram", of: ({ tomogramSeconds }) => tomogramSeconds },
];
