/** Exports read by others, and Pom's summary written and read. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../src/survey/database/duckdb.js";
import { readSummary, summaryStar } from "../../src/survey/export/summaryStar.js";
import { openSurvey, type Survey } from "../../src/survey/survey.js";
import { pythonHas, runPythonFile } from "../support/python.js";
import { temporaryFolder } from "../support/storeFixtures.js";
import { buildTiny, tinyProject } from "../support/surveyData.js";

const script = new URL("../fixtures/survey/read_export.py", import.meta.url).pathname;

async function tinySurvey(): Promise<{ readonly folder: string; readonly survey: Survey }> {
  const folder = temporaryFolder();
  await tinyProject(folder, 3);
  await buildTiny(folder);
  return { folder, survey: await openSurvey(join(folder, "survey")) };
}

test.skipIf(!pythonHas("pandas"))(
  "CSV and STAR hold what was measured (skipped without pandas)",
  async () => {
    const { folder, survey } = await tinySurvey();
    const [csv, star] = [join(folder, "all.csv"), join(folder, "summary.star")];
    expect(await survey.export(csv, "csv", "ribosome.count > 1")).toBe(2);
    expect(await survey.export(star, "star")).toBe(3);
    survey.close();
    expect(runPythonFile(script, csv, star)).toEqual({
      csv: [
        ["TS_2", 25, 2],
        ["TS_3", 37.5, 3],
      ],
      names: ["tomogram", "membrane", "particle_ribosome"],
      rows: [1, 2, 3].map((run) => [`TS_${run}`, expect.stringMatching(/^\d+\.\d+$/), String(run)]),
    });
  },
);

test("Parquet holds the columns and the order that are asked for", async () => {
  const { folder, survey } = await tinySurvey();
  const path = join(folder, "all.parquet");
  const options = { sort: "run desc", columns: ["ribosome.count"] };
  expect(await survey.export(path, "parquet", undefined, options)).toBe(3);
  survey.close();
  const database = await openDatabase();
  const read = await database.connection.runAndReadAll(`SELECT * FROM '${path}'`);
  expect(read.getRowsJS()).toEqual([
    ["TS_3", 3],
    ["TS_2", 2],
    ["TS_1", 1],
  ]);
  database.close();
});

describe("Pom's summary", () => {
  test("is read as it is written, with missing values and one row", async () => {
    const path = join(temporaryFolder(), "summary.star");
    const runs = new Map([
      ["TS_1", { features: new Map([["membrane", 2.5]]), particles: new Map([["ribosome", 7]]) }],
      ["TS_2", { features: new Map([["mitochondrial_granule", 0.125]]), particles: new Map() }],
    ]);
    writeFileSync(path, summaryStar(runs));
    expect((await readSummary(path)).runs).toEqual(runs);
    writeFileSync(path, "data_\n\n_tomogram\tTS_9.mrc\n_membrane\t1.5\n_particle_ribosome 3\n_void <NA>\n");
    expect([...(await readSummary(path)).runs]).toEqual([
      ["TS_9", { features: new Map([["membrane", 1.5]]), particles: new Map([["ribosome", 3]]) }],
    ]);
  });

  test("gives values where there are no maps", async () => {
    const folder = temporaryFolder();
    await tinyProject(folder, 2);
    const summary = join(folder, "summary.star");
    writeFileSync(
      summary,
      "data_\n\nloop_\n_tomogram #1\n_membrane #2\n_nucleus #3\n_particle_vault #4\nTS_1 50 12.5 4\nTS_2 60 nan <NA>\n",
    );
    await buildTiny(folder, { summary });
    const survey = await openSurvey(join(folder, "survey"));
    const { rows } = await survey.find(undefined, {
      columns: ["membrane.percent", "nucleus.soft_percent", "nucleus.percent", "vault.count"],
    });
    survey.close();
    expect(rows).toEqual([
      ["TS_1", 12.5, 12.5, null, 4],
      ["TS_2", 25, null, null, null],
    ]);
  });

  test.each([
    ["data_\nloop_\n_name\nTS_1\n", "has no column tomogram"],
    ["data_\nloop_\n_tomogram\n_membrane\nTS_1 much\n", 'membrane is "much", wanted a number'],
    ["data_\nloop_\n_tomogram\n_particle_vault\nTS_1 1.5\n", "wanted a count"],
  ])("that is broken is refused: %j", async (text, message) => {
    const path = join(temporaryFolder(), "summary.star");
    writeFileSync(path, text);
    await expect(readSummary(path)).rejects.toThrow(message);
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});
