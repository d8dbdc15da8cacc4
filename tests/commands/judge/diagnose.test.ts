import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePicks } from "../../../src/data/picks.js";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import type { TypeDiagnosis } from "../../../src/score/diagnosis/diagnosis.js";
import { pickbench } from "../../support/commandLine.js";
import { spacingOf } from "../../support/pickingFixtures.js";

let folder: string;
let data: string;
let found: string;
let submission: string;

const write = (name: string, content: string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const picksOf = (
  type: string,
  rows: readonly (readonly [x: number, y: number, z: number, score?: number])[],
) =>
  rows.map(
    ([x, y, z, score]): ParticlePick => ({
      type,
      x: angstrom(x),
      y: angstrom(y),
      z: angstrom(z),
      ...(score === undefined ? {} : { score }),
    }),
  );
const own = (sessionId: string) => ({ userId: "pickbench", sessionId });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-diagnose-"));
  data = join(folder, "data");
  found = join(folder, "found");
  const truthOf = (run: string, type: string, rows: [number, number, number][]) =>
    write(
      `data/overlay/ExperimentRuns/${run}/Picks/${type}.json`,
      JSON.stringify({ points: rows.map(([x, y, z]) => ({ location: { x, y, z } })) }),
    );
  truthOf("TS_1", "ribosome", [
    [200, 200, 30],
    [600, 200, 350],
  ]);
  truthOf("TS_1", "thyroglobulin", [[600, 600, 200]]);
  truthOf("TS_2", "ribosome", []);
  const zarr = (run: string) =>
    join(data, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr");
  for (const run of ["TS_1", "TS_2", "TS_3"]) {
    const writer = await createOmeZarr(zarr(run), { shape: [40, 80, 80], spacing: spacingOf(10) });
    const depth = writer.chunkShape[0];
    for (let z = 0; z < 40; z += depth)
      await writer.writeSlab(z, new Float32Array(Math.min(depth, 40 - z) * 80 * 80));
    await writer.close();
  }
  await writePicks(
    found,
    "TS_1",
    "ribosome",
    picksOf("ribosome", [
      [610, 200, 345, 0.9],
      [600, 620, 200, 0.8],
    ]),
    own("a"),
  );
  await writePicks(found, "TS_2", "ribosome", picksOf("ribosome", [[100, 100, 100, 0.2]]), own("a"));
  submission = write(
    "submission.csv",
    "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,610,200,345\n1,TS_1,ribosome,600,620,200\n2,TS_2,ribosome,100,100,100\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("pickbench diagnose", () => {
  test("prints per type score, best threshold, displacement, confusion and where misses lie", async () => {
    const { stdout, stderr, code } = await pickbench("diagnose", found, "--truth", data);
    expect([stderr, code]).toEqual(["", 0]);
    const [scores, displacement, errors, notes] = stdout.split("\n\n");
    expect(scores).toMatch(/^ribosome +0\.4857 +1 +2 +1 +0 +2 +0\.900 +0\.5152 /m);
    expect(scores).toMatch(/^thyroglobulin +0\.0000 +0 +0 +1 +0 +0 +– +– /m);
    expect(displacement).toMatch(/^ribosome +10\.0 +0\.0 +-5\.0 +11\.2$/m);
    expect(errors).toMatch(/^ribosome +– +thyroglobulin 1 of 2 +1\/1 0\/0 0\/1 +1\/2 +0\/0$/m);
    expect(errors).toMatch(/^thyroglobulin +ribosome 1 of 1 +– +0\/0 1\/1 0\/0 /m);
    expect(notes).toMatch(
      /^score 0\.0694, 2 experiments\nmissed a\/b: .*\nbest thresholds are fitted on these very picks/,
    );
  });

  test("--json and --out give everything, with the score command's own counts", async () => {
    const out = join(folder, "sub", "diagnosis.json");
    const { stdout, code } = await pickbench("diagnose", found, "--truth", data, "--json", "--out", out);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(JSON.parse(stdout));
    const { report, perType, missing } = JSON.parse(stdout);
    const score = await pickbench("score", submission, "--truth", data, "--json");
    const { notes: _, ...scored } = JSON.parse(score.stdout);
    expect(report).toEqual(scored);
    expect(missing).toEqual([]);
    expect(perType.ribosome.places.depth).toHaveLength(12);
    expect(perType.ribosome.places.depth[0]).toMatchObject({ from: 0, truths: 1, misses: 1 });
    expect(perType.ribosome.worstFalsePicks[0]).toMatchObject({
      x: 600,
      y: 620,
      mistakenFor: "thyroglobulin",
    });
  });

  test("a CSV gives all that needs no confidences, and says what is missing", async () => {
    const both = await Promise.all(
      [found, submission].map((path) => pickbench("diagnose", path, "--truth", data, "--json")),
    );
    const [sure, unsure] = both.map(({ stdout }) => JSON.parse(stdout));
    expect(unsure.report).toEqual(sure.report);
    expect(unsure.confusion).toEqual(sure.confusion);
    for (const type of ["ribosome", "thyroglobulin"])
      expect(unsure.perType[type]).toMatchObject({
        counts: sure.perType[type].counts,
        displacement: sure.perType[type].displacement,
        places: sure.perType[type].places,
      });
    expect([unsure.perType.ribosome.curve, unsure.perType.ribosome.reliability]).toEqual([null, null]);
    const { stdout } = await pickbench("diagnose", submission, "--truth", data);
    expect(stdout).toMatch(/\nno curve, best threshold, reliability .* for ribosome, .* no confidences; /);
  });

  test("a CSV as truth has no sizes; --runs leaves out the others", async () => {
    const csv = write("truth.csv", "experiment,particle_type,x,y,z\nTS_1,ribosome,600,200,350\n");
    const bySheet = await pickbench("diagnose", found, "--truth", csv);
    expect(bySheet.stdout).toMatch(
      /\nno depth and no distance to the border, for the size of TS_1 is unknown/,
    );
    const one = await pickbench("diagnose", found, "--truth", data, "--runs", "TS_1", "--json");
    expect(JSON.parse(one.stdout).perType.ribosome.counts).toMatchObject({ predictions: 2, fp: 1 });
  });

  test("picks beside the truth in one overlay: pickbench's own are judged, by session where there are two", async () => {
    const overlay = join(data, "overlay");
    await writePicks(overlay, "TS_1", "ribosome", picksOf("ribosome", [[600, 200, 350, 0.5]]), own("b"));
    const one = await pickbench("diagnose", data, "--truth", data, "--json");
    expect(JSON.parse(one.stdout).perType.ribosome.counts).toMatchObject({ tp: 1, fp: 0, fn: 1 });
    await writePicks(overlay, "TS_1", "ribosome", picksOf("ribosome", [[200, 200, 30, 0.5]]), own("c"));
    const two = await pickbench("diagnose", data, "--truth", data);
    expect([two.code, two.stderr]).toEqual([1, expect.stringMatching(/pickbench_b, pickbench_c.*session/)]);
    const chosen = await pickbench("diagnose", data, "--truth", data, "--session", "c", "--json");
    expect(JSON.parse(chosen.stdout).perType.ribosome.worstMisses).toMatchObject([{ x: 600, z: 350 }]);
  });

  test.each([
    ["no folder", () => ["nowhere", "--truth", data], /nowhere: no such file or folder/],
    ["no picks", () => [data, "--truth", data, "--user", "nobody"], /holds no file of picks for TS_1, TS_2/],
    ["runs without a name", () => [found, "--truth", data, "--runs", " ,"], /--runs is " ,", wanted names/],
    ["a run nobody picked", () => [found, "--truth", data, "--runs", "TS_3"], /--runs names TS_3, wanted /],
    ["an empty truth", () => [found, "--truth", data, "--runs", "TS_2"], /holds no particle in these runs/],
    ["a folder as --out", () => [found, "--truth", data, "--out", folder], /--out .* is a folder/],
  ])("%s is the user's mistake", async (_, args, message) => {
    const { code, stderr, stdout } = await pickbench("diagnose", ...args());
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  const phantom = new URL("../../../../shared/data/czii-phantom/train", import.meta.url).pathname;
  test.skipIf(!existsSync(phantom))(
    "the phantoms against themselves: all found, nothing displaced (skipped without ../shared)",
    async () => {
      const { stdout, code } = await pickbench("diagnose", phantom, "--truth", phantom, "--json");
      expect(code).toBe(0);
      const { perType, report } = JSON.parse(stdout);
      expect(Object.keys(perType).length).toBeGreaterThan(4);
      for (const [type, { counts, displacement, places, worstMisses }] of Object.entries<TypeDiagnosis>(
        perType,
      )) {
        expect(counts).toMatchObject({ fn: 0, wrongPicks: 0, tp: report.perType[type].truths });
        expect(displacement.axes!.dz).toMatchObject({ mean: 0, spread: 0 });
        expect(places.depth).not.toBeNull();
        expect(worstMisses).toEqual([]);
      }
    },
  );
});
