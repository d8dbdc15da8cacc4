/** Names in an experiment's YAML that look like numbers: `7`, `007`, `1e3` are taken letter by letter. */
import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";

/** Places where an experiment has names, or lists of names. */
const places: readonly (readonly string[])[] = [
  ["types"],
  ["features"],
  ["ignore"],
  ["data", "tomogram"],
  ["data", "trainOn"],
  ["splits", "train"],
  ["splits", "tune"],
  ["splits", "holdout"],
  ["leaderboard", "public"],
  ["network", "outputs"],
];

/**
 * Makes numbers, dates and the like text where an experiment has a name, as they are written; `null` stays.
 *
 * @param path of keys at which the document stands in the experiment
 */
export function namesAsText(document: Document, path: readonly string[] = []): void {
  for (const place of places) {
    const depth = Math.min(place.length, path.length);
    if (place.slice(0, depth).join(".") !== path.slice(0, depth).join(".")) continue;
    const inner = place.slice(path.length);
    const found =
      inner.length === 0
        ? document.contents
        : isMap(document.contents) && (document.getIn(inner, true) as Node | undefined);
    const isItem = path.length === place.length + 1;
    if (isSeq(found)) for (const item of found.items) asText(item);
    else if (isItem || place.at(-1) === "tomogram") asText(found);
  }
}

function asText(node: unknown): void {
  if (isScalar(node) && node.value !== null && typeof node.value !== "string" && node.source !== undefined)
    node.value = node.source;
}
