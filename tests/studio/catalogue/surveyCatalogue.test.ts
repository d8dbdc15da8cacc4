import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { Catalogues } from "../../../src/studio/catalogue/catalogues.js";
import { makeSubset } from "../../../src/studio/catalogue/newSubset.js";
import { spreadOf } from "../../../src/studio/catalogue/spread.js";
import { readEntry, writeEntry } from "../../../src/survey/entry.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { workInOwnFolder } from "../../support/ownFolder.js";
import { buildTiny, tinyProject } from "../../support/surveyData.js";

const never = new AbortController().signal;

describe("a survey as a catalogue", () => {
  workInOwnFolder(async () => {
    await tinyProject(".", 5);
    await buildTiny(".", {
      maps: ["maps"],
      sources: [{ name: "mine", paths: ["picks.csv"], author: {} }],
    });
  });
  let catalogues: Catalogues;
  beforeEach(() => {
    catalogues = new Catalogues({ surveys: ["survey"], reporter: silentReporter });
    return () => catalogues.close();
  });
  const survey = () => catalogues.named("survey-0");

  test("names its columns, features and types", async () => {
    const facts = await survey().facts();
    expect(facts.tomograms).toBe(5);
    expect(facts.features).toEqual(["membrane"]);
    expect(facts.types).toContain("ribosome");
    expect(facts.types.filter((type) => type.includes("."))).toEqual([]);
    expect(facts.columns.map(({ name }) => name)).toContain("membrane.percent");
  });

  test("gives a part of its table by expression and order", async () => {
    const part = await catalogues.part(survey(), {
      where: "ribosome.count > 1",
      sort: "ribosome.count desc",
      columns: ["ribosome.count", "membrane.percent"],
      offset: 1,
      limit: 2,
    });
    expect(part.total).toBe(4);
    expect(part.rows).toEqual([
      { run: "TS_4", values: [4, 50] },
      { run: "TS_3", values: [3, 37.5] },
    ]);
  });

  test("refuses an expression with the place of its fault", async () => {
    await expect(survey().order("ribosome.coun > 1")).rejects.toThrow(/ribosome\.count/);
    await expect(survey().rows(["TS_1"], ["no"])).rejects.toThrow(/no such column/);
  });

  test("gives nothing for a run that it has not", async () => {
    expect(await survey().rows(["TS_9", "TS_1"], ["ribosome.count"])).toEqual([undefined, [1]]);
    await expect(survey().page("TS_12")).rejects.toThrow(/TS_1/);
    await expect(survey().page("../../../etc/passwd")).rejects.toThrow(/has no run/);
  });

  test("shows a tomogram's figures and pictures, the slice first", async () => {
    const { lines, tables, pictures } = await survey().page("TS_2");
    expect(lines[0]).toMatch(/^TS_2: /);
    expect(tables[0]!.rows[1]!.slice(0, 2)).toEqual(["membrane", "25"]);
    expect(pictures).toEqual(["tomogram.png", "projection_membrane.png"]);
    const picture = await survey().picture("TS_2", "projection_membrane.png", never);
    expect([...picture!.subarray(1, 4)].map((code) => String.fromCharCode(code)).join("")).toBe("PNG");
  });

  test("gives no file that is no picture of a listed run", async () => {
    writeFileSync("survey/images/TS_2/notes.txt", "secret");
    writeFileSync("secret.png", "secret");
    symlinkSync("../../../secret.png", "survey/images/TS_2/link.png");
    mkdirSync("survey/images/TS_99", { recursive: true });
    writeFileSync("survey/images/TS_99/tomogram.png", "secret");
    for (const [run, name] of [
      ["TS_2", "notes.txt"],
      ["TS_2", "link.png"],
      ["TS_2", "../TS_3/tomogram.png"],
      ["TS_99", "tomogram.png"],
      ["..", "survey.json"],
    ] as const)
      expect(await survey().picture(run, name, never)).toBeUndefined();
  });

  test("counts how a column spreads", async () => {
    const spread = await spreadOf(survey(), "ribosome.count");
    expect(spread).toMatchObject({ least: 1, largest: 5, missing: 0 });
    expect(spread!.counts.reduce((a, b) => a + b)).toBe(5);
    await expect(spreadOf(survey(), "no")).rejects.toThrow(/no such column/);
  });

  test("writes chosen runs as a subset that --runs reads, and replaces none", async () => {
    const made = await makeSubset(survey(), { name: "two", runs: ["TS_5", "TS_2"] });
    expect(made).toEqual({ path: "survey/subsets/two.txt", runs: 2 });
    expect(readFileSync(made.path, "utf8")).toBe("# two: chosen in the studio\nTS_5\nTS_2\n");
    expect((await survey().facts()).subsets).toEqual(["two"]);
    await expect(makeSubset(survey(), { name: "two", runs: ["TS_1"] })).rejects.toThrow(/two\.txt/);
    expect(readFileSync(made.path, "utf8")).toContain("TS_5");
  });

  test("refuses subsets that could not be read again, or that lie elsewhere", async () => {
    for (const name of ["../out", "a,b", "x.txt", "", ".hidden", " a"])
      await expect(makeSubset(survey(), { name, runs: ["TS_1"] })).rejects.toThrow(/name/);
    await expect(makeSubset(survey(), { name: "none", where: "ribosome.count > 9" })).rejects.toThrow(
      /no tomogram/,
    );
    await expect(makeSubset(survey(), { name: "no", runs: ["TS_77"] })).rejects.toThrow(/no run TS_77/);
    expect(existsSync("survey/subsets/no.txt")).toBe(false);
  });

  test("is opened anew where entries have changed", async () => {
    const before = await survey().order();
    const entry = (await readEntry("survey", "TS_1"))!;
    await writeEntry("survey", { ...entry, run: "TS_6", picks: { stamp: "", rows: 0 } });
    expect((await survey().facts()).tomograms).toBe(before.length + 1);
    expect(await survey().order()).toEqual([...before, "TS_6"]);
  });
});
