import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPicksFile } from "../../src/data/picks.js";
import { randomFor } from "../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../src/domain/volume.js";
import { rulesOf } from "../../src/features/segment/conditioned.js";
import { openSources } from "../../src/features/segment/sources.js";
import { checkFeatureSet, readFeatureSet } from "../../src/features/set/featureSet.js";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { findFeatureMaps, openFeatureMap } from "../../src/infer/maps/featureMaps.js";
import { beginContest, blurOf, blurVolume, enter } from "../../src/infer/rules/identity.js";
import { silentReporter } from "../../src/system/reporter.js";
import { condition, cubic } from "../infer/rules/condition.js";
import { pickbench } from "../support/commandLine.js";
import { tinyDataset } from "../support/tinyRun.js";

let folder: string;
const shape: Shape3 = [70, 24, 20];
const names = ["membrane", "carbon", "ribosome"];

/** Blobs at places of the seed's. */
function blobs(seed: number): Float32Array {
  const random = randomFor(seed, "segment", 0);
  const at = Array.from({ length: 6 }, () => shape.map((size) => random.uniform() * size));
  return Float32Array.from({ length: voxelCount(shape) }, (_, i) => {
    const x = i % shape[2];
    const y = Math.floor(i / shape[2]) % shape[1];
    const z = Math.floor(i / shape[2] / shape[1]);
    const near = Math.min(...at.map(([cz, cy, cx]) => Math.hypot(z - cz!, y - cy!, x - cx!)));
    return 1 / (1 + Math.exp(near - 5));
  });
}
const maps = names.map((_, at) => blobs(at));

async function writeMaps(
  path: string,
  channels: readonly string[],
  data: readonly Float32Array[],
  spacing = 10,
) {
  const writer = await createOmeZarr(path, { shape, spacing: cubic(spacing), channels });
  for (const [channel, map] of data.entries()) await writer.writeSlab(0, map, channel);
  await writer.close();
}

