/** Radial gains: which amplitude a filter leaves of each frequency, and the one that gives a spectrum the form of another. */
import { z } from "zod";
import { meanOf } from "../../domain/numbers.js";
import type { Random } from "../../domain/random.js";
import type { Spectrum } from "./spectrum.js";

/** The radial power of a spectrum alone; of normalised grey values, as what others are matched to. */
export type RadialPower = Pick<Spectrum, "width" | "power">;

/** A radial power as files hold it. */
export const radialPowerSchema = z.strictObject({
  width: z.number().positive(),
  power: z.array(z.number().positive()).min(1),
});

/** An amplitude for each frequency: `gains[i]` at (i + 1) × width, in 1/Å. */
export interface RadialGain {
  readonly width: number;
  readonly gains: readonly number[];
}

/** Greatest gain, and the inverse of the least, unless another is given. */
const bound = 4;
/** Least power that counts, so that a logarithm is finite. */
const leastPower = 1e-12;

/** The matching of spectra in words, for running a network elsewhere. */
export const matchingRule = `before the normalisation, the tomogram is filtered by the radial gain sqrt(power / own power), at least 1/${bound} and at most ${bound}; power[i] belongs to the frequency (i + 1) * width in 1/Å and is that of normalised grey values`;

const logOf = (value: number): number => Math.log(Math.max(value, leastPower));

const logAt = (values: readonly number[], place: number): number => {
  const at = Math.min(Math.max(place, 0), values.length - 1);
  const below = Math.min(Math.floor(at), Math.max(0, values.length - 2));
  const above = Math.min(below + 1, values.length - 1);
  const low = logOf(values[below]!);
  return low + (logOf(values[above]!) - low) * (at - below);
};

/** Returns a power at a frequency in 1/Å, on a line through the logarithms; the nearest shell's beyond the ends. */
const powerAt = ({ width, power }: RadialPower, frequency: number): number =>
  Math.exp(logAt(power, frequency / width - 1));

/** Returns the geometric mean of powers on the shells of the first. */
export function meanPower(all: readonly RadialPower[]): RadialPower {
  const { width, power } = all[0]!;
  return {
    width,
    power: power.map((_, shell) =>
      Math.exp(meanOf(all.map((each) => Math.log(powerAt(each, (shell + 1) * width))))),
    ),
  };
}

/**
 * Returns the gain √(wanted/own), smoothed over neighbouring shells by ¼, ½, ¼ of its logarithm, and at least 1/most and at most `most`.
 */
export function matchingGain(own: RadialPower, wanted: RadialPower, most: number = bound): RadialGain {
  const logs = own.power.map(
    (power, shell) => 0.5 * (Math.log(powerAt(wanted, (shell + 1) * own.width)) - logOf(power)),
  );
  const at = (shell: number): number => logs[Math.min(logs.length - 1, Math.max(0, shell))]!;
  const gains = logs.map((log, shell) => {
    const smooth = 0.25 * at(shell - 1) + 0.5 * log + 0.25 * at(shell + 1);
    return Math.min(most, Math.max(1 / most, Math.exp(smooth)));
  });
  return { width: own.width, gains };
}

/**
 * Returns a gain at a frequency in 1/Å, on a line through the logarithms: that of the first shell below it, and beyond the
 * last one its own, or 1 where that is more, so that nothing is raised there.
 */
export function gainAt({ width, gains }: RadialGain, frequency: number): number {
  const last = gains.length - 1;
  const place = frequency / width - 1;
  return place > last ? Math.min(1, gains[last]!) : Math.exp(logAt(gains, place));
}

/** Cosines that the logarithm of a random gain is made of. */
const order = 3;

/**
 * Draws a gain whose logarithm is Σ aⱼ·cos(πju), j = 1…3, over the share u of the last shell's frequency, with normal aⱼ,
 * so that its standard deviation over frequencies is `deviation` in the root mean square.
 */
export function drawGain(
  { width, shells }: { readonly width: number; readonly shells: number },
  deviation: number,
  random: Random,
): RadialGain {
  const parts = Array.from({ length: order }, () => random.normal() * deviation * Math.sqrt(2 / order));
  const gains = Array.from({ length: shells }, (_, shell) => {
    const u = (shell + 1) / shells;
    return Math.exp(parts.reduce((sum, part, j) => sum + part * Math.cos(Math.PI * (j + 1) * u), 0));
  });
  return { width, gains };
}
