// Holds the documents against what they are made from, and against names that the source knows.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { engineNames } from "../../src/engines/engine.js";
import { formatNames } from "../../src/formats/positions/catalogue.js";
import { checkExperiment } from "../../src/train/experiment/experiment.js";
import { checkSearch } from "../../src/train/experiment/searchSpace.js";
import { blocksOf, documents, root, textOf } from "../support/docs/markdown.js";

describe("generated parts", () => {
  it("are what the source says", async () => {
    const check = promisify(execFile)(process.execPath, [join(root, "bin/docs.js"), "--check"]);
    await expect(check).resolves.toEqual({ stdout: "", stderr: "" });
  });
});

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
