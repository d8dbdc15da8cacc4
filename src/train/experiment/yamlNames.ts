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

/** Makes numbers, dates and the like text where an experiment has a name, as they are written; `null` stays. */
export function namesAsText(document: Document): void {
  if (!isMap(document.contents)) return;
  for (const place of places) {
    const found = document.getIn(place, true) as Node | undefined;
    if (isSeq(found)) for (const item of found.items) asText(item);
    else if (place.at(-1) === "tomogram") asText(found);
  }
}

/** Makes the items of a list text, as they are written; for a value that is given alone. */
export function itemsAsText(document: Document, path: readonly string[]): void {
  const { contents } = document;
  const isName = places.some((place) => path.join(".") === place.join("."));
  if (isName && isSeq(contents)) for (const item of contents.items) asText(item);
  else if (path.join(".") === "data.tomogram") asText(contents);
  else if (isMap(contents))
    for (const { key, value } of contents.items)
      if (
        isScalar(key) &&
        isSeq(value) &&
        places.some((place) => place.join(".") === [...path, key.value].join("."))
      )
        for (const item of value.items) asText(item);
}

function asText(node: unknown): void {
  if (isScalar(node) && node.value !== null && typeof node.value !== "string" && node.source !== undefined)
    node.value = node.source;
}
