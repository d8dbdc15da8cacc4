/** Nothing that is there is replaced without --overwrite. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeCommands } from "../../src/commands/table.js";
import { checkFree } from "../../src/system/paths/overwriting.js";
import { pickbench } from "../support/commandLine.js";
import { tinyDataset } from "../support/tinyRun.js";

const folder = mkdtempSync(join(tmpdir(), "overwriting-"));
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  await tinyDataset(folder);
  for (const [name, x] of Object.entries({ a: 100, b: 110 }))
    writeFileSync(at(`${name}.csv`), `id,experiment,particle_type,x,y,z\n0,TS_S1,ribosome,${x},100,100\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what is there is named, with the flag that replaces it", async () => {
  await expect(checkFree(at("a.csv"), false)).rejects.toMatchObject({
    tag: "BadUsage",
    message: `${at("a.csv")} exists already; give --overwrite to replace it, or another --out`,
  });
  await expect(checkFree([at("c"), at("a.csv"), at("b.csv")], false, "another name")).rejects.toThrow(
    `${at("a.csv")} and 1 more exist already; give --overwrite to replace them, or another name`,
  );
  await checkFree([at("a.csv"), at("b.csv")], true);
  await checkFree(at("c"), false);
});

describe("a second call", () => {
  const data = () => at("data");
  test.each<[string, () => string[]]>([
    ["copick", () => ["copick", "--data", data(), "--out", at("copick.json")]],
    ["fuse to a CSV", () => ["fuse", at("a.csv"), at("b.csv"), "--out", at("fused.csv")]],
    ["fuse to a folder", () => ["fuse", at("a.csv"), at("b.csv"), "--out", at("fused")]],
    ["diagnose", () => ["diagnose", at("a.csv"), "--truth", data(), "--out", at("diagnosis.json")]],
    ["open", () => ["open", "TS_S1", "--data", data(), "--out", at("view")]],
    ["volume", () => ["volume", tomogram(), at("copy.mrc"), "--quiet"]],
    ["convert", () => ["convert", at("a.csv"), at("a.star"), "--to-format", "relion5", ...where]],
    [
      "simulate",
      () => ["simulate", "--out", at("phantoms"), "--count", "1", "--size", "40,64,64", "--quiet"],
    ],
  ])("of %s is refused and changes nothing; --overwrite does it", async (_, args) => {
    const first = await pickbench(...args());
    expect(first.code, first.stderr).toBe(0);
    const before = contents();
    const again = await pickbench(...args());
    expect(again.stderr).toMatch(/^pickbench: [^\n]*--overwrite[^\n]*\n$/);
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(contents()).toEqual(before);
    expect((await pickbench(...args(), "--overwrite")).code).toBe(0);
  });
});

const where = ["--spacing", "10", "--size", "40,64,64"];
const tomogram = () => at("data/static/ExperimentRuns/TS_S1/VoxelSpacing10.000/denoised.zarr");

/** Every file with its bytes. */
const contents = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name} ${readFileSync(join(parentPath, name), "base64")}`)
    .sort();

test("every command that writes has --overwrite, every one that shows progress --quiet, alike", async () => {
  const commands = await describeCommands();
  const having = (flag: string) => commands.filter(({ flags }) => flags.some(({ name }) => name === flag));
  const saying = (flag: string) =>
    new Set(having(flag).map(({ flags }) => flags.find(({ name }) => name === flag)!.describe));
  const unwritten = [
    "fetch",
    "portal",
    "score",
    "inspect",
    "nets",
    "models",
    "engines",
    "bench",
    "completion",
    "tune",
    "watch",
    "queue",
  ];
  const writing = commands.filter(({ name }) => !unwritten.includes(name) && name !== "experiment");
  expect(writing.filter((command) => !having("overwrite").includes(command))).toEqual([]);
  expect([...saying("overwrite")].every((text) => text.startsWith("replace what is there already"))).toBe(
    true,
  );
  const silent = commands.filter((command) => !having("quiet").includes(command)).map(({ name }) => name);
  expect(silent).toEqual([
    "convert",
    "experiment",
    "export",
    "import",
    "models",
    "nets",
    "engines",
    "completion",
  ]);
  expect([...saying("quiet")]).toEqual(["show no progress"]);
  expect(
    [...saying("runs")].every((text) =>
      /names of runs, separated by commas(?:, or @SUBSET of a survey, .*)?: only these$/.test(text),
    ),
  ).toBe(true);
  expect([...saying("threads")].every((text) => text.startsWith("worker threads"))).toBe(true);
});
