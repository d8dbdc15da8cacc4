import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AreaBuilder, wholeArea } from "../../src/matching/search/area.js";
import type { SearchJob } from "../../src/matching/search/best.js";
import { Ledger } from "../../src/matching/search/ledger.js";
import { matchTemplate } from "../../src/matching/search/matchTemplate.js";
import type { TemplateMask } from "../../src/matching/template.js";
import { silentReporter } from "../../src/system/reporter.js";
import { blobs, matchingScene } from "../support/matchingScene.js";
import { pythonHas, runPythonFile } from "../support/python.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "matching-"));
});
afterAll(() => rm(folder, { recursive: true }));

const script = new URL("../fixtures/matching/score.py", import.meta.url).pathname;
let runs = 0;

const searched = (job: SearchJob, area = wholeArea(job.shape), threads = 1, reporter = silentReporter) =>
  matchTemplate({
    ...{ job, area, threads, reporter, label: "matching" },
    ledger: new Ledger(join(folder, `ledger-${runs++}`), "key"),
  });

/** What SciPy finds, and what the definition gives at some voxels. */
async function expected(job: SearchJob, voxels: readonly (readonly number[])[]) {
  const path = join(folder, `scene-${runs++}`);
  const { template, shape, weights, volume, sign } = job;
  const { map, centre, step, reach, mask } = template;
  await writeFile(`${path}.volume`, volume);
  await writeFile(`${path}.map`, map.data);
  await writeFile(`${path}.weights`, weights);
  if (mask.kind === "map") await writeFile(`${path}.mask`, mask.map.data);
  const rotations = Array.from({ length: job.rotations.length / 9 }, (_, at) => [
    ...job.rotations.subarray(9 * at, 9 * at + 9),
  ]);
  const spec = {
    ...{ shape, mapShape: map.shape, centre, step, reach, sign, rotations, voxels },
    edge: Math.round(Math.cbrt(weights.length)),
    ...(mask.kind === "sphere"
      ? { radius: mask.radius, soft: mask.edge }
      : { radius: 1, soft: 1, maskShape: mask.map.shape, maskReach: mask.reach }),
  };
  await writeFile(path, JSON.stringify(spec));
  const { single, std } = runPythonFile(script, path) as { single: number[]; std: number };
  const floats = async (name: string) => new Uint8Array(await readFile(`${path}.${name}`)).buffer;
  return {
    single,
    std,
    scores: new Float32Array(await floats("scores")),
    rotations: new Int32Array(await floats("rotations")),
  };
}

const farthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);

const weighting = { wedge: [-60, 54] as const, gain: { width: 0.01, gains: [0.3, 0.8, 1, 0.7, 0.4] } };
const turningMask: TemplateMask = {
  kind: "map",
  map: { ...blobs(3, 15, 4), data: blobs(3, 15, 4).data.map((value) => Math.min(1, value)) },
  reach: 5.2,
};

describe.skipIf(!pythonHas("numpy", "scipy"))("scores (skipped without SciPy)", () => {
  test.each([
    ["of a sphere", {}, ["blocks"]],
    ["of a mask that turns", { mask: turningMask, rotations: 3 }, ["blocks"]],
  ])("%s equal the definition, and SciPy's transforms", async (_, options, kinds) => {
    const { job } = matchingScene({ weighting, ...options });
    const voxels = [
      [0, 0, 0],
      [15, 20, 30],
      [29, 43, 51],
      [3, 40, 7],
    ];
    const wanted = await expected(job, voxels);
    const found = await searched(job);
    expect(found.plan.batches.map(({ kind }) => kind)).toEqual(kinds);
    expect(farthest(found.scores, wanted.scores)).toBeLessThan(1e-4);
    expect(found.std).toBeCloseTo(wanted.std, 6);
    const same = found.rotations.filter((rotation, at) => rotation === wanted.rotations[at]).length;
    expect(same / found.rotations.length).toBeGreaterThan(0.999);
    for (const [at, [z, y, x]] of voxels.entries())
      expect(found.scores[(z! * 44 + y!) * 52 + x!]).toBeCloseTo(wanted.single[at]!, 4);
  });

  test("at scattered voxels, by matrix products, equal SciPy's too, and nothing else is computed", async () => {
    const { job } = matchingScene({ weighting });
    const builder = new AreaBuilder(job.shape);
    const inside = new Float32Array(job.volume.length);
    for (const at of [0, 44 * 52 + 3, 30_000, 30_001, 51_234, inside.length - 1]) inside[at] = 1;
    builder.add(0, inside);
    const found = await searched(job, builder.area(), 2);
    expect(found.plan.batches.map(({ kind }) => kind)).toEqual(["voxels", "voxels"]);
    const wanted = await expected(job, []);
    for (let at = 0; at < inside.length; at++) {
      if (inside[at] === 1) {
        expect(found.scores[at]).toBeCloseTo(wanted.scores[at]!, 4);
        expect(found.rotations[at]).toBe(wanted.rotations[at]);
      } else if (found.scores[at] !== 0 || found.rotations[at] !== -1)
        expect.fail(`voxel ${at} was computed`);
    }
    expect(found.searched).toBe(6 * 6);
    expect(Math.abs(found.std / wanted.std - 1)).toBeLessThan(0.03);
  });
});

describe("searches", () => {
  test("give the same bytes with any number of threads", async () => {
    const { job } = matchingScene({ rotations: 11 });
    const [one, three] = [await searched(job), await searched(job, wholeArea(job.shape), 3)];
    expect(three.scores).toEqual(one.scores);
    expect(three.rotations).toEqual(one.rotations);
    expect(three.std).toBe(one.std);
  });

  test("that are stopped go on where they were", async () => {
    const { job } = matchingScene({ rotations: 300, shape: [30, 30, 30] });
    const whole = await searched(job);
    const ledger = new Ledger(join(folder, "stopped"), "key");
    const common = { job, area: wholeArea(job.shape), threads: 2, ledger, label: "matching" };
    const stop = new AbortController();
    const progress = { update: () => stop.abort(), say() {}, stop() {} };
    const stopping = { ...silentReporter, signal: stop.signal, progress: () => progress };
    const outcome = await matchTemplate({ ...common, reporter: stopping, betweenLooks: 1 }).catch(
      (error: Error) => error.message,
    );
    expect(outcome).toMatch(
      /stopped after \d+ of 300 rotations of part 1; the same command goes on from there/,
    );
    const resumed = await matchTemplate({ ...common, reporter: silentReporter });
    expect(resumed.scores).toEqual(whole.scores);
    expect(resumed.std).toBe(whole.std);
  });
});
