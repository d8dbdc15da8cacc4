/** Checks a submission's scores of features: do they follow from the counts of each run? */
import { type FeatureReport, meanMeasures, pooledMeasures } from "../score/masks/featureScores.js";
import { centreLineDice, type MaskMeasure, type MaskMeasures, overlapOf } from "../score/masks/maskScore.js";
import type { RunReport } from "../score/report.js";

/** What two ways of computing one number may differ by. */
const rounding = 1e-9;

/** Lists what does not follow in the features of a report, a sentence each; distances alone cannot be checked. */
export const featureProblems = ({ features = {} }: RunReport): string[] =>
  Object.entries(features).flatMap(([name, report]) => problemsOf(name, report));

function problemsOf(name: string, { perRun, mean, pooled, tune }: FeatureReport): string[] {
  const runs = Object.entries({ ...perRun, ...tune?.perRun });
  return [
    ...runs.flatMap(([run, score]) =>
      differences(`${name} in ${run}`, score, { ...overlapOf(score), clDice: centreLineDice(score) }),
    ),
    ...differences(`mean of ${name}`, mean, meanMeasures(perRun)),
    ...differences(`${name} over all voxels`, pooled, pooledMeasures(Object.values(perRun))),
    ...(tune ? differences(`mean of ${name} on the tune runs`, tune.mean, meanMeasures(tune.perRun)) : []),
  ];
}

function differences(where: string, got: MaskMeasures, wanted: Partial<MaskMeasures>): string[] {
  return Object.entries(wanted).flatMap(([measure, value]) => {
    const own = got[measure as MaskMeasure];
    const isSame = own === value || (own !== null && value !== null && Math.abs(own - value) <= rounding);
    return isSame ? [] : [`${where}: ${measure} is ${own} in the report and ${value} by its counts`];
  });
}
