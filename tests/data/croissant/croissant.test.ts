import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { followed } from "../../../src/data/croissant/read.js";
import { rowsOfCsv } from "../../../src/data/croissant/tables.js";
import { findRun, findTomogram, openDataset } from "../../../src/data/dataset.js";
import { dataManifest } from "../../../src/data/manifest.js";
import { readRunPicks } from "../../../src/data/picks.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { fingerprintOf, ofOutput } from "../../../src/makings/fingerprint.js";
import { serve, treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

beforeEach(() => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  return () => vi.unstubAllEnvs();
});

const picksOf = (run: string, x: number) =>
  JSON.stringify({
    ...{ pickable_object_name: "ribosome", user_id: "curation", session_id: "0", run_name: run },
    points: [{ location: { x, y: 2, z: 3 } }],
  });
const author = ["--license", "CC0-1.0", "--creator", "A. Name", "--quiet"];

/** A data set of two runs, static and overlay. */
function dataset(): string {
  const folder = temporaryFolder();
  for (const [run, x] of [
    ["TS_1", 1],
    ["TS_2", 5],
  ] as const) {
    unpackStore("type <f4", join(folder, "static/ExperimentRuns", run, "VoxelSpacing10.000/denoised.zarr"));
    writeTree(join(folder, "overlay"), {
      [`ExperimentRuns/${run}/Picks/curation_0_ribosome.json`]: picksOf(run, x),
    });
  }
  return folder;
}

async function withManifest(...flags: string[]): Promise<{ folder: string; manifest: string }> {
  const folder = dataset();
  const { code, stderr } = await pickbench("manifest", "--data", folder, ...author, ...flags);
  expect([code, stderr]).toEqual([0, ""]);
  return { folder, manifest: join(folder, "Croissant", "metadata.json") };
}

