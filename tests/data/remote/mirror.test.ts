import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { findRun, findTomogram, openDataset } from "../../../src/data/dataset.js";
import { dataManifest } from "../../../src/data/manifest.js";
import { readPicks } from "../../../src/data/picks.js";
import { parseAddress } from "../../../src/data/remote/address.js";
import { parsePage } from "../../../src/data/remote/listing.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { halfBody, serve, treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { stores, temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

const picks = JSON.stringify({
  pickable_object_name: "ribosome",
  user_id: "curation",
  session_id: "0",
  run_name: "TS_1",
  points: [{ location: { x: 1, y: 2, z: 3 } }],
});

/** A copick root with a store of zarr-python's; its files by path. */
function copickRoot(store: string): { readonly folder: string; readonly files: Map<string, Buffer> } {
  const folder = temporaryFolder();
  const root = join(folder, "static");
  unpackStore(store, join(root, "ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr"));
  writeTree(root, { "ExperimentRuns/TS_1/Picks/ribosome.json": picks });
  return { folder, files: treeOf(root) };
}

const inBucket = (files: ReadonlyMap<string, Buffer>, prefix: string) =>
  new Map([...files].map(([path, content]) => [`data-bucket/${prefix}/${path}`, content]));

const volumeOf = async (data: string) =>
  (await openTomogram(findTomogram(findRun(await openDataset(data), "TS_1"), "denoised"))).readAll();

beforeEach(() => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  return () => vi.unstubAllEnvs();
});

const readable = Object.keys(stores).filter((name) => !/broken|missing|nan/i.test(name));

describe("a copick root in a bucket", () => {
  test.each(readable.slice(0, 6))("%s: voxels, picks and manifest are the local ones", async (store) => {
    const { folder, files } = copickRoot(store);
    const server = await serve(inBucket(files, "czii/a b"), undefined, 3);
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
    const url = "s3://data-bucket/czii/a%20b";
    const chunks = () => server.requests.filter((line) => /denoised\.zarr\/\d+\/[\dc]/.test(line));
    const remote = await openDataset(url);
    expect(chunks()).toEqual([]);
    const local = await openDataset(folder);
    expect(await volumeOf(url)).toEqual(await volumeOf(folder));
    expect(chunks().length).toBeGreaterThan(0);
    const [localPicks, remotePicks] = await Promise.all(
      [local, remote].map((dataset) => readPicks(dataset, "TS_1", "ribosome")),
    );
    expect(localPicks!.length).toBe(1);
    expect(remotePicks).toEqual(localPicks);
    expect(await dataManifest(remote, ["TS_1"], { hash: true })).toEqual(
      await dataManifest(local, ["TS_1"], { hash: true }),
    );
    const before = chunks().length;
    await volumeOf(url);
    expect(chunks().length).toBe(before);
  });

  test("as the root of a copick configuration", async () => {
    const { folder, files } = copickRoot(readable[0]!);
    const server = await serve(inBucket(files, "x"));
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
    const config = join(temporaryFolder(), "copick.json");
    const pickable = [{ name: "ribosome", is_particle: true, radius: 150, label: 1 }];
    const roots = { overlay_root: "local://overlay", static_root: "s3://data-bucket/x" };
    writeFileSync(
      config,
      JSON.stringify({ config_type: "filesystem", pickable_objects: pickable, ...roots }),
    );
    expect(await volumeOf(config)).toEqual(await volumeOf(folder));
  });

  test("a damaged chunk in the cache is fetched again; without a server what is here is used", async () => {
    const { files } = copickRoot(readable[0]!);
    const server = await serve(inBucket(files, "x"), (_request, response, body, count) =>
      body.length > 20 && count === 1 ? halfBody(response, body) : false,
    );
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
    const expected = await volumeOf("s3://data-bucket/x");
    const dataset = await openDataset("s3://data-bucket/x");
    const reader = await openTomogram(findTomogram(findRun(dataset, "TS_1"), "denoised"));
    const chunk = reader.chunks()[0]!.file;
    const whole = readFileSync(chunk);
    writeFileSync(chunk, Buffer.alloc(whole.length, 7));
    expect(await volumeOf("s3://data-bucket/x")).toEqual(expected);
    expect(readFileSync(chunk).equals(whole)).toBe(true);
    await server.close();
    expect(await volumeOf("s3://data-bucket/x")).toEqual(expected);
    rmSync(chunk);
    await expect(volumeOf("s3://data-bucket/x")).rejects.toThrow(/no connection to 127\.0\.0\.1/);
  });

  test("names that lead out of the cache, lists that are none, empty prefixes", async () => {
    const cases: readonly [Map<string, Buffer>, RegExp][] = [
      [new Map([["data-bucket/x/../../../evil", Buffer.from("x")]]), /cannot lie below a folder here/],
      [new Map([["data-bucket/x/a\\b", Buffer.from("x")]]), /cannot lie below a folder here/],
      [new Map(), /s3:\/\/data-bucket\/x: nothing lies there; check bucket and prefix/],
    ];
    for (const [files, words] of cases) {
      const server = await serve(files);
      vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
      await expect(openDataset("s3://data-bucket/x")).rejects.toThrow(words);
    }
    const server = await serve(new Map(), (_request, response) => {
      response.end("<html><body>welcome");
      return true;
    });
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
    await expect(openDataset("s3://data-bucket/x")).rejects.toThrow(
      /answers no list of a bucket \(begins with <html>\)/,
    );
  });
});

