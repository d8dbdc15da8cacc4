// Holds the sentences of docs/troubleshooting.md against those in the source.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, textOf } from "../support/docs/markdown.js";

const sources = ["src", "bin"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  )
  .filter((path) => /\.(ts|js)$/.test(path))
  .map((path) => readFileSync(join(root, path), "utf8"))
  .join("\n");

const sentences = [...textOf("docs/troubleshooting.md").matchAll(/^\| `([^`]+)`/gm)].map(
  ([, sentence]) => sentence!,
);

/** Parts of a sentence between names and numbers that its source does not have: more than one word of each. */
const fragmentsOf = (sentence: string): string[] =>
  sentence
    .split(/…|\bz,y,x\b/)
    .map((part) => part.replace(/^\W+|[^\w/]+$/g, ""))
    .filter((part) => part.includes(" "));

const missing = (sentence: string): string[] =>
  fragmentsOf(sentence).filter((fragment) => !sources.includes(fragment));

it.each(sentences)("the source prints %s", (sentence) => {
  expect(fragmentsOf(sentence).length).toBeGreaterThan(0);
  expect(missing(sentence)).toEqual([]);
});

it("sentences are found, and others are not", () => {
  expect(sentences.length).toBeGreaterThan(40);
  expect(missing("a sentence that no file has, … and there are")).toEqual(["a sentence that no file has"]);
});
