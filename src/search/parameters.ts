import { canonicalJson } from "../system/files.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";

export type NumberParameter = Exclude<SearchParameter, { kind: "choice" }>;
/** A trial's values by path. */
export type TrialValues = Readonly<Record<string, unknown>>;

/** Digits of a number that is tried: more tell nothing apart and are hard to read. */
const digits = 4;

/** A number in [0, 1] as a value of the parameter, so that uniform numbers give what its kind promises. */
export function valueAt(parameter: NumberParameter, unit: number): number {
  const { kind, low, high } = parameter;
  if (kind === "integer") return Math.min(high, low + Math.floor(unit * (high - low + 1)));
  const value =
    kind === "log"
      ? Math.exp(Math.log(low) + unit * (Math.log(high) - Math.log(low)))
      : low + unit * (high - low);
  return Math.min(high, Math.max(low, Number(value.toPrecision(digits))));
}

/** Where in [0, 1] a value lies: the inverse of `valueAt`, for whole numbers the middle of their share. */
export function unitOf({ kind, low, high }: NumberParameter, value: number): number {
  if (kind === "integer") return (value - low + 0.5) / (high - low + 1);
  if (kind === "log") return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

/** A value in a table or a title. */
export const valueText = (value: unknown): string =>
  typeof value === "object" ? canonicalJson(value) : String(value);
