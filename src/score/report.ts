import type { ScoreReport } from "./score.js";

export function reportText(report: ScoreReport): string {
  return `score ${report.score.toFixed(4)}`;
}
