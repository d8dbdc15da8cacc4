// What a studio takes paths for.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Asked, openForStudio } from "../../src/studio/opened.js";
import { silentReporter } from "../../src/system/reporter.js";
import { temporaryFolder, unpackStore, writeTree } from "../support/storeFixtures.js";

const opening = (asked: Partial<Asked>) =>
  openForStudio({
    ...{ paths: [], picks: [], maps: [], reporter: silentReporter, isAnnotating: false },
    ...{ user: "mia", session: "studio", out: "studio" },
    ...asked,
  });

const csv = "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,1,2,3\n";

/** A data set of one run, without voxels. */
function dataset(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "static", "ExperimentRuns", "TS_1", "VoxelSpacing10.000", "denoised.zarr"), {
    recursive: true,
  });
  return folder;
}

describe("what a studio is to show", () => {
  test("kinds are found out, and picks go with the data set", async () => {
    const data = dataset();
    const folder = writeTree(temporaryFolder(), {
      "a.csv": csv,
      "runs/one/record.json": "{}",
      "submissions/LEADERBOARD.md": "",
      "survey/survey.json": "{",
    });
    const at = (name: string) => join(folder, name);
    const opened = await opening({ paths: [data, at("a.csv"), at("runs"), at("submissions")] });
    expect(opened.dataset?.runs.map(({ name }) => name)).toEqual(["TS_1"]);
    expect(opened.picks).toEqual([at("a.csv"), at("runs")]);
    expect(opened.runFolders).toEqual([at("runs")]);
    expect(opened.submissions).toEqual([at("submissions")]);
    await expect(opening({ paths: [at("survey")] })).rejects.toMatchObject({ tag: "BadDataset" });
  });

  test("folders of trainings and plans are runs, however deep these lie", async () => {
    const folder = writeTree(temporaryFolder(), {
      "deep/search/trials/000/trial.json": "{}",
      "queued/a.csv.queue/plan.json": "{}",
      "queued/a.csv.queue/tasks.jsonl": "",
      "begun/log.jsonl": "",
    });
    const paths = ["deep", "queued", "begun"].map((name) => join(folder, name));
    expect((await opening({ paths })).runFolders).toEqual(paths);
  });

  test("one tomogram is a data set", async () => {
    const store = unpackStore("blosc lz4");
    expect((await opening({ paths: [store] })).dataset?.runs).toHaveLength(1);
  });

  test.each([
    ["what is not there", { paths: ["/no/such"] }, /no such file or folder/],
    ["picks that are not there", { paths: [], picks: ["/no.csv"] }, /--picks \/no\.csv: no such file/],
  ])("%s is refused", async (_, asked, sentence) => {
    await expect(opening(asked)).rejects.toMatchObject({
      tag: "BadUsage",
      message: expect.stringMatching(sentence),
    });
  });

  test("empty folders, files of no format, two data sets and picks alone are refused", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes.md"), "# notes");
    writeFileSync(join(folder, "a.csv"), csv);
    mkdirSync(join(folder, "empty"));
    for (const [paths, sentence] of [
      [[join(folder, "empty")], /holds nothing that can be shown/],
      [[join(folder, "notes.md")], /holds nothing that can be shown/],
      [[join(folder, "a.csv")], /picks alone cannot be looked at/],
      [[dataset(), dataset()], /is a second data set beside/],
    ] as const)
      await expect(opening({ paths })).rejects.toMatchObject({
        tag: "BadUsage",
        message: expect.stringMatching(sentence),
      });
  });
});
