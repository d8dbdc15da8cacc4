// Composition of tomograms as bars: a part for each feature.

/** A part of a bar. */
export interface BarPart {
  readonly feature: string;
  /** Percent of the voxels. */
  readonly percent: number;
  /** Of the bar's length, 0 to 1. */
  readonly share: number;
  readonly colour: string;
}

/** Returns a feature's colour by its place among all, neighbours far apart in hue. */
export const featureColour = (at: number): string =>
  `hsl(${Math.round((at * 137.508) % 360)} 62% ${at % 2 === 0 ? 52 : 64}%)`;

/** Returns the parts of a tomogram's bar, which together are as long as the bar; none where nothing is known. */
export function barOf(features: readonly string[], percents: readonly unknown[]): BarPart[] {
  const known = features.map((feature, at) => {
    const value = percents[at];
    return { feature, at, percent: typeof value === "number" && value > 0 ? value : 0 };
  });
  const sum = known.reduce((total, { percent }) => total + percent, 0);
  if (sum === 0) return [];
  return known
    .filter(({ percent }) => percent > 0)
    .map(({ feature, at, percent }) => ({
      feature,
      percent,
      share: percent / sum,
      colour: featureColour(at),
    }));
}

/** Says a bar in words: the largest parts first. */
export function barText(parts: readonly BarPart[], most = 6): string {
  if (parts.length === 0) return "composition unknown";
  const sorted = [...parts].sort((a, b) => b.percent - a.percent);
  const told = sorted.slice(0, most).map(({ feature, percent }) => `${feature} ${digits(percent)} %`);
  return `${told.join(", ")}${sorted.length > most ? ` and ${sorted.length - most} more` : ""}`;
}

/** A number with four digits, as `pickbench survey` shows it; a dash for none. */
export function digits(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}
