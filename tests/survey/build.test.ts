import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catchUp } from "../../src/survey/database/catchUp.js";
import { isCaughtUp } from "../../src/survey/database/fresh.js";
import { askSql } from "../../src/survey/find/ask.js";
import { placesIn } from "../../src/survey/places.js";
import { openSurvey } from "../../src/survey/survey.js";
import { withLock } from "../../src/system/lock.js";
import { silentReporter } from "../../src/system/reporter.js";
import { temporaryFolder } from "../support/storeFixtures.js";
import { buildTiny, endlessSql, tinyProject, writeTinyRun } from "../support/surveyData.js";

async function project(runs = 3): Promise<{ readonly folder: string; readonly survey: string }> {
  const folder = temporaryFolder();
  await tinyProject(folder, runs);
  return { folder, survey: join(folder, "survey") };
}

async function found(survey: string, where?: string, options = {}): Promise<unknown[][]> {
  const opened = await openSurvey(survey, options);
  const { rows } = await opened.find(where, { columns: ["membrane.percent", "ribosome.count"] });
  opened.close();
  return rows.map((row) => [...row]);
}

const rowsOf = (...runs: number[]) => runs.map((run) => [`TS_${run}`, (100 * run) / 8, run]);

describe("building", () => {
  test("measures every run, and nothing where nothing changed", async () => {
    const { folder, survey } = await project();
    expect(await buildTiny(folder)).toMatchObject({ runs: 3, changed: 3, removed: 0, faults: [], left: 0 });
    expect(await found(survey)).toEqual(rowsOf(1, 2, 3));
    const before = readdirSync(join(survey, "images", "TS_1"));
    expect(before).toEqual(["projection_membrane.png", "tomogram.png"]);
    const texts = () =>
      readdirSync(join(survey, "entries")).map((name) => readFileSync(join(survey, "entries", name), "utf8"));
    const first = texts();
    expect(await buildTiny(folder)).toMatchObject({ changed: 0, database: { changed: 0, isNew: false } });
    rmSync(survey, { recursive: true });
    await buildTiny(folder);
    expect(texts()).toEqual(first);
  });

  test("measures what is new or changed alone, and drops what is gone", async () => {
    const { folder, survey } = await project();
    await buildTiny(folder);
    await writeTinyRun(folder, 4);
    rmSync(join(folder, "tomograms", "TS_2.mrc"));
    cpSync(join(folder, "maps", "TS_3__membrane.mrc"), join(folder, "maps", "TS_1__membrane.mrc"));
    const notes: string[] = [];
    const built = await buildTiny(folder, {}, { ...silentReporter, note: (line) => notes.push(line) });
    expect(built).toMatchObject({
      runs: 3,
      changed: 2,
      removed: 1,
      database: { changed: 2, removed: 1, isNew: false },
    });
    expect(await found(survey)).toEqual([
      ["TS_1", 37.5, 1],
      ["TS_3", 37.5, 3],
      ["TS_4", 50, null],
    ]);
    expect(notes).toEqual([
      "maps of TS_2 are left out: the data set has no such runs",
      "picks of TS_2 are left out: the data set has no such runs",
    ]);
    expect(existsSync(join(survey, "images", "TS_2"))).toBe(false);
  });

  test("other settings measure anew; maps that are no longer asked for vanish", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    expect(await buildTiny(folder, { threshold: 0.95 })).toMatchObject({ changed: 2 });
    expect(await found(survey)).toEqual([
      ["TS_1", 0, 1],
      ["TS_2", 0, 2],
    ]);
    await buildTiny(folder, { maps: [] });
    expect(readdirSync(join(survey, "images", "TS_1"))).toEqual(["tomogram.png"]);
    const opened = await openSurvey(survey);
    expect((await opened.columns()).some(({ name }) => name.startsWith("membrane"))).toBe(false);
    opened.close();
  });

  test("a faulty run has no entry and is named; the others go on, and it comes back once it is mended", async () => {
    const { folder, survey } = await project();
    await buildTiny(folder);
    truncateSync(join(folder, "tomograms", "TS_2.mrc"), 5000);
    const built = await buildTiny(folder);
    expect(built.faults.map(({ run }) => run)).toEqual(["TS_2"]);
    expect(built.faults[0]!.message).toContain("TS_2.mrc");
    expect(await found(survey)).toEqual(rowsOf(1, 3));
    await writeTinyRun(folder, 2);
    expect(await buildTiny(folder)).toMatchObject({ faults: [], changed: 1 });
    expect(await found(survey)).toEqual(rowsOf(1, 2, 3));
  });

  test("a stop leaves finished entries, and the next build goes on", async () => {
    const { folder, survey } = await project();
    const stop = new AbortController();
    const progress = () => ({ update: () => stop.abort(), say() {}, stop() {} });
    const built = await buildTiny(folder, {}, { ...silentReporter, signal: stop.signal, progress });
    expect(built).toMatchObject({ runs: 1, left: 2 });
    expect(await found(survey)).toEqual(rowsOf(1));
    expect(await buildTiny(folder)).toMatchObject({ changed: 2, left: 0 });
  });

  test("two builds at once: the second one is refused", async () => {
    const { folder, survey } = await project(1);
    await buildTiny(folder);
    await withLock(placesIn(survey).lock, survey, async () => {
      await expect(buildTiny(folder)).rejects.toThrow("is running there");
    });
  });

  test("of a file of picks that changed, the runs whose picks differ are counted again", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    appendFileSync(join(folder, "picks.csv"), "TS_1,ribosome,30,50,40\nTS_1,ribosome,40,50,40\n");
    expect(await buildTiny(folder)).toMatchObject({ changed: 1 });
    expect(await found(survey, "ribosome.count = 3")).toEqual([["TS_1", 12.5, 3]]);
  });
});

