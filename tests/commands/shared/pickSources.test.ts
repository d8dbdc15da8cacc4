import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDiagnosisTruth, readScoreTruth } from "../../../src/commands/shared/truthSources.js";
import { silentReporter } from "../../../src/system/reporter.js";

/** All that a source file loads before it runs. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)\.js";/gms;
  for (const [, path] of readFileSync(file, "utf8").matchAll(imports))
    loadedWith(`${join(dirname(file), path!)}.ts`, seen);
  return seen;
}

test("score loads the room of data for a data set alone", () => {
  const files = [...loadedWith(normalize("src/commands/judge/score.ts"))];
  expect(files).toContain(normalize("src/score/submissionCsv.ts"));
  expect(files.filter((file) => file.startsWith(normalize("src/data/")))).toEqual([]);
  expect([...loadedWith(normalize("src/commands/data/inspect.ts"))]).toContain(
    normalize("src/data/dataset.ts"),
  );
});

describe("the truth of a folder", () => {
  let folder: string;
  const write = (run: string, points: readonly object[]) => {
    const picks = join(folder, "static", "ExperimentRuns", run, "Picks");
    mkdirSync(picks, { recursive: true });
    writeFileSync(join(picks, "ribosome.json"), JSON.stringify({ points }));
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pickbench-sources-"));
    write("TS_1", [{ location: { x: 1, y: 2, z: 3 } }]);
    write("TS_empty", []);
    mkdirSync(join(folder, "static", "ExperimentRuns", "TS_unpicked"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("has runs picked and found empty, and none that nobody picked, for scoring and diagnosing alike", async () => {
    const reporter = silentReporter;
    const scored = await readScoreTruth(folder, reporter);
    const diagnosed = await readDiagnosisTruth(folder, { asked: undefined, reporter });
    expect([...scored.truth.keys()]).toEqual(["TS_1", "TS_empty"]);
    expect([...diagnosed.truth.keys()]).toEqual(["TS_1", "TS_empty"]);
  });
});
