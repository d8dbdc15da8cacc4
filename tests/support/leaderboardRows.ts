/** Rows of a leaderboard. */
import type { LeaderboardRow } from "../../src/leaderboard/entries.js";

/** Makes a row of a rank; a lower rank has a higher score, fewer parameters and longer training. */
export const rowOf = (rank: number, name: string, changes: Partial<LeaderboardRow> = {}): LeaderboardRow => ({
  rank,
  name,
  experiment: name.replace(/-seed\d+$/, ""),
  score: 1 - rank / 10,
  interval: null,
  against: null,
  perType: { ribosome: rank / 10 },
  notScored: [],
  split: null,
  network: "unet",
  parameters: 1000 * rank,
  trainMinutes: 10 - rank,
  minutes: 20,
  tomogramSeconds: rank,
  cpu: "a processor",
  cores: 2,
  engine: "onnx-cpu",
  seed: 0,
  commit: null,
  dirty: null,
  finishedAt: "2026-11-21T06:14:22.942Z",
  ...changes,
});
