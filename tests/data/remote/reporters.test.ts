import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { findRun, findTomogram, openDataset } from "../../../src/data/dataset.js";
import { inspectDataset } from "../../../src/data/inspect/inspection.js";
import type { Dataset } from "../../../src/data/model.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { serve, treeOf } from "../../support/badServer.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { stores, temporaryFolder, unpackStore } from "../../support/storeFixtures.js";

const store = Object.keys(stores).filter((name) => !/broken|missing|nan/i.test(name))[0]!;
const listened = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const listeners = () => listened.map((signal) => process.listenerCount(signal));

beforeEach(() => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  return () => vi.unstubAllEnvs();
});

/** Two copick roots in buckets of one server. */
async function serveTwo(fault?: Parameters<typeof serve>[1]) {
  const root = temporaryFolder();
  unpackStore(store, join(root, "ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr"));
  const files = ["one", "other"].flatMap((name) =>
    [...treeOf(root)].map(([path, content]) => [`data-bucket/${name}/${path}`, content] as const),
  );
  const server = await serve(new Map(files), fault);
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
  return server;
}

const readAll = async (dataset: Dataset) =>
  (await openTomogram(findTomogram(findRun(dataset, "TS_1"), "denoised"), 0, dataset.access)).readAll();

test("two data sets opened at once each tell their own reporter, and no other", async () => {
  await serveTwo();
  const [one, other] = [hearingReporter(), hearingReporter()];
  const datasets = await Promise.all([
    openDataset("s3://data-bucket/one", { reporter: one }),
    openDataset("s3://data-bucket/other", { reporter: other }),
  ]);
  const [a, b] = await Promise.all(datasets.map(readAll));
  expect(a).toEqual(b);
  for (const [reporter, own, foreign] of [
    [one, "s3://data-bucket/one", "s3://data-bucket/other"],
    [other, "s3://data-bucket/other", "s3://data-bucket/one"],
  ] as const) {
    expect(reporter.updates.some((line) => line.startsWith(`metadata of ${own} `))).toBe(true);
    expect(reporter.updates.some((line) => line.includes(foreign))).toBe(false);
    expect(reporter.updates.some((line) => /^fetching .*denoised\.zarr\/\d+ /.test(line))).toBe(true);
    expect(new Set(reporter.stoppables)).toEqual(new Set(["file"]));
  }
  const heard = one.updates.length;
  await readAll(await openDataset("s3://data-bucket/other"));
  expect(one.updates.length).toBe(heard);
});

test("one that is asked to stop leaves the other alone", async () => {
  const one = hearingReporter();
  await serveTwo((request) => {
    if (/\/one\/.*denoised\.zarr\/\d+\/[\dc]/.test(request.url!)) one.stop();
    return false;
  });
  const [stopped, other] = await Promise.all([
    openDataset("s3://data-bucket/one", { reporter: one }),
    openDataset("s3://data-bucket/other", { reporter: hearingReporter() }),
  ]);
  const reading = readAll(stopped);
  await expect(reading).rejects.toMatchObject({
    tag: "Stopped",
    message: expect.stringMatching(/^stopped: \d+ of \d+ files/),
  });
  expect((await readAll(other)).data.length).toBeGreaterThan(0);
  await expect(openDataset("s3://data-bucket/one", { reporter: one })).rejects.toMatchObject({
    tag: "Stopped",
  });
  expect((await readAll(await openDataset("s3://data-bucket/one"))).data.length).toBeGreaterThan(0);
});

test("without a reporter nothing is written and no signal listened to", async () => {
  const before = listeners();
  const during: number[][] = [];
  const server = await serveTwo(() => {
    during.push(listeners());
    return false;
  });
  const written = vi.spyOn(process.stderr, "write");
  const printed = vi.spyOn(process.stdout, "write");
  try {
    await readAll(await openDataset("s3://data-bucket/one"));
    await server.close();
    await readAll(await openDataset("s3://data-bucket/one"));
    expect(written).not.toHaveBeenCalled();
    expect(printed).not.toHaveBeenCalled();
  } finally {
    written.mockRestore();
    printed.mockRestore();
  }
  expect(during.length).toBeGreaterThan(3);
  for (const counts of during) expect(counts).toEqual(before);
  expect(listeners()).toEqual(before);
});

test("inspecting ends where it is asked to stop, and takes that for nobody's mistake", async () => {
  const one = hearingReporter();
  await serveTwo((request) => {
    if (/\/one\/.*denoised\.zarr\/\d+\/[\dc]/.test(request.url!)) one.stop();
    return false;
  });
  const dataset = await openDataset("s3://data-bucket/one", { reporter: one });
  const inspecting = inspectDataset(dataset, true);
  await expect(inspecting).rejects.toMatchObject({ tag: "Stopped" });
});
