/** Values of search parameters, mapped to and from the interval [0, 1]. */
import { canonicalJson } from "../system/files.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";

export type NumberParameter = Exclude<SearchParameter, { kind: "choice" }>;
/** Values of a trial, by path. */
export type TrialValues = Readonly<Record<string, unknown>>;

/** Significant digits of a tried number: more make no difference and are hard to read. */
const digits = 4;

/** Maps a number in [0, 1] to a value of the parameter, so that uniform numbers give the distribution of its kind. */
export function valueAt(parameter: NumberParameter, unit: number): number {
  const { kind, low, high } = parameter;
  if (kind === "integer") return Math.min(high, low + Math.floor(unit * (high - low + 1)));
  const value =
    kind === "log"
      ? Math.exp(Math.log(low) + unit * (Math.log(high) - Math.log(low)))
      : low + unit * (high - low);
  return Math.min(high, Math.max(low, Number(value.toPrecision(digits))));
}

/** Maps a value back to [0, 1]: the inverse of `valueAt`; whole numbers map to the middle of their share. */
export function unitOf({ kind, low, high }: NumberParameter, value: number): number {
  if (kind === "integer") return (value - low + 0.5) / (high - low + 1);
  if (kind === "log") return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

/** Formats a value for a table or a title. */
export const valueText = (value: unknown): string =>
  typeof value === "object" ? canonicalJson(value) : String(value);
