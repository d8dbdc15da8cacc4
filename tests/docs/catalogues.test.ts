// Holds tables and experiments in the documents against names and keys that the source knows.
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { engineNames } from "../../src/engines/engine.js";
import { formatNames } from "../../src/formats/positions/catalogue.js";
import { checkExperiment } from "../../src/train/experiment/experiment.js";
import { checkSearch } from "../../src/train/experiment/searchSpace.js";
import { blocksOf, documents, textOf } from "../support/docs/markdown.js";

describe("tables written by hand", () => {
  it.each([
    ["docs/engines.md", engineNames],
    ["docs/formats.md", formatNames],
  ])("%s names everything that its catalogue has", (document, names) => {
    const rows = textOf(document)
      .split("\n")
      .filter((line) => line.startsWith("|"));
    expect(names.filter((name) => !rows.some((row) => row.includes(`\`${name}\``)))).toEqual([]);
  });
});

describe("experiments in the documents", () => {
  const blocks = documents()
    .flatMap((document) => blocksOf(document))
    .filter(({ language }) => language === "yaml");

  it.each(blocks)("$document:$line is accepted", ({ document, lines }) => {
    const { search, ...experiment } = parse(lines.join("\n")) as Record<string, unknown>;
    if (search !== undefined) checkSearch(search, document);
    else checkExperiment(experiment, document);
  });

  it("are a few", () => expect(blocks.length).toBeGreaterThan(3));
});
