import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readRunPicks } from "../../src/data/picks.js";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { pickbench } from "../support/commandLine.js";
import { segmentation, tinyShape, tinySpacing, valuesOf, writeLabels } from "../support/masks.js";
import { tinyDataset, tinyRuns } from "../support/tinyRun.js";

let folder: string;
let data: string;
const file = (name: string): string => join(folder, name);
const [depth, height, width] = tinyShape;
const plane = height * width;
const film = 4;

/** A film of four slices is given as five, of which the last is void below x = 16; ribosomes are balls about their centres. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "judged-"));
  data = await tinyDataset(folder);
  await mkdir(file("maps"));
  for (const run of tinyRuns) {
    await writeLabels(segmentation(data, run, "10.000_tester_1_film"), tinyShape, tinySpacing, (z) =>
      z < film ? 1 : 0,
    );
    const picks = (await readRunPicks(await openDataset(data), run)).filter(
      ({ type }) => type === "ribosome",
    );
    const writer = await createOmeZarr(join(file("maps"), `${run}.zarr`), {
      shape: tinyShape,
      spacing: tinySpacing,
      channels: ["film", "ribosome"],
    });
    const near = (z: number, y: number, x: number) =>
      Math.min(
        ...picks.map((pick) => Math.hypot(pick.z - 10 * z - 5, pick.y - 10 * y - 5, pick.x - 10 * x - 5)),
      );
    await writer.writeSlab(
      0,
      valuesOf(tinyShape, (z, _, x) => (z < film || (z === film && x >= 16) ? 0.9 : 0)),
      0,
    );
    await writer.writeSlab(
      0,
      valuesOf(tinyShape, (z, y, x) => (z > film && near(z, y, x) <= 60 ? 0.8 : 0)),
      1,
    );
    await writer.close();
  }
  await writeFile(file("set.yaml"), set("film", "ribosome"));
  await writeFile(file("turned.yaml"), set("ribosome", "film"));
  const ended = await pickbench("segment", file("set.yaml"), "--out", file("out"), "--labels", "--quiet");
  expect(ended.code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const set = (...names: readonly string[]): string =>
  `features:\n${names
    .map(
      (name) =>
        `  - { name: ${name}, maps: maps${name === "ribosome" ? ", picking: { minSpacing: 100 }" : ""} }\n`,
    )
    .join("")}`;

describe("score of identities", () => {
  test("counts voxels of masks by what they were taken for", async () => {
    const { code, stdout, stderr } = await pickbench("score", file("out"), "--truth", data, "--json");
    expect([code, stderr]).toEqual([0, expect.stringContaining("no mask of ribosome in the truth")]);
    const judged = JSON.parse(stdout);
    const truth = tinyRuns.length * film * plane;
    const given = truth + (tinyRuns.length * plane * (width - 16)) / width;
    expect(judged.runs).toEqual(tinyRuns);
    expect(judged.columns).toEqual(["unknown", "film", "ribosome"]);
    expect(judged.rows.film).toEqual([0, truth, 0]);
    expect(judged.rows.none[1]).toBe(given - truth);
    expect(judged.rows.none.reduce((sum: number, each: number) => sum + each)).toBe(
      tinyRuns.length * plane * (depth - film),
    );
    expect(judged.features.film).toEqual({
      ...{ truth, given, both: truth, dice: (2 * truth) / (truth + given), iou: truth / given },
    });
  });

  test("of some runs, as text", async () => {
    const { stdout } = await pickbench("score", file("out"), "--truth", data, "--runs", "TS_S2");
    expect(stdout).toMatch(/film +16384 +16384 +0.0 % +100.0 % +0.0 %/);
  });

  test("refuses folders without labels, unknown runs, and labels that another set gave", async () => {
    const told = async (...args: string[]) => (await pickbench("score", ...args, "--truth", data)).stderr;
    expect(await told(file("maps"))).toContain("wanted a folder that pickbench segment --labels wrote");
    expect(await told(file("out"), "--runs", "TS_S9")).toContain("TS_S9");
    const out = file("mixed");
    const segment = (name: string, ...args: string[]) =>
      pickbench("segment", file(name), "--out", out, "--quiet", ...args);
    await segment("set.yaml", "--labels");
    expect((await segment("turned.yaml", "--labels", "--overwrite", "--runs", "TS_S1")).code).toBe(0);
    expect(await told(out)).toMatch(/of another feature set than .*features\.json describes; segment TS_S2/);
    expect((await segment("turned.yaml", "--overwrite")).code).toBe(0);
    expect(await told(out)).toContain("segment TS_S1 again with --labels --overwrite");
    expect((await segment("turned.yaml", "--labels", "--overwrite")).code).toBe(0);
    const again = await pickbench("score", out, "--truth", data, "--json");
    expect(JSON.parse(again.stdout).rows.film.slice(1)).toEqual([0, tinyRuns.length * film * plane]);
  });
});

test("score of a feature set is the score of what it submits", async () => {
  const common = ["--quiet", "--runs", "TS_S1,TS_S2"];
  const args = ["--data", data, ...common, "--out", file("a.csv")];
  expect((await pickbench("submit", file("set.yaml"), ...args)).code).toBe(0);
  const scored = await pickbench("score", file("set.yaml"), "--truth", data, ...common, "--json");
  expect(scored.code).toBe(0);
  const wanted = await pickbench("score", file("a.csv"), "--truth", data, ...common, "--json");
  const of = (text: string) => JSON.parse(text);
  expect(of(scored.stdout).perType).toEqual(of(wanted.stdout).perType);
  expect(of(scored.stdout).perType.ribosome.fn).toBeGreaterThanOrEqual(0);
  expect(await readFile(file("a.csv"), "utf8")).toContain("ribosome");
});

test("diagnose tells which features picks lie in", async () => {
  const at = (experiment: string, x: number, y: number, z: number) => `${experiment},ribosome,${x},${y},${z}`;
  const truth = await readRunPicks(await openDataset(data), "TS_S1");
  const { x, y, z } = truth.find((pick) => pick.type === "ribosome" && pick.z > 60)!;
  const rows = [
    at("TS_S1", x, y, z),
    at("TS_S1", 5, 5, 39.9),
    at("TS_S1", 159, 5, 45),
    at("TS_S1", 160, 635, 49.9),
    at("TS_S1", 5, 5, 400),
  ];
  await writeFile(
    file("picks.csv"),
    `id,experiment,particle_type,x,y,z\n${rows.map((row, id) => `${id},${row}\n`).join("")}`,
  );
  const common = ["diagnose", file("picks.csv"), "--truth", data, "--runs", "TS_S1"];
  const ended = await pickbench(...common, "--labels", file("out"), "--json");
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout).lying.ribosome).toEqual({
    right: { ribosome: 1 },
    wrong: { film: 2, unknown: 1, outside: 1 },
  });
  const text = await pickbench(...common, "--labels", file("out"));
  expect(text.stdout).toMatch(/ribosome +film +2 +0\n/);
  expect((await pickbench(...common, "--labels", file("maps"))).stderr).toContain(
    "wanted a folder that pickbench segment --labels wrote",
  );
});
