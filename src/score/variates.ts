import type { Random } from "../random.js";

/** A draw from the gamma law of scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000, 363–372); 0 for a shape of 0. */
export function gamma(shape: number, random: Random): number {
  if (shape <= 0) return 0;
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A draw from Dirichlet's law, shares that sum to 1: Rubin's Bayesian bootstrap of things counted in classes. */
export function shares(counts: readonly number[], random: Random): number[] {
  const draws = counts.map((count) => gamma(count, random));
  const sum = draws.reduce((total, draw) => total + draw, 0);
  return draws.map((draw) => (sum > 0 ? draw / sum : 0));
}
