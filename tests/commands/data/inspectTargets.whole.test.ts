/** `pickbench inspect` of masks: what it counts, and the targets that it writes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readRunPicks } from "../../../src/data/picks.js";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { pickbench } from "../../support/commandLine.js";
import {
  segmentation,
  tinyShape,
  tinySpacing,
  valuesOf,
  writeBlobs,
  writeLabels,
} from "../../support/masks.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "targets-"));
  data = await tinyDataset(folder);
  await writeBlobs(data, "TS_S1");
  await writeLabels(segmentation(data, "TS_S2", "10.000_tester_1_blob"), tinyShape, tinySpacing, (z, y) =>
    Number(z === 5 && y < 16),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const voxelsOf = async (...parts: string[]) =>
  (await (await openTomogram(await openOmeZarr(at(...parts)))).readAll()).data;

test("without an experiment counts the data set's features", async () => {
  const { stdout, code } = await pickbench("inspect", "--data", data, "--quiet", "--json");
  expect(code).toBe(0);
  const { features } = JSON.parse(stdout);
  expect(features).toMatchObject([
    { run: "TS_S1", feature: "blob", known: 1 },
    { run: "TS_S2", feature: "blob", voxels: 16 * 64, share: 0.4 / 64, known: 1 },
    { run: "TS_S3", feature: "blob", path: null, voxels: 0, known: 0 },
    { run: "TS_S4", path: null },
  ]);
});

test("writes the targets of an experiment as volumes and pictures", async () => {
  const experiment = await tinyExperiment(at("e.yaml"), {
    types: ["ribosome", "apo-ferritin"],
    ignore: ["thyroglobulin"],
    features: [{ name: "blob", annotated: { slices: { TS_S1: [20], TS_S2: [5, 6] } } }],
    loss: [{ kind: "tversky" }],
  });
  const flags = ["--data", data, "--experiment", experiment, "--targets", at("out"), "--quiet"];
  const { stdout, code } = await pickbench("inspect", ...flags);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ {2}blob: 1,?024 voxels, 12\.5 % of the known; 5\.0 % known/);
  expect(stdout).toMatch(/blob: no mask, or none of it annotated/);
  expect([...(await voxelsOf("out", "TS_S2", "features", "blob.zarr"))]).toEqual([
    ...valuesOf(tinyShape, (z, y) => (z === 5 || z === 6 ? Number(z === 5 && y < 16) : 255)),
  ]);
  const picks = await readRunPicks(await openDataset(data), "TS_S1");
  const labels = await voxelsOf("out", "TS_S1", "types.zarr");
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 4, 255]);
  for (const pick of picks.filter(({ type }) => ["ribosome", "thyroglobulin"].includes(type))) {
    const [z, y, x] = [pick.z, pick.y, pick.x].map((place) => Math.floor(place / 10)) as [
      number,
      number,
      number,
    ];
    expect(labels[(z * 64 + y) * 64 + x]).toBe(pick.type === "ribosome" ? 4 : 255);
  }
  const picture = decode(await readFile(at("out", "TS_S1.png")));
  expect([picture.width, picture.height]).toEqual([384, 384]);
  // The plane of TS_S2 that holds the feature: above y 16 it is orange, below it stays grey.
  const tinted = decode(await readFile(at("out", "TS_S2.png")));
  const redOverBlue = (first: number, end: number) => {
    let sum = 0;
    for (let i = 3 * 384 * first; i < 3 * 384 * end; i += 3) sum += tinted.data[i]! - tinted.data[i + 2]!;
    return sum / (384 * (end - first));
  };
  expect(redOverBlue(0, 6 * 16) - redOverBlue(6 * 16, 6 * 60)).toBeGreaterThan(60);
  const again = await pickbench("inspect", ...flags);
  expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/--overwrite/)]);
});

test("names masks that cannot be used: a problem of an experiment's, a note else", async () => {
  await writeLabels(segmentation(data, "TS_S3", "10.000_tester_1_blob"), [20, 64, 64], tinySpacing, () => 1);
  const experiment = at("plain.yaml");
  await writeFile(
    experiment,
    JSON.stringify({
      ...JSON.parse(await readFile(await tinyExperiment(at("p.yaml")), "utf8")),
      features: ["blob"],
      loss: [{ kind: "tversky" }],
    }),
  );
  const plain = await pickbench("inspect", "--data", data, "--quiet", "--json");
  expect([plain.code, JSON.parse(plain.stdout).notes]).toEqual([
    0,
    [expect.stringMatching(/the mask has 20×64×64/)],
  ]);
  const asked = await pickbench("inspect", "--data", data, "--experiment", experiment, "--quiet", "--json");
  expect(asked.code).toBe(1);
  expect(JSON.parse(asked.stdout).problems).toMatchObject([
    { message: expect.stringMatching(/the mask has 20×64×64/) },
  ]);
});
