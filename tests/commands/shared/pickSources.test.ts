import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scoreNotes } from "../../../src/commands/judge/scoreNotes.js";
import { readDiagnosisTruth, readScoreTruth } from "../../../src/commands/shared/truthSources.js";
import { scorePicks } from "../../../src/score/score.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { unpackStore } from "../../support/storeFixtures.js";

/** All that a source file loads before it runs. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)\.js";/gms;
  for (const [, path] of readFileSync(file, "utf8").matchAll(imports))
    loadedWith(`${join(dirname(file), path!)}.ts`, seen);
  return seen;
}

/** What names of volumes mean, which subsets of runs need too. */
const namesAlone = normalize("src/data/volumeNames.ts");

test("score loads the room of data for a data set alone", () => {
  const files = [...loadedWith(normalize("src/commands/judge/score.ts"))];
  expect(files).toContain(normalize("src/score/submissionCsv.ts"));
  expect(files.filter((file) => file.startsWith(normalize("src/data/")))).toEqual([namesAlone]);
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
    const scored = await readScoreTruth(folder, { reporter });
    const diagnosed = await readDiagnosisTruth(folder, { asked: undefined, reporter });
    expect([...scored.truth.keys()]).toEqual(["TS_1", "TS_empty"]);
    expect([...diagnosed.truth.keys()]).toEqual(["TS_1", "TS_empty"]);
  });

  test("knows of all runs that were picked where some are asked for, so that the others are not said to be lacking", async () => {
    const source = await readScoreTruth(folder, { asked: "TS_1", reporter: silentReporter });
    expect([[...source.truth.keys()], [...source.picked]]).toEqual([["TS_1"], ["TS_1", "TS_empty"]]);
    const { truth } = await readDiagnosisTruth(folder, { asked: "TS_1", reporter: silentReporter });
    const report = scorePicks(truth, new Map(), source.particles);
    const notes = await scoreNotes("a.csv", report, source, new Set(["TS_1", "TS_empty", "TS_other"]));
    expect(notes).toMatchObject({ runsWithoutPicks: [], runsNotInTruth: ["TS_other"] });
  });

  test("has volumes of the spacing that is given", async () => {
    const store = join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr");
    unpackStore("type <f4", store);
    const options = { asked: "TS_1", spacing: 7, reporter: silentReporter };
    const { readVolumes } = await readScoreTruth(folder, options);
    expect((await readVolumes()).get("TS_1")).toMatchObject({ shape: [3, 5, 6], spacing: [7, 7, 7] });
    const { extents } = await readDiagnosisTruth(folder, options);
    expect(extents.get("TS_1")).toEqual({ z: 21, y: 35, x: 42 });
  });
});
