/** Gives simulated reconstructions the spectrum and grey values of measured tomograms. */
import { meanOf } from "../../../domain/numbers.js";
import type { Random } from "../../../domain/random.js";
import type { Volume } from "../../../domain/volume.js";
import { measureValues } from "../../normalise.js";
import { filterVolume } from "../../spectrum/filter.js";
import { drawGain, matchingGain, meanPower, type RadialPower } from "../../spectrum/gain.js";
import { normalisedPower } from "../../spectrum/match.js";
import type { LikeKind, TargetTomogram } from "./targets.js";

/** The spectrum and grey values that a simulated tomogram shall have. */
export type Wanted = Pick<TargetTomogram, "power" | "median" | "scale">;

/** What was drawn: the target's run, or null for the mean of all, and what each reconstruction shall have. */
export interface DrawnLike {
  readonly target: string | null;
  readonly wanted: Readonly<Partial<Record<LikeKind, Wanted>>>;
}

/** Greatest gain: the simulator may be further from a tomogram than two tomograms from each other. */
const most = 16;
/** Standard deviation of the logarithm of the amplitude by which the mean is varied. */
const variation = 0.15;

/** Draws, with even chances, one of the runs, or the mean of all with a random smooth variation. */
export function drawLike(targets: readonly TargetTomogram[], random: Random): DrawnLike {
  const runs = [...new Set(targets.map(({ run }) => run))];
  const of = (kind: LikeKind, run: string | null) =>
    targets.filter((target) => target.kind === kind && (run === null || target.run === run));
  const isMean = random.uniform() < 0.5;
  const target = isMean ? null : runs[random.integer(runs.length)]!;
  const wantedOf = (kind: LikeKind): Partial<Record<LikeKind, Wanted>> => {
    const found = of(kind, target);
    if (found.length === 0) return {};
    const power = meanPower(found.map((each) => each.power));
    return {
      [kind]: {
        power: isMean ? varied(power, random) : power,
        median: meanOf(found.map(({ median }) => median)),
        scale: Math.exp(meanOf(found.map(({ scale }) => Math.log(scale)))),
      },
    };
  };
  return { target, wanted: { ...wantedOf("denoised"), ...wantedOf("wbp") } };
}

function varied({ width, power }: RadialPower, random: Random): RadialPower {
  const { gains } = drawGain({ width, shells: power.length }, variation, random);
  return { width, power: power.map((value, shell) => value * gains[shell]! ** 2) };
}

/**
 * Filters a reconstruction in place to the wanted spectrum, and sets its median and scale.
 *
 * @param alike volumes that are filtered and multiplied as it is, such as the difference of half sets
 */
export function makeLike(
  volume: Volume,
  { power, median, scale }: Wanted,
  alike: readonly Volume[] = [],
): void {
  const own = normalisedPower(volume, measureValues(volume.data, "simulated"));
  const gain = matchingGain(own, power, most);
  for (const each of [volume, ...alike]) filterVolume(each, gain);
  const got = measureValues(volume.data, "simulated");
  const factor = scale / got.scale;
  for (const { data } of alike) for (let at = 0; at < data.length; at++) data[at] = data[at]! * factor;
  const { data } = volume;
  for (let at = 0; at < data.length; at++) data[at] = (data[at]! - got.median) * factor + median;
}
