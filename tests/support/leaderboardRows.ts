import type { LeaderboardRow } from "../../src/leaderboard/leaderboard.js";

/** A row by its rank; the lower, the higher its score, the fewer its parameters, the longer its training. */
export const rowOf = (rank: number, name: string, changes: Partial<LeaderboardRow> = {}): LeaderboardRow => ({
  rank,
  name,
  experiment: name.replace(/-seed\d+$/, ""),
  score: 1 - rank / 10,
  interval: null,
  against: null,
  perType: { ribosome: rank / 10 },
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
