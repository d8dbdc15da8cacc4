import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import * as library from "../../src/index.js";

interface Names {
  /** Kind of declaration by exported name. */
  readonly exports: Readonly<Record<string, string>>;
  /** By exported name, what its declaration speaks of and is not exported. */
  readonly hidden: Readonly<Record<string, readonly string[]>>;
  readonly isCurrent: boolean;
}

let names: Names;
beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["bin/describeApi.js", "--names"]);
  names = JSON.parse(stdout) as Names;
});

test("exports these names; another is a new promise, a missing one a broken one", () => {
  expect(names.exports).toMatchSnapshot();
});

test("has each of its values at run time, and nothing else", () => {
  const values = Object.entries(names.exports).filter(([, kind]) => kind !== "interface" && kind !== "type");
  expect(Object.keys(library).sort()).toEqual(values.map(([name]) => name).sort());
});

test("exports the types of its signatures, save for the schemas and lists that some are inferred from", () => {
  expect(names.hidden).toEqual({
    CellFeature: ["cellFeatures"],
    EngineName: ["engineNames"],
    Experiment: ["experimentSchema"],
    FrameName: ["frames"],
    MaskMeasure: ["maskMeasures"],
    Precision: ["precisions"],
    RunRecord: ["recordSchema"],
    RunReport: ["runReportSchema"],
    Statistics: ["statisticsNames"],
    SurveyEntry: ["entrySchema"],
  });
});

test("is described by docs/api.md as it is: npm run docs", () => {
  expect(names.isCurrent).toBe(true);
});