/** Writes a table of a manifest anew, and its hash into the document. */
function replaceTable(folder: string, table: string, change: (text: string) => string): void {
  const [path, manifest] = [join(folder, "Croissant", table), join(folder, "Croissant", "metadata.json")];
  const text = change(readFileSync(path, "utf8"));
  writeFileSync(path, text);
  const document = JSON.parse(readFileSync(manifest, "utf8"));
  for (const resource of document.distribution)
    if (resource.contentUrl === table) resource.sha256 = sha256(text);
  writeFileSync(manifest, JSON.stringify(document));
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

const contents = async (data: string, run = "TS_1") => {
  const opened = await openDataset(data);
  const reader = await openTomogram(findTomogram(findRun(opened, run), "denoised"));
  return { picks: await readRunPicks(opened, run), volume: await reader.readAll() };
};
const refused = async (data: string): Promise<string> =>
  openDataset(data).then(
    () => "opened",
    (error: Error) => error.message,
  );
const splits = ["--split", "train=TS_1", "--split", "test=TS_2"];

describe("a manifest beside its data", () => {
  test("opens as the data set that it was made of", async () => {
    const { folder, manifest } = await withManifest();
    expect(await contents(manifest)).toEqual(await contents(folder));
    const [one, other] = [await openDataset(manifest), await openDataset(folder)];
    expect([one.overlayRoot, one.roots, one.particles]).toEqual([
      other.overlayRoot,
      other.roots,
      other.particles.map((particle, i) => ({ ...particle, label: i + 1 })),
    ]);
    expect(await dataManifest(one, ["TS_1", "TS_2"], { hash: true })).toEqual(
      await dataManifest(other, ["TS_1", "TS_2"], { hash: true }),
    );
  });

  test("splits are chosen by name, and as parts", async () => {
    const { manifest } = await withManifest(...splits);
    const names = async (data: string, part?: "train" | "test") =>
      (await openDataset(data, { part })).runs.map(({ name }) => name);
    expect(await names(manifest)).toEqual(["TS_1", "TS_2"]);
    expect(await names(`${manifest}#test`)).toEqual(["TS_2"]);
    expect(await names(manifest, "train")).toEqual(["TS_1"]);
    expect(await refused(`${manifest}#fold`)).toMatch(/no run of the split fold; there is test, train$/);
    const plain = await withManifest();
    expect(await refused(`${plain.manifest}#test`)).toMatch(/split test; it has no splits$/);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      "a file of another hash",
      (folder) =>
        writeFileSync(
          join(folder, "overlay/ExperimentRuns/TS_2/Picks/curation_0_ribosome.json"),
          picksOf("TS_2", 6),
        ),
      /TS_2\/Picks\/curation_0_ribosome\.json: its SHA-256 is [0-9a-f]{12}…, by .*metadata\.json [0-9a-f]{12}…/,
    ],
    [
      "a file of another size",
      (folder) =>
        writeFileSync(
          join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr/.zattrs"),
          "{}",
        ),
      /denoised\.zarr\/\.zattrs: has 2 bytes, by /,
    ],
    [
      "a missing file",
      (folder) => rmSync(join(folder, "static/ExperimentRuns/TS_2/VoxelSpacing10.000/denoised.zarr/.zattrs")),
      /\.zattrs: is named by .* and is not there/,
    ],
    [
      "a table of another hash",
      (folder) => writeFileSync(join(folder, "Croissant/runs.csv"), "name,portal_run_id,split\nTS_1,,\n"),
      /runs\.csv: its SHA-256 is not that of .*metadata\.json/,
    ],
    [
      "a missing table",
      (folder) => rmSync(join(folder, "Croissant/picks.csv")),
      /its table picks\.csv does not lie beside it/,
    ],
  ])("%s is refused in one sentence that names it, at the second opening too", async (_, damage, message) => {
    const { folder, manifest } = await withManifest();
    await openDataset(manifest);
    damage(folder);
    for (let time = 0; time < 2; time++) expect(await refused(manifest)).toMatch(message);
    expect(await refused(manifest)).not.toMatch(/\n/);
  });

  test.each([
    ["a path upwards", "tomograms.csv", "static/ExperimentRuns/TS_1", "../../etc"],
    ["an absolute path", "picks.csv", "overlay/ExperimentRuns/TS_1", "/etc"],
    ["a file address", "picks.csv", "overlay/ExperimentRuns/TS_1", "file:///etc"],
  ])("%s is refused", async (_, table, from, to) => {
    const { folder, manifest } = await withManifest();
    replaceTable(folder, table, (text) => text.replace(from, to));
    expect(await refused(manifest)).toMatch(/cannot lie below a folder here/);
  });

  test.each<[string, string, (text: string) => string, RegExp]>([
    [
      "a file outside, to be hashed",
      "files.csv",
      (text) => `${text}../secret,6,${"0".repeat(64)}\n`,
      /cannot lie below/,
    ],
    [
      "a size that is none",
      "files.csv",
      (text) => text.replace(/,\d+,/, ",12x,"),
      /size of .* is 12x, wanted bytes/,
    ],
    [
      "a hash that is none",
      "files.csv",
      (text) => text.replace(/,[0-9a-f]{60}/, ","),
      /wanted 64 hexadecimal digits/,
    ],
    [
      "a table without its header",
      "files.csv",
      () => "",
      /files\.csv, row 1: is not there, wanted path, size, sha256/,
    ],
    [
      "a column twice",
      "runs.csv",
      (text) => text.replace("portal_run_id", "split"),
      /names the column split twice/,
    ],
    [
      "a voxel without end",
      "tomograms.csv",
      (text) => text.replace(",10,", ",1e999,"),
      /voxel_size of TS_1 is 1e999/,
    ],
    [
      "a voxel in other digits",
      "tomograms.csv",
      (text) => text.replace(",10,", ",0x10,"),
      /voxel_size of TS_1 is 0x10/,
    ],
    [
      "a run in two splits",
      "runs.csv",
      (text) => `${text}TS_1,,train\nTS_1,,test\n`,
      /TS_1 is in the splits none and train/,
    ],
    [
      "two runs that share a tomogram",
      "tomograms.csv",
      (text) =>
        text.replace(
          "TS_2,10,denoised,static/ExperimentRuns/TS_2",
          "TS_2,10,denoised,static/ExperimentRuns/TS_1",
        ),
      /of TS_1 and .* of TS_2 are both called/,
    ],
  ])("%s is refused", async (_, table, change, message) => {
    const { folder, manifest } = await withManifest();
    writeFileSync(join(dirname(folder), "secret"), "secret");
    replaceTable(folder, table, change);
    expect(await refused(manifest)).toMatch(message);
  });

  test("what its tables name again counts once", async () => {
    const { folder, manifest } = await withManifest();
    replaceTable(folder, "tomograms.csv", (text) => `${text}${text.split("\n")[1]}\n`);
    const { runs } = await openDataset(manifest);
    expect(runs.map(({ tomograms }) => tomograms.length)).toEqual([1, 1]);
  });

  test("a base outside of its folder is refused, unless the data lie beside it anyway", async () => {
    const { folder, manifest } = await withManifest();
    const document = JSON.parse(readFileSync(manifest, "utf8"));
    writeFileSync(manifest, JSON.stringify({ ...document, "copick:baseUrl": "file:///etc" }));
    expect((await openDataset(manifest)).root).toBe(folder);
    rmSync(join(folder, "static"), { recursive: true });
    expect(await refused(manifest)).toMatch(/copick:baseUrl file:\/\/\/etc lies outside of/);
  });

  test("files named one by one, without copick's tables, are a data set too", async () => {
    const folder = dataset();
    const distribution = [...treeOf(folder)].map(([path, content]) => ({
      ...{ "@type": "cr:FileObject", "@id": path, contentUrl: path, contentSize: `${content.length} B` },
      sha256: sha256(content),
    }));
    const document = { "@context": {}, conformsTo: ["http://mlcommons.org/croissant/1.0"], distribution };
    mkdirSync(join(folder, "about"));
    writeFileSync(join(folder, "about/plain.json"), JSON.stringify(document));
    expect(await contents(join(folder, "about/plain.json"))).toEqual(await contents(folder));
    writeFileSync(
      join(folder, "overlay/ExperimentRuns/TS_1/Picks/curation_0_ribosome.json"),
      picksOf("TS_1", 9),
    );
    expect(await refused(join(folder, "about/plain.json"))).toMatch(/its SHA-256 is/);
  });
});

