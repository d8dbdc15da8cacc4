/** Paired comparisons of submissions' files. */
import { challengeParticles, type Particle } from "../../domain/particles.js";
import type { PositionsByExperiment } from "../match/positions.js";
import { readPositions } from "../submissionCsv.js";
import { type Comparison, compareSubmissions } from "./comparison.js";
import { pairSubmissions } from "./paired.js";

/** A comparison with its files. */
export interface FileComparison extends Comparison {
  readonly a: string;
  readonly b: string;
}

/** Compares two submissions' CSVs over the experiments of the truth. @throws PickbenchError as reading and scoring do */
export async function compareFiles(
  a: string,
  b: string,
  truth: PositionsByExperiment,
  options: { readonly seed?: number; readonly particles?: readonly Particle[] } = {},
): Promise<FileComparison> {
  const { particles = challengeParticles } = options;
  const rules = { particles, experiments: truth };
  const [picksA, picksB] = [await readPositions(a, rules), await readPositions(b, rules)];
  return { a, b, ...compareSubmissions(pairSubmissions(truth, picksA, picksB, particles), options) };
}
