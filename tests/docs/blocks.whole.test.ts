// Runs the commands of the documents' shell blocks, in their order, on tiny data.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pickbench } from "../support/commandLine.js";
import { type Block, blocksOf, documents } from "../support/docs/markdown.js";
import { prepare, tinyBudget, tinyVolumes } from "../support/docs/preparedFolder.js";
import { wordsOf } from "../support/docs/shellLine.js";

/** Threads of an engine wait for work in a loop, which takes time from whatever else runs. */
const oneThread = ["--threads", "1"];

/** The runs of the documents are of a network that a file declares. */
const ownCode = ["--allow-code", "experiments/two-layers.mjs"];

/** Flags that a command of the documents gets beside its own, so that it ends in a moment, or may run again. */
const additions: Readonly<Record<string, readonly (readonly string[])[]>> = {
  run: [["--overwrite"], oneThread],
  submit: [["--overwrite"], oneThread, ownCode],
  export: [ownCode],
  repeat: [ownCode],
  ...Object.fromEntries(["train", "tune", "search"].map((name) => [name, [oneThread]])),
  ...Object.fromEntries(["predict", "ensemble"].map((name) => [name, [oneThread, ownCode]])),
  simulate: [
    ["--count", "1"],
    ["--size", tinyVolumes.shape.join(",")],
    ["--spacing", String(tinyVolumes.spacing)],
  ],
};

/** Commands that a document may give again, with the same file or folder to write. */
const writing = [
  ...["predict", "pick", "mesh", "fuse", "submit", "export", "ensemble"],
  ...["report", "diagnose", "open", "convert", "volume", "copick"],
];

/** Values of flags that a command of the documents gets in place of its own. */
const replacements: Readonly<Record<string, string>> = {
  "--budget": tinyBudget,
  "--trials": "2",
  "--folds": "2",
};

const blocks = documents()
  .flatMap((document) => blocksOf(document))
  .filter(({ language }) => language === "sh");

interface Line {
  /** Counted as in the document. */
  readonly line: number;
  readonly text: string;
}

const linesOf = ({ line, lines }: Block): Line[] =>
  lines
    .map((text, index) => ({ line: line + 1 + index, text: text.trim() }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));

const run = blocks.filter(({ notRun }) => notRun === null);
const byDocument = documents()
  .map((document) => ({
    document,
    lines: run.filter((block) => block.document === document).flatMap(linesOf),
  }))
  .filter(({ lines }) => lines.length > 0);

/** The words behind `pickbench`, with tiny values, and runs called as `simulate` calls them. */
function argumentsOf(text: string, folder: string): string[] {
  const words = wordsOf(text, folder);
  if (words[0] === "npx") words.shift();
  if (words.shift() !== "pickbench")
    throw new Error("no command of pickbench; put <!-- not run: REASON --> on the line before the block");
  const args = words.map((word, at) => replacements[words[at - 1] ?? ""] ?? word);
  const added = (additions[args[0]!] ?? []).filter(([flag]) => !args.includes(flag!));
  if (writing.includes(args[0]!)) added.push(["--overwrite"]);
  return [...args, ...added.flat()].map((word) => word.replace(/\bTS_P(?=\d)/g, "TS_S"));
}

async function runLine({ text }: Line, place: string): Promise<void> {
  const { code, stderr } = await pickbench(...argumentsOf(text, process.cwd()));
  expect(code, `${place}: ${text}\n${stderr}`).toBe(0);
}

const start = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), "pickbench-docs-"));
const kept = join(scratch, "kept");
/** The same for every document: a checkpoint of a network's file names the file by its place. */
const folder = join(scratch, "folder");

beforeAll(async () => {
  mkdirSync(folder);
  process.chdir(folder);
  await prepare();
  cpSync(folder, kept, { recursive: true });
});

afterAll(() => {
  process.chdir(start);
  rmSync(scratch, { recursive: true, force: true });
});

describe.each(byDocument)("$document", ({ document, lines }) => {
  beforeAll(() => {
    process.chdir(scratch);
    rmSync(folder, { recursive: true });
    cpSync(kept, folder, { recursive: true });
    process.chdir(folder);
  });

  for (const line of lines)
    it(`line ${line.line}: ${line.text.replace(/\s*#.*/, "")}`, () =>
      runLine(line, `${document}:${line.line}`));
});

describe("marks", () => {
  it("give a reason", () => {
    const bare = blocks.filter(({ notRun }) => notRun !== null && notRun.length < 10);
    expect(bare.map(({ document, line }) => `${document}:${line}`)).toEqual([]);
  });

  it("leave most commands to be run", () => {
    expect(run.flatMap(linesOf).length).toBeGreaterThan(45);
  });

  it("are wanted before a block that is no command of pickbench", () => {
    expect(() => argumentsOf("git status", scratch)).toThrow("not run: REASON");
    expect(() => argumentsOf("pickbench nets | head", scratch)).toThrow("plain word");
    const [block] = blocksOf("a.md", "<!-- not run: needs a card -->\n```sh\npickbench nets\n```\n");
    expect(block).toMatchObject({ line: 2, notRun: "needs a card" });
    expect(() => blocksOf("a.md", "<!-- not run -->\ntext\n")).toThrow("a.md:1: a mark has no block");
  });
});
