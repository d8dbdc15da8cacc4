/**
 * Parzen windows on [0, 1], as the tree-structured Parzen estimator has them (Bergstra, Bardenet, Bengio and Kégl,
 * "Algorithms for hyper-parameter optimization", NeurIPS 2011, section 4.2): a Gaussian at every observation, as wide as
 * the farther of its two neighbours is away, and the prior as one more window over the whole range.
 */
import type { Random } from "../random.js";

interface Window {
  readonly centre: number;
  readonly width: number;
  /** The share of the Gaussian that lies within [0, 1]. */
  readonly inside: number;
}

export interface Density {
  draw(random: Random): number;
  at(unit: number): number;
}

/** @param observations in [0, 1], in any order; none gives the prior */
export function parzenDensity(observations: readonly number[]): Density {
  const windows = windowsOf(observations);
  return {
    draw(random) {
      const { centre, width } = windows[random.integer(windows.length)]!;
      for (;;) {
        const unit = centre + width * random.normal();
        if (unit >= 0 && unit <= 1) return unit;
      }
    },
    at: (unit) =>
      windows.reduce(
        (sum, { centre, width, inside }) =>
          sum + Math.exp(-0.5 * ((unit - centre) / width) ** 2) / (width * inside),
        0,
      ) /
      (windows.length * Math.sqrt(2 * Math.PI)),
  };
}

function windowsOf(observations: readonly number[]): Window[] {
  const prior = 0.5;
  const centres = [...observations, prior].sort((a, b) => a - b);
  const narrowest = 1 / Math.min(100, centres.length + 1);
  const priorAt = centres.indexOf(prior);
  return centres.map((centre, at) => {
    const below = centre - (centres[at - 1] ?? 0);
    const above = (centres[at + 1] ?? 1) - centre;
    const width = at === priorAt ? 1 : Math.min(1, Math.max(narrowest, below, above));
    return { centre, width, inside: normalBelow((1 - centre) / width) - normalBelow(-centre / width) };
  });
}

/** The standard normal distribution function (Abramowitz and Stegun 26.2.17, within 7.5e-8). */
export function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * series;
  return x < 0 ? above : 1 - above;
}
