/** Scores of fused picks: how those of several pickers become one. */
import type { FusedPick } from "./fusePicks.js";

/** Ways to combine scores, by the names that `--scores` takes. */
export const scoreRules = ["share", "mean", "max", "min", "sum"] as const;
export type ScoreRule = (typeof scoreRules)[number];

/**
 * Combines the scores of the pickers that saw a particle: their greatest, their least, their sum by weight, their mean by
 * weight, or `share`, the sum by weight over the weights of all pickers that looked, so that what few saw scores lower.
 */
export function combinedScore({ score, members }: FusedPick, rule: ScoreRule): number {
  if (rule === "share") return score;
  const scores = members.map((member) => member.score);
  if (rule === "max") return Math.max(...scores);
  if (rule === "min") return Math.min(...scores);
  const sum = members.reduce((all, member) => all + member.weight * member.score, 0);
  return rule === "sum" ? sum : sum / members.reduce((all, { weight }) => all + weight, 0);
}
