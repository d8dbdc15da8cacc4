/** What an area is made of, as it is written on the command line. */
import type { DustRule } from "../../domain/morphology/dust.js";
import { PickbenchError } from "../../system/errors.js";
import { numberOf, parseDust } from "../context/terms.js";

/** How far a feature reaches: grown by so many Å, or the shell about its edge. */
export type Reach = { readonly grow: number } | { readonly outer: number; readonly inner: number };

/** A feature that is added to an area, or taken out of it. */
export interface AreaTerm {
  readonly feature: string;
  readonly threshold: number;
  /** Whether its voxels are taken out of what earlier terms made. */
  readonly isOut: boolean;
  readonly reach: Reach;
  /** What goes of the feature before it is grown. */
  readonly dust?: DustRule;
}

/** What terms without numbers of their own have. */
export interface AreaDefaults {
  /** Of features that are added; those that are taken out are not grown unless they say so. */
  readonly reach: Reach;
  readonly dust: DustRule | undefined;
}

const form =
  "[!]FEATURE:THRESHOLD[:GROW[:DUST]], as in membrane:0.5, membrane:0.5:100 or '!carbon:0.5:50', GROW being Å, or OUTER/INNER for a shell";

/** Tells whether a word is meant as a term of an area rather than as a path. */
export const looksLikeTerm = (word: string): boolean => /^!|^[^/\\:]+:[^/\\]*(\/|$)/.test(word);

/** Parses a term of an area. @throws PickbenchError BadUsage */
export function parseAreaTerm(text: string, defaults: AreaDefaults): AreaTerm {
  const isOut = text.startsWith("!");
  const [feature = "", threshold, grow, dust, ...more] = text
    .slice(isOut ? 1 : 0)
    .split(":")
    .map((part) => part.trim());
  if (feature === "" || threshold === undefined || more.length > 0)
    throw new PickbenchError("BadUsage", `${text} is no term of an area, wanted ${form}`);
  const own =
    parseDust("the term", text, dust, form) ??
    (dust === undefined || dust === "" ? defaults.dust : undefined);
  const usual = isOut ? { grow: 0 } : defaults.reach;
  return {
    feature,
    threshold: numberOf(threshold, "the threshold", "the term", text, form),
    isOut,
    reach: grow === undefined || grow === "" ? usual : parseReach("the term", text, grow),
    ...(own ? { dust: own } : {}),
  };
}

/** Parses Å to grow by, or OUTER/INNER of a shell. @throws PickbenchError BadUsage */
export function parseReach(flag: string, text: string, part: string): Reach {
  const [outer = "", inner, ...more] = part.split("/");
  const number = (each: string) => {
    const value = numberOf(each.trim(), "the growth", flag, text, form);
    if (value >= 0) return value;
    throw new PickbenchError("BadUsage", `${flag} is ${text}: ${value} Å is below 0, wanted 0 or more`);
  };
  if (more.length > 0) throw new PickbenchError("BadUsage", `${flag} is ${text}, wanted ${form}`);
  return inner === undefined ? { grow: number(outer) } : { outer: number(outer), inner: number(inner) };
}
