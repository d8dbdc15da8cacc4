/** A server may answer 403 for what it does not have; what nobody may read says so. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { accessFor } from "../../../src/data/remote/access.js";
import { destinationIn, fetchFiles } from "../../../src/data/remote/fetchFiles.js";
import { storeFiles } from "../../../src/data/remote/remoteFiles.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { type Fault, serve, treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { stores, temporaryFolder, unpackStore } from "../../support/storeFixtures.js";

beforeEach(() => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  return () => vi.unstubAllEnvs();
});

/** Stores of zarr-python in the second format, which have no zarr.json. */
const second = Object.keys(stores).filter(
  (name) => ".zattrs" in stores[name]! && !/broken|missing|nan/i.test(name),
);

const answering =
  (status: number, isRefused: (path: string) => boolean): Fault =>
  (request, response) => {
    if (!isRefused(decodeURIComponent(request.url!))) return false;
    response.writeHead(status).end();
    return true;
  };

async function served(name: string, status: number, isRefused?: (path: string) => boolean) {
  const folder = unpackStore(name);
  const files = new Map([...treeOf(folder)].map(([path, body]) => [`d/TS_1.zarr/${path}`, body]));
  const isAbsent = (path: string) => !files.has(path.slice(1));
  const server = await serve(files, answering(status, isRefused ?? isAbsent));
  return { folder, url: `${server.url}/d/TS_1.zarr`, files };
}

const isChunk = (path: string) => /\.zarr\/\d+\/(c\/)?\d/.test(path);

test.each(second.slice(0, 6))("%s: 403 for zarr.json is the sign of an older format", async (name) => {
  const { folder, url } = await served(name, 403);
  const [remote, local] = await Promise.all([openDataset(url), openDataset(folder)]);
  const [a, b] = await Promise.all(
    [remote, local].map(async ({ runs }) => (await openTomogram(runs[0]!.tomograms[0]!)).readAll()),
  );
  expect(a).toEqual(b);
});

test.each([403, 404, 410])("a chunk that is answered with %i is absent, and said to be", async (status) => {
  const { url, files } = await served(second[0]!, status);
  const chunks = [...files.keys()].filter(isChunk);
  expect(chunks.length).toBeGreaterThan(1);
  const gone = `/${chunks[0]!}`;
  const server = await serve(
    files,
    answering(status, (path) => path === gone || !files.has(path.slice(1))),
  );
  const store = url.replace(/^http:\/\/[^/]+/, server.url);
  const out = temporaryFolder();
  const reporter = hearingReporter();
  const list = await storeFiles(store, {});
  const access = accessFor(reporter);
  const fetched = await fetchFiles(list, destinationIn(out), { access });
  expect(fetched).toMatchObject({ absent: 1, files: list.length - 1 });
  expect(reporter.notes).toEqual([
    expect.stringMatching(/: 1 of \d+ chunks are not on the server; they read as the array's fill value$/),
  ]);
  const ledger = () => readFileSync(destinationIn(out).ledger, "utf8");
  const before = ledger();
  const again = { files: 0, absent: 1, kept: list.length - 1 };
  expect(await fetchFiles(list, destinationIn(out), { access })).toMatchObject(again);
  expect(reporter.notes.length).toBe(1);
  expect(await fetchFiles(list, destinationIn(out))).toMatchObject(again);
  await server.close();
  expect(await fetchFiles(list, destinationIn(out))).toMatchObject(again);
  expect(ledger()).toBe(before);
});

test("an array whose chunks are all forbidden is refused each time it is asked for", async () => {
  const { url } = await served(second[0]!, 403, isChunk);
  const list = await storeFiles(url, {}).then((all) => all.filter(({ path }) => /\/0\//.test(path)));
  const access = accessFor();
  const out = destinationIn(temporaryFolder());
  for (let time = 0; time < 2; time++)
    await expect(fetchFiles(list, out, { access })).rejects.toThrow(/refuses access \(403\) to all/);
});

test("a chunk that was there before is missed", async () => {
  const { folder, url, files } = await served(second[0]!, 404);
  const out = temporaryFolder();
  const list = await storeFiles(url, {});
  await fetchFiles(list, destinationIn(out));
  const path = list.find(({ optional }) => optional)!.path;
  const { rmSync } = await import("node:fs");
  rmSync(join(out, path));
  expect(folder).toBeTruthy();
  files.delete(`d/TS_1.zarr/${path}`);
  await expect(fetchFiles(list, destinationIn(out))).rejects.toThrow(/no such file on the server \(404\)/);
});

test.each([
  ["all", () => true, /TS_1\.zarr\/\.zattrs: the server refuses access \(403\); only public data are read/],
  ["all chunks", isChunk, /TS_1\.zarr\/0: the server refuses access \(403\) to all \d+ chunks; only public/],
  ["an array", (path: string) => !path.endsWith(".zattrs"), /\.zarray: the server refuses access \(403\)/],
])("a store of which %s are forbidden says so", async (_name, isRefused, words) => {
  const { url } = await served(second[0]!, 403, isRefused);
  const out = join(temporaryFolder(), "o");
  const { code, stderr } = await pickbench("fetch", url, "--out", out);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n").at(-1)).toMatch(words);
});

test("a bucket that lets nobody list it is read by the metadata of its stores, or says what it wants", async () => {
  const folder = unpackStore(second[0]!);
  const files = new Map([...treeOf(folder)].map(([path, body]) => [`data-bucket/d/TS_1.zarr/${path}`, body]));
  const server = await serve(
    files,
    answering(403, (path) => !files.has(path.slice(1))),
  );
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
  const out = temporaryFolder();
  const fetched = await pickbench("fetch", "s3://data-bucket/d/TS_1.zarr", "--out", out);
  expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
  expect(readdirSync(out)).toContain("TS_1.zarr");
  const root = await pickbench("fetch", "s3://data-bucket/d", "--out", temporaryFolder());
  expect(root.stderr).toMatch(
    /s3:\/\/data-bucket\/d: this bucket lets nobody list its files \(403\); give s3/,
  );
});
