// Colours of particles over black and grey: as the data set has them, lightened where they would not be seen.
type Rgb = readonly [red: number, green: number, blue: number];

/** Least relative luminance of a mark (WCAG 2.2): a contrast of 7 to black. */
const least = 0.3;

const linear = (value: number): number =>
  value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;

/** Returns the relative luminance of a colour, 0 to 1, as WCAG defines it. */
export const luminance = ([red, green, blue]: Rgb): number =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

/** Mixes a colour with white, as little as makes it light enough, and writes it as in CSS. */
export function visible(colour: Rgb): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = colour.map((value) => Math.round(value + (255 - value) * share)) as unknown as Rgb;
    if (luminance(mixed) >= least) return `rgb(${mixed.join(" ")})`;
  }
  return "rgb(255 255 255)";
}
