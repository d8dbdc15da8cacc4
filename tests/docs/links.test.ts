// Follows the links between the documents: files, and headings inside them.
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, documents, linksOf, root, textOf } from "../support/docs/markdown.js";

const sources = [...documents(), "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"];

/** What is wrong with a link of a document; null for a right one, and for one to another site. */
function problemOf(document: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? document : relative(root, join(root, dirname(document), path));
  if (!existsSync(join(root, file))) return `${target}: no ${file}`;
  if (anchor === undefined || !file.endsWith(".md")) return null;
  return anchorsOf(textOf(file)).has(anchor) ? null : `${target}: no heading #${anchor} in ${file}`;
}

describe("links", () => {
  it.each(sources)("of %s lead somewhere", (document) => {
    const problems = linksOf(textOf(document)).map((target) => problemOf(document, target));
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  it("are found, and wrong ones too", () => {
    expect(linksOf("[a](b.md#c) `[x](y)` ![d](e.png)\n```\n[n](m)\n```\n")).toEqual(["b.md#c", "e.png"]);
    expect(problemOf("docs/data.md", "nothing.md")).toContain("no docs/nothing.md");
    expect(problemOf("docs/data.md", "formats.md#nothing")).toContain("no heading #nothing");
    expect([...anchorsOf("# What `--data` takes\n## A, b & c\n## A, b & c\n")]).toEqual([
      "what---data-takes",
      "a-b--c",
      "a-b--c-1",
    ]);
  });
});
