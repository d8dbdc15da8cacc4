/**
 * Diagnosis of picks against the truth. The room `diagnosis` tells where a score is lost: displacements, confusions,
 * places, thresholds, worst errors.
 */
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { listed } from "../../present/text.js";
import { type PicksByExperiment, type ScoreReport, scorePicks } from "../score.js";
import { type Confusion, confusionOf, mistakenFor } from "./confusion.js";
import { type ConfidenceCurve, confidenceCurve, type Reliability, reliabilityOf } from "./curve.js";
import { type Displacement, displacementOf } from "./displacement.js";
import { type Extents, type Places, placesOf } from "./places.js";
import { type Judged, judge, matchDistanceOf, type VerdictCounts, verdictCounts } from "./verdicts.js";
import { type FalsePick, type Miss, worstFalsePicks, worstMisses } from "./worst.js";

/** Diagnosis of one type. Lengths are in Å; parts whose input was not given are null, see `missing`. */
export interface TypeDiagnosis {
  readonly radius: number;
  readonly matchDistance: number;
  readonly counts: VerdictCounts;
  readonly displacement: Displacement;
  readonly places: Places;
  readonly curve: ConfidenceCurve | null;
  readonly reliability: Reliability | null;
  readonly worstMisses: readonly Miss[];
  readonly worstFalsePicks: readonly FalsePick[];
}

/** Diagnosis of a score. Plain values throughout: as JSON it reads back the same. */
export interface Diagnosis {
  readonly diagnosisVersion: 1;
  /** The score itself; the counts of `perType` add up to the counts in this report. */
  readonly report: ScoreReport;
  /** Confusion between all types that the truth or the picks hold. */
  readonly confusion: Confusion;
  /** Diagnoses by type; only types that the truth holds. */
  readonly perType: Readonly<Record<string, TypeDiagnosis>>;
  /** Parts that could not be computed and why, a sentence each. */
  readonly missing: readonly string[];
}

interface DiagnoseOptions {
  readonly particles?: readonly Particle[];
  /** Sizes of the volumes; used only if every experiment of the truth has one. */
  readonly extents?: Extents;
}

/**
 * Diagnoses picks against the truth by the challenge's own matching. Only experiments of the truth count.
 *
 * @throws PickbenchError BadSubmission or BadDataset as `scorePicks` does
 */
export function diagnose(
  truth: PicksByExperiment,
  picks: PicksByExperiment,
  options: DiagnoseOptions = {},
): Diagnosis {
  const { particles = challengeParticles } = options;
  const report = scorePicks(truth, picks, particles);
  const unsized = [...truth.keys()].filter((experiment) => !options.extents?.has(experiment));
  const extents = unsized.length === 0 ? options.extents : undefined;
  const all = particles
    .map((particle) => judge(particle, truth, picks))
    .filter((judged) => judged.picks.length + judged.particles.length > 0);
  const mistaken = mistakenFor(all);
  const perType: Record<string, TypeDiagnosis> = {};
  for (const judged of all) {
    if (judged.particles.length === 0) continue;
    perType[judged.particle.name] = {
      radius: judged.particle.radius,
      matchDistance: matchDistanceOf(judged.particle),
      counts: verdictCounts(judged),
      displacement: displacementOf(judged),
      places: placesOf(judged, truth, extents),
      curve: confidenceCurve(judged),
      reliability: reliabilityOf(judged),
      worstMisses: worstMisses(judged, all),
      worstFalsePicks: worstFalsePicks(judged, truth, mistaken),
    };
  }
  return {
    diagnosisVersion: 1,
    report,
    confusion: confusionOf(all, mistaken),
    perType,
    missing: [...missingExtents(unsized), ...missingConfidences(all, perType)],
  };
}

const missingExtents = (unsized: readonly string[]): string[] =>
  unsized.length === 0
    ? []
    : [
        `no depth and no distance to the border, for the size of ${list(unsized)} is unknown; give a truth with tomograms`,
      ];

function missingConfidences(
  all: readonly Judged[],
  perType: Readonly<Record<string, TypeDiagnosis>>,
): string[] {
  const without = all
    .filter(({ picks }) => picks.some(({ pick }) => pick.score === undefined))
    .map(({ particle }) => particle.name);
  const noProbability = Object.keys(perType).filter(
    (type) => perType[type]!.reliability === null && !without.includes(type),
  );
  const sentences: string[] = [];
  if (without.length > 0)
    sentences.push(
      `no curve, best threshold, reliability or order by confidence for ${list(without)}, for the picks have no confidences; give copick picks with scores`,
    );
  if (noProbability.length > 0)
    sentences.push(
      `no reliability for ${list(noProbability)}, for confidences outside 0 to 1 are no probabilities`,
    );
  return sentences;
}

const list = (names: readonly string[]): string => listed(names, 6);
