/** The text of paired comparisons. */
import { alignedTable, signed } from "../../present/text.js";
import type { FileComparison } from "./compareFiles.js";
import { type Comparison, type Difference, significance } from "./comparison.js";

/** Formats the paired comparison of two submissions as a table, with its conclusions in plain words. */
export function comparisonText(comparison: FileComparison): string {
  const { score, perType, confidence, over } = comparison;
  const row = (name: string, { a, b, difference, interval }: Difference) => [
    name,
    a.toFixed(4),
    b.toFixed(4),
    signed(difference, 4),
    `${signed(interval.low, 4)} to ${signed(interval.high, 4)}`,
  ];
  return [
    `A ${comparison.a}`,
    `B ${comparison.b}`,
    "",
    alignedTable([
      ["type", "A", "B", "A − B", `${Math.round(confidence * 100)} % interval over ${over}`],
      ...Object.entries(perType).map(([type, difference]) => row(type, difference)),
      row("score", score),
    ]),
    "",
    ...(comparison.verdict === "same" ? [] : [permutationLine(comparison)]),
    ...verdictLines(comparison),
  ].join("\n");
}

const experiments = (count: number): string => `${count} experiment${count === 1 ? "" : "s"}`;

/** Describes how p was computed. */
export function permutationLine({ permutation, differing, experiments: all }: Comparison): string {
  const { p, smallest, swaps, isExact } = permutation;
  const how = isExact ? `all ${swaps} different` : `${swaps} drawn`;
  const which = `${experiments(all)}${differing === all ? "" : `, ${experiments(differing)} with different counts`}`;
  return `p = ${pText(p)} for the score, by ${how} swaps of A and B (${which}; no p under ${pText(smallest)} is possible)`;
}

export const pText = (p: number): string => String(Number(p.toPrecision(2)));

/** Number of experiments in which two submissions must differ for the smallest p, 2 of 2ⁿ, to be significant. */
export const fewestExperiments = Math.floor(1 - Math.log2(significance)) + 1;

/** States what may be concluded about A and B, and what may not. */
export function verdictLines({ verdict, score, over, differing, permutation }: Comparison): string[] {
  const [higher, lower] = score.difference >= 0 ? ["A", "B"] : ["B", "A"];
  switch (verdict) {
    case "a":
    case "b": {
      const { low, high } = score.interval;
      const ends = [Math.abs(low), Math.abs(high)].sort((x, y) => x - y).map((end) => end.toFixed(4));
      return [
        `${higher} is better than ${lower} on experiments such as these, by ${Math.abs(score.difference).toFixed(4)} (${ends.join(" to ")}).`,
        "That is said of these two submissions; to say it of two recipes takes several seeds of each.",
      ];
    }
    case "same":
      return ["A and B have the same counts in every experiment: nothing tells them apart."];
    case "too few":
      return [
        `Too few experiments to tell which is better: A and B differ in ${differing}, and p < ${significance} takes ${fewestExperiments} or more.`,
        ...(over === "particles"
          ? ["The interval is over the particles of this single experiment, not over others."]
          : []),
      ];
    case "undecided": {
      const reasons = [];
      if (score.interval.low <= 0 && score.interval.high >= 0) reasons.push("the interval holds 0");
      if (permutation.p >= significance) reasons.push(`p is not under ${significance}`);
      return [`No telling which is better: ${reasons.join(" and ")}.`];
    }
  }
}
