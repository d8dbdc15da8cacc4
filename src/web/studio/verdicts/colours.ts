// Colours of particles over black and grey: as the data set has them, lightened where they would not be seen.
type Rgb = readonly [red: number, green: number, blue: number];

/** Least relative luminance of a mark (WCAG 2.2): a contrast of 7 to black. */
const least = 0.3;

const linear = (value: number): number =>
  value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;

/** Returns the relative luminance of a colour, 0 to 1, as WCAG defines it. */
export const luminance = ([red, green, blue]: Rgb): number =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

const rounded = (colour: readonly number[]): Rgb => colour.map(Math.round) as unknown as Rgb;

/** Brightens a colour as little as makes it light enough, then mixes it with white, and writes it as in CSS. */
export function visible(colour: Rgb): string {
  const text = (shown: Rgb): string => `rgb(${shown.join(" ")})`;
  const brightest = 255 / Math.max(1, ...colour);
  let bright = rounded(colour);
  for (let gain = 1; gain < brightest; gain *= 1.05) {
    bright = rounded(colour.map((value) => Math.min(255, value * gain)));
    if (luminance(bright) >= least) return text(bright);
  }
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = rounded(bright.map((value) => value + (255 - value) * share));
    if (luminance(mixed) >= least) return text(mixed);
  }
  return text([255, 255, 255]);
}