const rules = `
interactions:
  - { feature: membrane, type: avoid, with: carbon, radius: 40, threshold: 0.3 }
  - { feature: ribosome, type: colocalise, with: membrane, radius: 80 }
identity: { blur: 8, priorities: [ribosome] }
`;
const ready = `
features:
  - { name: membrane, maps: maps, emit: true, absorb: true, colour: "#112233" }
  - { name: carbon, maps: maps, emit: true }
  - { name: ribosome, maps: maps, threshold: 0.4, picking: { minSpacing: 60, minVolume: 1000 } }
${rules}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "segment-"));
  await mkdir(join(folder, "maps"));
  await writeMaps(join(folder, "maps", "TS_1.zarr"), names, maps);
  await writeMaps(join(folder, "maps", "TS_2.zarr"), names, [maps[2]!, maps[0]!, maps[1]!]);
  await writeFile(join(folder, "ready.yaml"), ready);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);

/** Reads all maps of a folder as whole volumes, by `run/feature`. */
async function readAll(path: string): Promise<Map<string, Float32Array>> {
  const found = await findFeatureMaps([path], { reporter: silentReporter });
  const read = new Map<string, Float32Array>();
  for (const map of found)
    read.set(`${map.run}/${map.type}`, (await (await openFeatureMap(map)).readAll()).data);
  return read;
}

async function readLabels(out: string, run: string): Promise<Float32Array> {
  const inside = join(out, "ExperimentRuns", run, "Segmentations");
  const [name] = (await readdir(inside)).filter((each) => each.endsWith("-multilabel.zarr"));
  const store = join(inside, name!);
  return (await (await openFeatureMap({ store, run, type: "features", channel: 0 })).readAll()).data;
}

describe("segment", () => {
  test("conditions ready maps as rules on whole volumes do, and gives each voxel one identity", async () => {
    const out = file("out");
    const { code, stdout, stderr } = await pickbench(
      "segment",
      file("ready.yaml"),
      "--out",
      out,
      "--labels",
      "--json",
    );
    expect([code, stderr.includes("pickbench:")]).toEqual([0, false]);
    const set = await readFeatureSet(file("ready.yaml"));
    const wanted = await condition(rulesOf(set), maps, shape, cubic(10));
    const got = await readAll(out);
    for (const [at, name] of names.entries()) expect(got.get(`TS_1/${name}`)).toEqual(wanted[at]);
    expect(wanted.every((map, at) => at === 1 || map.some((value, i) => value !== maps[at]![i]))).toBe(true);
    const contest = beginContest(voxelCount(shape), 0.33);
    for (const at of [2, 0, 1]) {
      const blurred = wanted[at]!.slice();
      blurVolume(blurred, shape, blurOf(8, cubic(10), "exact"));
      enter(contest, at + 1, blurred);
    }
    expect(await readLabels(out, "TS_1")).toEqual(Float32Array.from(contest.labels));
    const answer = JSON.parse(stdout) as {
      runs: { run: string; features: Record<string, { voxels: number }> }[];
    };
    expect(answer.runs.map(({ run }) => run)).toEqual(["TS_1", "TS_2"]);
    expect(answer.runs[0]!.features.ribosome!.voxels).toBe(
      wanted[2]!.filter((value) => value > Math.fround(0.4)).length,
    );
    const configuration = JSON.parse(await readFile(join(out, "features.json"), "utf8"));
    expect(configuration.pickable_objects).toMatchObject([
      { name: "membrane", label: 1, color: [0x11, 0x22, 0x33, 255], is_particle: false },
      { name: "carbon", label: 2 },
      { name: "ribosome", label: 3, is_particle: true },
    ]);
    expect(configuration.pickbench.set.features[0].maps).toBe(join("..", "maps"));
  });

  test("goes on where it was, and replaces only when asked", async () => {
    const out = file("again");
    const args = ["segment", file("ready.yaml"), "--out", out, "--quiet"];
    expect((await pickbench(...args, "--runs", "TS_1")).code).toBe(0);
    const more = await pickbench(...args);
    expect(more.stderr).toContain("1 of 2 runs are finished and skipped: TS_1");
    await writeFile(file("other.yaml"), ready.replace("radius: 40", "radius: 50"));
    const other = ["segment", file("other.yaml"), "--out", out, "--quiet"];
    expect((await pickbench(...other)).stderr).toContain(
      "TS_1.zarr and 1 more exist already; give --overwrite",
    );
    expect((await pickbench(...other, "--overwrite")).code).toBe(0);
    expect((await readdir(out)).sort()).toEqual(["TS_1.zarr", "TS_2.zarr", "features.json", "segmented"]);
  });

  test("picks, from conditioned maps, what pick finds in those that were written", async () => {
    const picks = file("picks");
    const args = ["--out", picks, "--quiet", "--json"];
    const conditioned = await pickbench("pick", file("maps"), "--features", file("ready.yaml"), ...args);
    expect(conditioned.code).toBe(0);
    const settings = ["--threshold", "0.4", "--min-spacing", "60", "--min-volume", "1000"];
    const of = ["--type", "ribosome", ...settings, "--out", file("picks-b"), "--quiet"];
    expect((await pickbench("pick", file("out"), ...of)).code).toBe(0);
    for (const run of ["TS_1", "TS_2"]) {
      const inside = join("ExperimentRuns", run, "Picks", "pickbench_pick_ribosome.json");
      const [rows, wanted] = await Promise.all(
        [picks, file("picks-b")].map((out) => readPicksFile(join(out, inside), "ribosome")),
      );
      expect(rows!.length).toBeGreaterThan(0);
      expect(rows!.map(({ score: _, ...place }) => place)).toEqual(
        wanted!.map(({ score: _, ...place }) => place),
      );
      for (const [at, { score }] of rows!.entries()) expect(score).toBeCloseTo(wanted![at]!.score!, 4);
    }
    const counts = (JSON.parse(conditioned.stdout) as { picked: { steps: { afterSpacing: number } }[] })
      .picked;
    expect(counts[0]!.steps.afterSpacing).toBeGreaterThan(0);
  });

  test("refuses maps on several grids, runs without a map, and models without data", async () => {
    await writeMaps(file("fine/TS_1.zarr"), ["carbon"], [maps[1]!], 5);
    const set = (text: string) => writeFile(file("bad.yaml"), text);
    const told = async (...args: string[]) =>
      (await pickbench("segment", file("bad.yaml"), "--out", file("bad"), ...args)).stderr;
    await set("features: [{ name: membrane, maps: maps }, { name: carbon, maps: fine }]");
    expect(await told()).toContain("no map of carbon of run TS_2; make it, or choose others with --runs");
    expect(await told("--runs", "TS_1")).toMatch(
      /TS_1: the map of carbon .* has 70×24×20 voxels of 5×5×5 Å, the map of membrane .* 70×24×20 voxels of 10×10×10 Å; bring all maps of a run onto one grid/,
    );
    await writeMaps(file("bytes/TS_1.zarr"), ["membrane"], [maps[0]!.map((value) => 255 * value)]);
    await set("features: [{ name: membrane, maps: bytes }]");
    expect(await told()).toMatch(
      /bytes\/TS_1\.zarr: its map of membrane in run TS_1 holds \d+\.\d+, wanted probabilities from 0 to 1/,
    );
    await set("features: [{ name: membrane, maps: bytes, scale: 255 }]");
    expect((await pickbench("segment", file("bad.yaml"), "--out", file("scaled"), "--quiet")).code).toBe(0);
    await set("features: [{ name: a, model: cell, output: membran }]");
    expect(await told()).toContain('has no output "membran"; did you mean membrane?');
    await set("features: [{ name: membrane, model: cell }]");
    expect(await told()).toContain("name the data set with --data");
    await set("features: [{ name: a, maps: maps }]");
    expect(await told()).toContain("no channel a; there is membrane, carbon, ribosome");
  });
});

test("a run's stamp says which feature has which map", async () => {
  await cp(file("maps"), file("copies"), { recursive: true });
  const stampOf = async (...places: readonly string[]) => {
    const features = places.map((place, at) => ({ name: `f${at}`, maps: file(place), channel: "membrane" }));
    const set = checkFeatureSet({ features }, "a set");
    const options = { engine: "onnx-cpu", threads: 1 } as const;
    const sources = await openSources({ set, runs: ["TS_1"], options, reporter: silentReporter });
    await sources.close();
    return sources.runs[0]!.stamp;
  };
  const stamps = [
    await stampOf("maps", "copies", "maps"),
    await stampOf("maps", "copies", "copies"),
    await stampOf("maps", "maps", "copies"),
  ];
  expect(new Set(stamps).size).toBe(3);
  expect(await stampOf("maps", "copies", "maps")).toBe(stamps[0]);
});

describe("a feature set of models", () => {
  test("runs a network once for its features, and submits what pick finds in its maps", async () => {
    const data = await tinyDataset(folder);
    const text = (source: string) => `