describe("a server that lists nothing", () => {
  test.each(readable)("%s: a lone store by its metadata", async (store) => {
    const folder = unpackStore(store);
    const server = await serve(
      new Map([...treeOf(folder)].map(([path, content]) => [`d/TS_1.zarr/${path}`, content])),
    );
    const [remote, local] = await Promise.all([
      openDataset(`${server.url}/d/TS_1.zarr`),
      openDataset(folder),
    ]);
    expect(remote.runs.map(({ name }) => name)).toEqual(["TS_1"]);
    const [a, b] = await Promise.all(
      [remote, local].map(async ({ runs }) => (await openTomogram(runs[0]!.tomograms[0]!)).readAll()),
    );
    expect(a).toEqual(b);
  });

  test("an MRC file; a folder, whose runs have to be named", async () => {
    const folder = temporaryFolder();
    const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
    const writer = await createMrc(join(folder, "TS_1.mrc"), { shape: [2, 3, 4], spacing });
    await writer.writeSlab(
      0,
      Float32Array.from({ length: 24 }, (_, i) => i),
    );
    await writer.close();
    const server = await serve(treeOf(folder));
    expect(await volumeOf(`${server.url}/TS_1.mrc`)).toEqual(await volumeOf(join(folder, "TS_1.mrc")));
    await expect(openDataset(`${server.url}/folder`)).rejects.toThrow(
      /does not say which files it has; give s3/,
    );
  });

  test("pickbench fetch with the runs named, twice", async () => {
    const { folder, files } = copickRoot(readable[0]!);
    const server = await serve(new Map([...files].map(([path, content]) => [`s/${path}`, content])));
    const out = temporaryFolder();
    const fetch = () => pickbench("fetch", `${server.url}/s`, "--runs", "TS_1", "--out", out, "--json");
    const first = await fetch();
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(await volumeOf(out)).toEqual(await volumeOf(folder));
    expect(JSON.parse((await fetch()).stdout)).toMatchObject({ files: 0, bytes: 0 });
  });
});

describe("addresses", () => {
  test("buckets and hosts", () => {
    vi.stubEnv("AWS_ENDPOINT_URL_S3", undefined);
    expect(parseAddress("s3://data-bucket/a/b/")).toMatchObject({
      url: "https://data-bucket.s3.amazonaws.com/a/b",
      bucket: { url: "https://data-bucket.s3.amazonaws.com", prefix: "a/b" },
    });
    expect(parseAddress("s3://da.ta/a").url).toBe("https://s3.amazonaws.com/da.ta/a");
    expect(parseAddress("https://b1x.s3.us-west-2.amazonaws.com/p/").bucket?.prefix).toBe("p");
    expect(parseAddress("https://example.org/p/").bucket).toBeUndefined();
    for (const bad of ["https://me:secret@example.org/x", "https://example.org/?x=1", "s3://A/x", "s3://"])
      expect(() => parseAddress(bad), bad).toThrow(/BadUsage|wanted|give/);
  });

  test("lists: the example of S3's documentation, and broken ones", () => {
    const page = (inside: string) =>
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`;
    const object =
      "<Contents><Key>my&amp;-image.jpg</Key><ETag>&quot;fba9&quot;</ETag><Size>434234</Size></Contents>";
    expect(parsePage(page(`<IsTruncated>false</IsTruncated>${object}`))).toEqual({
      objects: [{ key: "my&-image.jpg", size: 434234, etag: "fba9" }],
      next: undefined,
    });
    for (const bad of [
      "",
      "{}",
      "<Error><Code>x</Code></Error>",
      page(""),
      page("<IsTruncated>true</IsTruncated>"),
    ])
      expect(() => parsePage(bad), bad).toThrow();
  });
});
