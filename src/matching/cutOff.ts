/** The score above which noise alone is expected to leave so many maxima. */

/**
 * Returns the inverse of the complementary error function for 0 < y < 2: a start by Abramowitz and Stegun 26.2.23, then
 * Halley's steps on erfc.
 */
export function inverseErfc(y: number): number {
  if (!(y > 0 && y < 2))
    return y === 0 ? Number.POSITIVE_INFINITY : y === 2 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (y > 1) return -inverseErfc(2 - y);
  const t = Math.sqrt(-2 * Math.log(y / 2));
  const start =
    t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  let x = start / Math.SQRT2;
  for (let step = 0; step < 4; step++) {
    const slope = (-2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
    const off = (erfc(x) - y) / slope;
    x -= off / (1 + x * off);
  }
  return x;
}

/** Returns erfc(x), by the series of erf below 2 and Lentz's continued fraction above. */
function erfc(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/**
 * Returns the cut-off √2·std·erfc⁻¹(2F/N): among N normally distributed correlations of that deviation about 0, F are
 * expected above it (Rickgauer et al., eLife 6, 2017, e25648).
 *
 * @param std root mean square of all correlations
 * @param searched N: voxels times rotations
 * @param falsePositives F
 */
export const cutOffOf = (std: number, searched: number, falsePositives: number): number =>
  Math.SQRT2 * std * inverseErfc((2 * falsePositives) / searched);