describe("the database", () => {
  test("is made again where it was deleted or is damaged, which is said", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    const { database } = placesIn(survey);
    rmSync(database);
    expect(await found(survey)).toEqual(rowsOf(1, 2));
    for (const broken of [Buffer.from("no database"), readFileSync(database).fill(7, 0, 9000)]) {
      writeFileSync(database, broken);
      const notes: string[] = [];
      const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
      expect(await found(survey, undefined, { reporter })).toEqual(rowsOf(1, 2));
      expect(notes.join()).toContain("is damaged");
    }
  });

  test("follows entries that another process wrote or removed", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    await found(survey);
    const entries = join(survey, "entries");
    const text = readFileSync(join(entries, "TS_1.json"), "utf8");
    writeFileSync(
      join(entries, "TS_7.json"),
      text.replace('"run":"TS_1"', '"run":"TS_7"').replace('"rows":1', '"rows":0'),
    );
    rmSync(join(entries, "TS_2.json"));
    expect(await found(survey)).toEqual([
      ["TS_1", 12.5, 1],
      ["TS_7", 12.5, 1],
    ]);
  });

  test("knows an entry whose time alone changed by its hash", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    utimesSync(join(survey, "entries", "TS_1.json"), 1e9, 1e9);
    expect(await catchUp(survey, silentReporter)).toEqual({ changed: 0, removed: 0, isNew: false });
    expect(await found(survey)).toEqual(rowsOf(1, 2));
  });

  test("follows an entry that was changed where it lies, and says so", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    const path = join(survey, "entries", "TS_1.json");
    for (const run of ["TS_1", "TS_2"]) utimesSync(join(survey, "entries", `${run}.json`), 1e9, 1e9);
    await found(survey);
    expect(await isCaughtUp(survey)).toBe(true);
    const before = statSync(join(survey, "entries"));
    writeFileSync(path, readFileSync(path, "utf8").replace('"percent":12.5', '"percent":37.5'));
    expect(statSync(join(survey, "entries")).mtimeMs).toBe(before.mtimeMs);
    const notes: string[] = [];
    const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
    expect((await found(survey, undefined, { reporter }))[0]).toEqual(["TS_1", 37.5, 1]);
    expect(notes).toEqual([`${survey}: 1 entry changed since the last time; the database has caught up`]);
  });

  test("is taken as it is while another process writes it", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    rmSync(join(survey, "entries", "TS_2.json"));
    const notes: string[] = [];
    await withLock(placesIn(survey).databaseLock, survey, async () => {
      const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
      expect(await found(survey, undefined, { reporter })).toEqual(rowsOf(1, 2));
    });
    expect(notes).toEqual([`${survey}: its database is being written; this is what it held before`]);
    expect(await found(survey)).toEqual(rowsOf(1));
  });

  test("a reader goes on with what it opened while the database is caught up", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    const opened = await openSurvey(survey);
    await writeTinyRun(folder, 3);
    await buildTiny(folder);
    expect((await opened.find("membrane.percent > 0")).total).toBe(2);
    opened.close();
    expect(await found(survey, "membrane.percent > 0")).toHaveLength(3);
  });

  test("names a damaged entry, which the next build measures again", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    writeFileSync(join(survey, "entries", "TS_1.json"), '{"version":1}');
    await expect(openSurvey(survey)).rejects.toThrow("TS_1.json is no entry of a survey");
    expect(await buildTiny(folder)).toMatchObject({ changed: 1 });
    expect(await found(survey)).toEqual(rowsOf(1, 2));
  });

  test("a file of picks that was cut is named, and written again by the next build", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    truncateSync(join(survey, "picks", "TS_2.parquet"), 300);
    rmSync(placesIn(survey).database);
    await expect(openSurvey(survey)).rejects.toThrow(/TS_2\.parquet: the run's picks are damaged/);
    await buildTiny(folder);
    const opened = await openSurvey(survey);
    expect((await opened.sql("SELECT count(*) FROM picks")).rows).toEqual([["3"]]);
    opened.close();
  });

  test("an entry that lies under another run's name is refused", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    cpSync(join(survey, "entries", "TS_1.json"), join(survey, "entries", "TS_9.json"));
    await expect(openSurvey(survey)).rejects.toThrow("TS_9.json is of the run TS_1, wanted TS_9");
  });

  test("SQL without an end is broken off", async () => {
    const { folder, survey } = await project(1);
    await buildTiny(folder);
    await expect(askSql(placesIn(survey).database, endlessSql, 1, 0.2)).rejects.toThrow(
      "broken off after 0.2 s",
    );
  });

  test("answers SQL, which can change nothing and read no other file", async () => {
    const { folder, survey } = await project(2);
    await buildTiny(folder);
    const opened = await openSurvey(survey);
    expect(await opened.sql("SELECT count(*) AS picks, min(x) FROM picks")).toEqual({
      columns: ["picks", "min(x)"],
      rows: [["3", 10]],
      isCut: false,
    });
    expect(await opened.sql("SELECT x FROM picks ORDER BY x DESC", 1)).toMatchObject({
      rows: [[30]],
      isCut: true,
    });
    const file = join(folder, "picks.csv");
    for (const text of [
      `SELECT * FROM '${file}'`,
      `SELECT * FROM read_text('${file}')`,
      `COPY picks TO '${file}.copy'`,
      `ATTACH '${file}.db'`,
      "DELETE FROM picks",
      "SET enable_external_access = true",
      "SELECT 1; SELECT 2",
      "INSTALL httpfs",
      "nonsense",
    ])
      await expect(opened.sql(text), text).rejects.toThrow("the SQL cannot be answered");
    opened.close();
  });
});

test("a folder that is no survey is refused", async () => {
  await expect(openSurvey(temporaryFolder())).rejects.toThrow("no survey here");
});