features:
  - { name: film, ${source === "model" ? "model: cell, output: carbon" : "maps: raw, channel: carbon"}, emit: true, absorb: true }
  - { name: membrane, ${source === "model" ? "model: cell" : "maps: raw"}, emit: true }
  - { name: ribosome, ${source === "model" ? "model: cell" : "maps: raw"}, absorb: true, picking: { minSpacing: 150, threshold: 0.2 } }
interactions: [{ feature: ribosome, type: avoid, with: film, radius: 50 }]
mode: ais
`;
    await writeFile(file("models.yaml"), text("model"));
    await writeFile(file("raw.yaml"), text("maps"));
    const common = ["--data", data, "--runs", "TS_S1", "--quiet", "--threads", "1"];
    expect((await pickbench("predict", "cell", ...common, "--out", file("raw"))).code).toBe(0);
    const predicted = await pickbench("predict", file("models.yaml"), ...common, "--out", file("by-models"));
    expect([predicted.code, predicted.stdout.trim()]).toEqual([0, expect.stringMatching(/TS_S1\.zarr$/)]);
    expect((await pickbench("segment", file("raw.yaml"), "--out", file("by-maps"), "--quiet")).code).toBe(0);
    expect(await readAll(file("by-models"))).toEqual(await readAll(file("by-maps")));
    expect(await readdir(file("by-models"))).not.toContain(".scratch");
    const submit = (set: string, out: string) =>
      pickbench("submit", file(set), ...common, "--out", file(out));
    const submitted = await submit("models.yaml", "a.csv");
    expect([submitted.code, submitted.stdout]).toEqual([0, expect.stringMatching(/^TS_S1: \d+ ribosome\n/)]);
    expect((await submit("raw.yaml", "b.csv")).code).toBe(0);
    expect(await readFile(file("a.csv"), "utf8")).toBe(await readFile(file("b.csv"), "utf8"));
    expect((await readdir(folder)).filter((name) => name.includes(".parts"))).toEqual([]);
    await cp(file("models.yaml"), file("x.yaml"));
    expect(
      (await pickbench("predict", file("x.yaml"), "cell", ...common, "--out", file("no"))).stderr,
    ).toContain("is a feature set, which goes alone");
  });
});
