/** A point of a grid of settings and what it is worth. */
export interface GridValue {
  /** Index along each tuned parameter. */
  readonly position: readonly number[];
  readonly value: number;
}

/** What choosing the cautious side may cost on the runs tuned on. */
export const cautionTolerance = 0.05;

/**
 * The index of the cautious point: of all within `tolerance` of the best, the lowest along the first parameter (the
 * threshold), of those the best, then the first. With beta 4 a lost particle costs as much as some sixteen false ones,
 * so F falls off steeply above the best threshold and slowly below it; and other runs' best lies on either side.
 * Measured with two checkpoints, each tuned on one phantom and scored on the other, both ways: .862 and .887 on
 * average against .843 and .867 for the middle of the plateau over three least volumes.
 */
export function chooseCautious(points: readonly GridValue[], tolerance: number = cautionTolerance): number {
  const best = Math.max(...points.map(({ value }) => value));
  const threshold = ({ position }: GridValue) => position[0] ?? 0;
  return points.reduce((chosen, point, i) => {
    if (point.value < best - tolerance) return chosen;
    if (chosen < 0) return i;
    const lower = threshold(point) - threshold(points[chosen]!);
    return lower < 0 || (lower === 0 && point.value > points[chosen]!.value) ? i : chosen;
  }, -1);
}
