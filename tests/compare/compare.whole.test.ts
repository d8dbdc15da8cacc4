import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompareOptions, compare } from "../../src/compare/compare.js";
import { experimentFor } from "../../src/compare/entrant.js";
import { ranked, rowOf, type SeedResult } from "../../src/compare/result.js";
import { comparisonMarkdown } from "../../src/compare/table.js";
import { readRecord } from "../../src/domain/record.js";
import { readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { checkExperiment } from "../../src/train/experiment/experiment.js";
import { hearingReporter } from "../support/hearingReporter.js";
import { tinyDataset, tinyExperiment } from "../support/tinyRun.js";

const recipe = checkExperiment(
  {
    name: "recipe",
    network: "baseline",
    splits: { train: 1 },
    loss: [{ kind: "crossEntropy" }],
    budget: "1 step",
  },
  "recipe.yaml",
);

const seedResult = (seed: number, score: number): SeedResult => ({
  seed,
  score,
  interval: { low: score - 0.1, high: score + 0.1 },
  perType: {},
  loss: 1,
  steps: 10,
  trainSeconds: 60,
  tomogramSeconds: 5,
});

describe("an entrant", () => {
  it("differs from the recipe in its name and network alone", () => {
    const { name, network, ...rest } = experimentFor(recipe, "dynunet", 0);
    const { name: _, network: __, ...common } = recipe;
    expect([name, network]).toEqual(["recipe-dynunet", "dynunet"]);
    expect(rest).toEqual(common);
  });

  it("gets thin patches and tiles where its network sees single slices, of sizes it takes", () => {
    const { patch, predict } = experimentFor(recipe, "unet", 2);
    expect(patch.shape).toEqual([8, 64, 64]);
    expect(predict.tile).toEqual([8, 96, 96]);
    expect(predict.overlap).toEqual([0, 16, 16]);
  });
});

it("rows give the mean and its standard error, the best first", () => {
  const times = { sliceMs: 1, patchMs: 2 };
  const low = rowOf("low", 1, [seedResult(0, 0.2)], times, null);
  const high = rowOf("high", 1, [seedResult(0, 0.5), seedResult(1, 0.7)], times, null);
  expect(high.score).toBeCloseTo(0.6, 12);
  expect(high.standardError).toBeCloseTo(0.1, 12);
  expect(low.standardError).toBeNull();
  expect(ranked([low, high]).map(({ architecture }) => architecture)).toEqual(["high", "low"]);
});

describe("compare", () => {
  let folder: string;
  let options: CompareOptions;
  const reporter = hearingReporter();
  const { notes } = reporter;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "compare-"));
    options = {
      architectures: ["eman2", "plain"],
      recipe: await tinyExperiment(join(folder, "tiny.yaml"), { budget: "1 step" }),
      data: await tinyDataset(folder),
      budget: undefined,
      seeds: 1,
      out: join(folder, "out"),
      submissions: join(folder, "submissions"),
      engine: "onnx-cpu",
      threads: 1,
      timedRuns: 1,
      overwrite: false,
      reporter,
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("leaves runs, leaderboard rows, table and plot, and takes finished runs as they are", async () => {
    const comparison = await compare(options);
    expect(comparison.rows.map(({ architecture }) => architecture).sort()).toEqual(["eman2", "plain"]);
    for (const { seeds, patchMs, sliceMs, score } of comparison.rows) {
      expect(seeds[0]!.steps).toBe(1);
      expect(Math.min(patchMs, sliceMs, seeds[0]!.tomogramSeconds!)).toBeGreaterThan(0);
      expect(score).toBe(seeds[0]!.score);
    }
    expect(comparison.rows.find(({ architecture }) => architecture === "eman2")?.published?.sliceMs).toBe(50);
    const [first, second] = comparison.rows;
    expect([first!.againstFirst, second!.againstFirst?.verdict]).toEqual([
      null,
      expect.stringMatching(/^(too few|same)$/),
    ]);
    expect(second!.againstFirst!.difference).toBeCloseTo(first!.score! - second!.score!, 12);
    const { groups } = await readLeaderboard(options.submissions);
    expect(groups[0]!.rows.map(({ name }) => name).sort()).toEqual(["tiny-eman2", "tiny-plain"]);
    const markdown = await readFile(join(options.out, "comparison.md"), "utf8");
    expect(markdown).toBe(comparisonMarkdown(comparison));
    expect(markdown).toContain("| eman2 | ");
    expect(markdown).toContain("One held-out run cannot tell which is better");
    const plot = await readFile(join(options.out, "comparison.svg"), "utf8");
    expect(plot.startsWith("<svg") && plot.endsWith("</svg>")).toBe(true);
    for (const name of ["eman2", "plain"]) expect(plot).toContain(`>${name}<`);

    const record = join(options.out, "tiny-eman2", "record.json");
    const before = await stat(record);
    notes.length = 0;
    await compare(options);
    expect(notes.filter((line) => line.endsWith("finished before")).length).toBe(2);
    expect((await stat(record)).mtimeMs).toBe(before.mtimeMs);
  });

  it("begins with a checkpoint, from which a finished run is known, and refuses architectures that it does not fit", async () => {
    const from = join(options.out, "tiny-plain", "best.safetensors");
    const begun = { ...options, from, architectures: ["plain"], out: join(folder, "begun") };
    await expect(compare({ ...begun, architectures: ["plain", "eman2"] })).rejects.toThrow(
      /holds plain, of whose .* fits eman2/,
    );
    await compare(begun);
    const record = join(begun.out, "tiny-plain", "record.json");
    expect((await readRecord(record)).start).toMatchObject({ experiment: "tiny-plain" });
    notes.length = 0;
    await compare(begun);
    expect(notes.filter((line) => line.endsWith("finished before")).length).toBe(1);
  });

  it("refuses an architecture it does not know before anything is trained", async () => {
    await expect(compare({ ...options, architectures: ["plain", "nosuch"] })).rejects.toThrow(
      /choose one of/,
    );
  });
});
