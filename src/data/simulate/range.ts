/** Ranges from which a number is drawn anew for every tomogram, as people write them. */
import { z } from "zod";
import type { Random } from "../../domain/random.js";

/** A number that is fixed, or the least and the greatest between which it is drawn evenly. */
export type DrawnRange = number | readonly [least: number, greatest: number];

/** Schema of a range whose numbers lie between bounds. */
export function drawnRange(least: number, greatest: number) {
  const wanted = `a number from ${least} to ${greatest}, or two of them as [least, greatest]`;
  const bound = z.number(wanted).min(least, wanted).max(greatest, wanted);
  return z.union([bound, z.tuple([bound, bound], wanted).refine(([low, high]) => low <= high, wanted)]);
}

/** Draws from a range; a fixed number takes as much chance as any other, so that fixing one leaves the next as they are. */
export function drawFrom(range: DrawnRange, random: Random): number {
  const share = random.uniform();
  if (typeof range === "number") return range;
  const [least, greatest] = range;
  return least + (greatest - least) * share;
}

/** Draws one of several. */
export const drawOne = <T>(choices: readonly T[], random: Random): T =>
  choices[random.integer(choices.length)]!;
