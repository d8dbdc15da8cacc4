/** Paired comparisons of submissions' files. */
import { challengeParticles, type Particle } from "../../domain/particles.js";
import type { PositionsByExperiment } from "../match/positions.js";
import { readPositions, type SubmissionOptions } from "../submissionCsv.js";
import { type Comparison, compareSubmissions } from "./comparison.js";
import { pairSubmissions } from "./paired.js";

/** A comparison with its files. */
export interface FileComparison extends Comparison {
  readonly a: string;
  readonly b: string;
}

interface CompareFilesOptions extends Pick<SubmissionOptions, "note"> {
  readonly seed?: number;
  readonly particles?: readonly Particle[];
}

/** Compares two submissions' CSVs over the experiments of the truth. @throws PickbenchError as reading and scoring do */
export async function compareFiles(
  a: string,
  b: string,
  truth: PositionsByExperiment,
  options: CompareFilesOptions = {},
): Promise<FileComparison> {
  const { particles = challengeParticles, note, ...others } = options;
  const rules = { particles, experiments: truth, ...(note ? { note } : {}) };
  const [picksA, picksB] = [await readPositions(a, rules), await readPositions(b, rules)];
  return {
    a,
    b,
    ...compareSubmissions(pairSubmissions(truth, picksA, picksB, particles), { particles, ...others }),
  };
}