describe("a manifest that names files by patterns", () => {
  const set = (more: object = {}) => ({
    ...{ "@type": "cr:FileSet", "@id": "all", encodingFormat: "application/octet-stream" },
    ...{ includes: ["static/**", "overlay/ExperimentRuns/*/Picks/*.json"], ...more },
  });

  /** Writes a manifest of sets into a folder beside or among the data. */
  function written(folder: string, distribution: readonly object[], place = "metadata.json"): string {
    const document = { "@context": {}, conformsTo: "http://mlcommons.org/croissant/1.0", distribution };
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    writeFileSync(join(folder, place), JSON.stringify(document));
    return join(folder, place);
  }

  test.each(["metadata.json", "Croissant/metadata.json"])(
    "is the data set of what they find from %s",
    async (place) => {
      const folder = dataset();
      const manifest = written(folder, [set()], place);
      expect(await contents(manifest)).toEqual(await contents(folder));
      const reporter = hearingReporter();
      await openDataset(manifest, { reporter });
      const count = [...treeOf(folder).keys()].filter((path) => /^(static|overlay)\//.test(path)).length;
      expect(reporter.notes).toEqual([`${manifest}: all has ${count} files, of which no hash is known`]);
    },
  );

  test("leaves out what is excluded, what is hidden, and what no pattern names", async () => {
    const folder = dataset();
    const hidden = join(folder, "static/ExperimentRuns/TS_1/.cache/VoxelSpacing10.000/x.zarr");
    mkdirSync(hidden, { recursive: true });
    writeFileSync(join(hidden, "a"), "");
    const runs = async (more: object) => {
      const { runs: found } = await openDataset(written(folder, [set(more)]));
      return found.map(({ name, tomograms }) => [name, tomograms.length]);
    };
    expect(await runs({})).toEqual([
      ["TS_1", 1],
      ["TS_2", 1],
    ]);
    expect(await runs({ excludes: "static/*/TS_2/**" })).toEqual([
      ["TS_1", 1],
      ["TS_2", 0],
    ]);
    expect(
      await runs({ includes: "static/ExperimentRuns/TS_?/**/.zattrs", excludes: "**/TS_[!2]/**" }),
    ).toEqual([["TS_2", 1]]);
  });

  test("lies in a folder that the manifest names, with hashes of files that it names one by one", async () => {
    const folder = dataset();
    const container = { "@type": "cr:FileObject", "@id": "tree", contentUrl: "static/", sha256: "" };
    const path = "overlay/ExperimentRuns/TS_1/Picks/curation_0_ribosome.json";
    const file = { "@type": "cr:FileObject", contentUrl: path, sha256: sha256(picksOf("TS_1", 1)) };
    const inside = set({ includes: "**", containedIn: { "@id": "tree" } });
    const manifest = written(folder, [container, inside, file], "Croissant/m.json");
    expect((await contents(manifest)).volume).toEqual((await contents(folder)).volume);
    writeFileSync(join(folder, path), picksOf("TS_1", 9));
    expect(await refused(manifest)).toMatch(/its SHA-256 is/);
  });

  test.each<[string, object, RegExp]>([
    [
      "a pattern that finds nothing",
      { includes: ["static/**", "more/**"] },
      /FileSet all has no file more\/\*\* in/,
    ],
    ["no pattern", { includes: [] }, /all has no includes/],
    ["a pattern upwards", { includes: "../**" }, /wanted a pattern of paths below one folder/],
    ["a pattern upwards in its middle", { includes: "static/../../**" }, /wanted a pattern of paths/],
    ["a whole path", { includes: "/etc/*" }, /wanted a pattern of paths/],
    ["an address", { includes: "https://example.org/*" }, /wanted a pattern of paths/],
    ["an archive", { containedIn: { "@id": "archive" } }, /contained in archive, wanted a folder here/],
    ["a container that is not there", { containedIn: ["gone"] }, /contained in gone, wanted a folder here/],
  ])("with %s is refused", async (_, more, message) => {
    const archive = {
      "@type": "cr:FileObject",
      "@id": "archive",
      contentUrl: "a.zip",
      encodingFormat: "application/zip",
    };
    const resources = "containedIn" in more ? [archive, set(more)] : [set(more)];
    expect(await refused(written(dataset(), resources))).toMatch(message);
  });

  test("follows no links", async () => {
    const [folder, other] = [dataset(), dataset()];
    rmSync(join(folder, "static/ExperimentRuns/TS_2"), { recursive: true });
    symlinkSync(join(other, "static/ExperimentRuns/TS_2"), join(folder, "static/ExperimentRuns/TS_2"));
    expect(await refused(written(folder, [set()]))).toMatch(/ExperimentRuns\/TS_2, which is a link/);
  });

  test("on a server is refused", async () => {
    const folder = dataset();
    written(folder, [set()]);
    const { url } = await serve(treeOf(folder));
    expect(await refused(`${url}/metadata.json`)).toMatch(
      /names files by a FileSet, whose patterns no server answers/,
    );
  });
});

describe("a manifest on a server", () => {
  /** Serves a data set with its manifest, and returns the address. */
  async function served(change: (folder: string) => void = () => {}) {
    const { folder } = await withManifest(...splits);
    const local = await contents(folder, "TS_2");
    change(folder);
    const server = await serve(treeOf(folder));
    return { ...server, address: `${server.url}/Croissant/metadata.json`, local };
  }

  test("gives the same picks and voxels, and fetches voxels only of what is read", async () => {
    const { address, local, requests } = await served();
    const opened = await openDataset(`${address}#test`);
    expect(opened.runs.map(({ name }) => name)).toEqual(["TS_2"]);
    expect(requests.some((line) => /denoised\.zarr\/0\/[\dc]/.test(line))).toBe(false);
    expect(await contents(address, "TS_2")).toEqual(local);
    expect(requests.some((line) => /TS_1.*denoised\.zarr\/0\/[\dc]/.test(line))).toBe(false);
  });

  test("a file that is not the one meant is refused by its address, and not kept", async () => {
    const { address } = await served((folder) =>
      writeFileSync(
        join(folder, "overlay/ExperimentRuns/TS_2/Picks/curation_0_ribosome.json"),
        picksOf("TS_2", 6),
      ),
    );
    for (let time = 0; time < 2; time++)
      expect(await refused(address)).toMatch(
        /http:.*TS_2\/Picks\/curation_0_ribosome\.json: its SHA-256 is .*, wanted .* by the manifest/,
      );
  });

  test("a local manifest may name a server's data", async () => {
    const { address, local } = await served();
    const folder = join(temporaryFolder(), "Croissant");
    mkdirSync(folder);
    const base = dirname(dirname(address).replace(/\/$/, ""));
    for (const name of [
      "metadata.json",
      "runs.csv",
      "tomograms.csv",
      "picks.csv",
      "segmentations.csv",
      "files.csv",
    ])
      writeFileSync(join(folder, name), await (await fetch(`${dirname(address)}/${name}`)).text());
    const manifest = join(folder, "metadata.json");
    const document = JSON.parse(readFileSync(manifest, "utf8"));
    writeFileSync(manifest, JSON.stringify({ ...document, "copick:baseUrl": base }));
    expect(await contents(manifest, "TS_2")).toEqual(local);
    expect(existsSync(join(dirname(folder), "static"))).toBe(false);
  });

  test("copick's own form: no list of files, a bucket's address, the Data Portal's points", async () => {
    const { folder, manifest } = await withManifest();
    const local = await contents(folder);
    const url = "10440/TS_1/Reconstructions/VoxelSpacing10.000/Annotations/7/ribosome-1.0_point.ndjson";
    const store = "10440/TS_1/Reconstructions/VoxelSpacing10.000/Tomograms/3/TS_1.zarr";
    const point = '{"type":"point","location":{"x":4,"y":5,"z":6}}\n';
    const bucket = new Map<string, Buffer>([[`portal-bucket/${url}`, Buffer.from(point)]]);
    for (const [path, content] of treeOf(
      join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr"),
    ))
      bucket.set(`portal-bucket/${store}/${path}`, content);
    const server = await serve(bucket, undefined, 3);
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
    const place = join(temporaryFolder(), "Croissant");
    mkdirSync(place);
    const tables = {
      "runs.csv": "name,portal_run_id,split\nTS_1,16463,test\n",
      "tomograms.csv": `run,voxel_size,tomo_type,url\nTS_1,10.0,denoised,${store}\n`,
      "picks.csv": `run,user_id,session_id,object_name,url,portal_annotation_id\nTS_1,data-portal,7,ribosome,${url},7\n`,
    };
    for (const [name, text] of Object.entries(tables)) writeFileSync(join(place, name), text);
    const document = JSON.parse(readFileSync(manifest, "utf8"));
    const distribution = document.distribution
      .filter(({ contentUrl }: { contentUrl: string }) => contentUrl in tables)
      .map(({ sha256: _, ...resource }: { sha256: string }) => resource);
    const changed = { ...document, distribution, "copick:baseUrl": "s3://portal-bucket/" };
    writeFileSync(join(place, "metadata.json"), JSON.stringify(changed));
    const found = await contents(join(place, "metadata.json#test"));
    expect(found.volume).toEqual(local.volume);
    expect(found.picks).toMatchObject([{ type: "ribosome" }]);
    const asked = server.requests.length;
    await contents(join(place, "metadata.json"));
    expect(server.requests.slice(asked).filter((line) => line.includes("list-type"))).toEqual([]);
  });

  test.each([
    ["https://example.org/c/m.json", "https://127.0.0.1/x", /inside this machine or its network/],
    ["https://example.org/c/m.json", "http://example.org/x", /not followed/],
    ["https://example.org/c/m.json", "file:///etc/passwd", /wanted https:\/\/ or s3:\/\//],
    ["https://example.org/c/m.json", "https://u:p@example.org/x", /with a user's name/],
  ])("%s leads to %s: refused", async (place, address, message) => {
    await expect(followed(place, address)).rejects.toThrow(message);
  });
});

test("points of the Data Portal come in its voxels", async () => {
  const { folder, manifest } = await withManifest();
  const url = "portal/Reconstructions/VoxelSpacing10.000/Annotations/7/ribosome.ndjson";
  mkdirSync(dirname(join(folder, url)), { recursive: true });
  writeFileSync(join(folder, url), '{"type":"point","location":{"x":4,"y":5,"z":6}}\n');
  replaceTable(
    folder,
    "picks.csv",
    (text) => `${text.split("\n")[0]}\nTS_1,data-portal,7,ribosome,${url},,,,7,\n`,
  );
  const opened = await openDataset(manifest);
  const reader = await openTomogram(findTomogram(findRun(opened, "TS_1"), "denoised"));
  const portal = opened.runs[0]!.annotations!;
  expect(portal).toMatchObject([{ type: "ribosome", id: "7", voxelSpacing: 10, isGroundTruth: true }]);
  const step = reader.spacing;
  const found = (await readRunPicks({ ...opened, roots: [] }, "TS_1"))[0]!;
  expect([found.x / step[2], found.y / step[1], found.z / step[0]]).toEqual([
    expect.closeTo(4, 0),
    expect.closeTo(5, 0),
    expect.closeTo(6, 0),
  ]);
});

test.each([
  ["a licence is wanted", [], /license/],
  [
    "a run that is not there",
    [...author, "--split", "train=TS_9"],
    /names the run TS_9, wanted one of TS_1, TS_2/,
  ],
  [
    "a run in two splits",
    [...author, "--split", "a=TS_1", "--split", "b=TS_1"],
    /TS_1 is in the splits a and b/,
  ],
  ["a split without runs", [...author, "--split", "train"], /wanted NAME=RUN,RUN/],
  ["a date that is none", [...author, "--date", "2026-13-40"], /wanted a day like/],
  ["a version that is none", [...author, "--data-version", "1"], /wanted MAJOR\.MINOR\.PATCH/],
  ["an address that is none", [...author, "--url", "example.org"], /wanted https:\/\/ or s3:\/\//],
  [
    "a place from where no data are found",
    [...author, "--out", "elsewhere/m.json"],
    /does not lie in a folder in/,
  ],
])("%s: refused in one sentence", async (_, flags, message) => {
  const folder = dataset();
  const { code, stderr } = await pickbench("manifest", "--data", folder, ...flags);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(existsSync(join(folder, "Croissant"))).toBe(false);
});

test("a manifest and its tables are no change of the data set that they were written into", async () => {
  const { folder } = await withManifest();
  const before = await fingerprintOf(folder, ofOutput);
  rmSync(join(folder, "Croissant"), { recursive: true });
  expect(before!.sha256).toBe((await fingerprintOf(folder, ofOutput))!.sha256);
});

test("a manifest that is there is replaced by --overwrite alone", async () => {
  const { folder, manifest } = await withManifest();
  const before = readFileSync(manifest, "utf8");
  const again = ["manifest", "--data", folder, ...author, "--name", "other"];
  expect((await pickbench(...again)).stderr).toMatch(/--overwrite/);
  expect(readFileSync(manifest, "utf8")).toBe(before);
  expect((await pickbench(...again, "--overwrite")).code).toBe(0);
  expect(JSON.parse(readFileSync(manifest, "utf8")).name).toBe("other");
});

test("a table without a column, or with a short row, is refused by its place", () => {
  expect(() => rowsOfCsv("t.csv", "run,url\n", ["run", "tomo_type"])).toThrow(
    /row 1: there is no column tomo_type/,
  );
  expect(() => rowsOfCsv("t.csv", "run,url\nTS_1\n", ["run"])).toThrow(/row 2: has 1 fields, wanted 2/);
});
