/**
 * What differs between two experiments, key by key, with all defaults filled in. The room `shown` writes experiments for
 * people: what a key means, what is changed, what differs.
 */
import { canonicalJson } from "../../../system/files.js";
import { isMapping } from "../../../system/mapping.js";

/** A key whose values differ. */
export interface Difference {
  /** Dotted path; positions of lists are numbers: `loss.0.backgroundWeight`. */
  readonly key: string;
  /** Values in the first and the second; undefined where the key is absent. */
  readonly a: unknown;
  readonly b: unknown;
}

/** Lists the keys that differ between two experiments, in the order of the first one's keys. */
export const experimentDifferences = (a: object, b: object): Difference[] =>
  differencesAt("", a, b).filter(({ key }) => key !== "");

/** A list of mappings, such as the losses, which is compared item by item. */
const asMapping = (value: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (isMapping(value)) return value;
  return Array.isArray(value) && value.length > 0 && value.every(isMapping)
    ? Object.fromEntries(value.entries())
    : undefined;
};

function differencesAt(key: string, a: unknown, b: unknown): Difference[] {
  if (textOf(a) === textOf(b)) return [];
  const [inA, inB] = [asMapping(a), asMapping(b)];
  if (inA === undefined || inB === undefined || Array.isArray(a) !== Array.isArray(b)) return [{ key, a, b }];
  const keys = new Set([...Object.keys(inA), ...Object.keys(inB)]);
  return [...keys].flatMap((name) =>
    differencesAt(key === "" ? name : `${key}.${name}`, inA[name], inB[name]),
  );
}

const textOf = (value: unknown): string => (value === undefined ? "" : canonicalJson(value));

const longestShown = 60;

/** Writes a value for a message: as JSON, shortened; `absent` for none. */
export function valueText(value: unknown): string {
  if (value === undefined) return "absent";
  const text = canonicalJson(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown - 1)}…`;
}

/** Joins differences to a part of a sentence: `budget 12 steps there, 14 steps here`; the first few of many. */
export function differencesText(differences: readonly Difference[], most = 4): string {
  const shown = differences
    .slice(0, most)
    .map(({ key, a, b }) => `${key} is ${valueText(a)} there, ${valueText(b)} here`);
  const more = differences.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} keys more`] : [])].join("; ");
}
