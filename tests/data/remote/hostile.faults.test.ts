/** Whatever a server does, what comes of it is right, or one sentence: never wrong bytes with exit 0. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { runCampaign } from "../../support/faults.js";
import { type Behaviour, behaviourNames, hostileServer } from "../../support/hostileServer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

afterEach(() => vi.unstubAllEnvs());

const size = 32;
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;

/** A map of noise, of which no part is that of another's. */
async function mrcOf(seed: number): Promise<Buffer> {
  const path = join(temporaryFolder(), "a.mrc");
  const writer = await createMrc(path, { shape: [size, size, size], spacing });
  const random = randomFor(seed, "hostile map");
  await writer.writeSlab(
    0,
    Float32Array.from({ length: size ** 3 }, () => random.between(-1, 1)),
  );
  await writer.close();
  return readFileSync(path);
}

/** A chunk without codec: any bytes of its length would be taken. */
const chunkOf = (seed: number): Buffer => {
  const random = randomFor(seed, "hostile chunk");
  return Buffer.from(Float32Array.from({ length: size ** 3 }, () => random.between(-1, 1)).buffer);
};

const zarray = {
  zarr_format: 2,
  shape: [size, size, 2 * size],
  chunks: [size, size, size],
  dtype: "<f4",
  compressor: null,
  filters: null,
  fill_value: 0,
  order: "C",
  dimension_separator: "/",
};
const zattrs = (name: string) => ({
  multiscales: [
    {
      version: "0.4",
      name: name.repeat(3000),
      axes: ["z", "y", "x"].map((axis) => ({ name: axis, type: "space", unit: "angstrom" })),
      datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [10, 10, 10] }] }],
    },
  ],
});
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const storeIn = (folder: string): Map<string, Buffer> =>
  new Map([
    [`${folder}/.zattrs`, json(zattrs("a"))],
    [`${folder}/.zgroup`, json({ zarr_format: 2 })],
    [`${folder}/0/.zarray`, json(zarray)],
    [`${folder}/0/0/0/0`, chunkOf(1)],
    [`${folder}/0/0/0/1`, chunkOf(3)],
  ]);

/** Lines that only a cut between two of them leaves whole. */
const points = (x: number): Buffer =>
  Buffer.from(
    Array.from(
      { length: 200 },
      (_, i) => `${JSON.stringify({ type: "point", location: { x, y: i, z: 3 } })}\n`,
    ).join(""),
  );

const annotation = {
  annotation_object: { name: "ferritin complex" },
  ground_truth_status: true,
  files: [{ format: "ndjson", path: "1/TS_1/x/f_point.ndjson" }],
};
const portalRoot = "1/TS_1/Reconstructions/VoxelSpacing10.000";
const portalFiles = (): Map<string, Buffer> =>
  new Map([
    ...storeIn(`${portalRoot}/Tomograms/1/TS_1.zarr`),
    [`${portalRoot}/Annotations/1/f.json`, json(annotation)],
    [`${portalRoot}/Annotations/1/f_point.ndjson`, points(1)],
  ]);

/** Rows of the portal's API. */
const rowsOf = (url: string): Record<string, unknown[]> => ({
  runs: [{ id: 7, name: "TS_1" }],
  tomograms: [
    {
      id: 1,
      processing: "denoised",
      reconstructionMethod: "WBP",
      httpsOmezarrDir: `${url}/${portalRoot}/Tomograms/1/TS_1.zarr`,
    },
  ],
  annotationFiles: [
    {
      id: 1,
      httpsPath: `${url}/${portalRoot}/Annotations/1/f_point.ndjson`,
      annotationShape: { annotation: { httpsMetadataPath: `${url}/${portalRoot}/Annotations/1/f.json` } },
    },
  ],
});

/** A command, the files of its server, and the one that is served in a hostile way. */
interface Target {
  readonly files: () => Promise<Map<string, Buffer>> | Map<string, Buffer>;
  readonly attacked: string;
  readonly other: () => Promise<Buffer> | Buffer;
  readonly args: (url: string, out: string) => string[];
  /** Where the attacked file lies afterwards, below the output folder or a folder of the cache. */
  readonly place: string;
  readonly isOptional?: boolean;
}

const mrc = {
  files: async () => new Map([["d/x.mrc", await mrcOf(1)]]),
  attacked: "d/x.mrc",
  other: () => mrcOf(2),
};
const chunk = {
  files: () => storeIn("d/x.zarr"),
  attacked: "d/x.zarr/0/0/0/0",
  other: () => chunkOf(2),
  isOptional: true,
};
const fetched = (path: string) => (url: string, out: string) => ["fetch", `${url}/${path}`, "--out", out];
const inspected = (path: string) => (url: string) => ["inspect", "--data", `${url}/${path}`];
const portalGet = (url: string, out: string) => [
  "portal",
  "get",
  "1",
  "--api",
  `${url}/graphql`,
  "--out",
  out,
];

const targets: Readonly<Record<string, Target>> = {
  "fetch MRC": { ...mrc, args: fetched("d/x.mrc"), place: "x.mrc" },
  "inspect MRC": { ...mrc, args: inspected("d/x.mrc"), place: "static/x.mrc" },
  "fetch chunk": { ...chunk, args: fetched("d/x.zarr"), place: "x.zarr/0/0/0/0" },
  "inspect chunk": { ...chunk, args: inspected("d/x.zarr"), place: "static/x.zarr/0/0/0/0" },
  "fetch metadata": {
    files: () => storeIn("d/x.zarr"),
    attacked: "d/x.zarr/.zattrs",
    other: () => json(zattrs("b")),
    args: fetched("d/x.zarr"),
    place: "x.zarr/.zattrs",
  },
  "portal chunk": {
    files: portalFiles,
    attacked: `${portalRoot}/Tomograms/1/TS_1.zarr/0/0/0/0`,
    other: () => chunkOf(2),
    args: portalGet,
    place: `${portalRoot.slice(2)}/Tomograms/1/TS_1.zarr/0/0/0/0`,
    isOptional: true,
  },
  "portal points": {
    files: portalFiles,
    attacked: `${portalRoot}/Annotations/1/f_point.ndjson`,
    other: () => points(2),
    args: portalGet,
    place: `${portalRoot.slice(2)}/Annotations/1/f_point.ndjson`,
  },
};
const targetNames = Object.keys(targets);

type Outcome = "whole" | "one sentence" | "absent, and said";

const control = /(?![\t\n])\p{Cc}/u;

/** Files below a folder that have not come to their name. */
const unfinished = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.partial-/.test(name))
    : [];

/** The longest a trial may take, in ms: a busy machine takes a minute for the 256 MB that end an endless file. */
const longestTrial = 300_000;

/** Tries a behaviour on a target. @throws Error for anything but right bytes or one sentence */
async function tried(behaviour: Behaviour, name: string, share: number): Promise<Outcome> {
  const target = targets[name]!;
  const [out, cache] = [temporaryFolder(), temporaryFolder()];
  vi.stubEnv("PICKBENCH_CACHE", cache);
  vi.stubEnv("PICKBENCH_TIMEOUT", "0.6");
  const files = await target.files();
  const whole = files.get(target.attacked)!;
  const other = await target.other();
  const broken = 1 + Math.floor(share * (whole.length - 2));
  let address = "";
  const { url } = await hostileServer(
    files,
    { path: target.attacked, behaviour, other, broken },
    (body, response) => {
      const field = /\{ (\w+)\(/.exec(JSON.parse(body).query)![1]!;
      response.end(JSON.stringify({ data: { [field]: rowsOf(address)[field] } }));
    },
  );
  address = url;
  const started = performance.now();
  const { code, stdout, stderr } = await pickbench(...target.args(url, join(out, "o")));
  const what = `${behaviour}, ${name}: exit ${code}, ${stderr.slice(0, 500)}`;
  if (performance.now() - started > longestTrial) throw new Error(`${what}: took too long`);
  if (control.test(stdout + stderr)) throw new Error(`${what}: control characters`);
  if (/\.pickbench-store|\/static\/|pickbench-store-/.test(stderr))
    throw new Error(`${what}: names a copy's path`);
  if (unfinished(out).length + unfinished(cache).length > 0)
    throw new Error(`${what}: unfinished files are left`);
  const roots = target.place.startsWith("static/")
    ? readdirSync(cache).map((key) => join(cache, key))
    : [join(out, "o")];
  const place = roots.map((root) => join(root, target.place)).find((path) => existsSync(path));
  const there = place === undefined ? undefined : readFileSync(place);
  if (there !== undefined && !there.equals(whole) && !there.equals(other))
    throw new Error(`${what}: WRONG BYTES`);
  if (code === 0 && there !== undefined) return "whole";
  const said = /\d+ of \d+ chunks are not on the server/.test(stderr);
  if (target.isOptional && there === undefined && said && /404|403|status-esc/.test(behaviour))
    return "absent, and said";
  if (code === 1 && /^pickbench: [^\n]+\n$/m.test(stderr)) return "one sentence";
  throw new Error(what);
}

const table = new Map<string, Map<string, Outcome>>();

test("hostile servers: bytes are right or there is one sentence", { timeout: 7_200_000 }, async () => {
  const rounds = behaviourNames.length;
  const outcomes = await runCampaign<Outcome>({
    few: 2 * rounds,
    all: rounds * targetNames.length,
    async trial(seed) {
      const random = randomFor(seed, "hostile server");
      const behaviour = behaviourNames[(seed - 1) % rounds]!;
      const round = Math.floor((seed - 1) / rounds);
      const shift = random.integer(targetNames.length - 1);
      const name = targetNames[round === 1 ? 1 + shift : round % targetNames.length]!;
      const outcome = await tried(behaviour, name, random.between(0.05, 0.95));
      const row = table.get(behaviour) ?? new Map<string, Outcome>();
      table.set(behaviour, row.set(name, outcome));
      return outcome;
    },
  });
  const rows = [...table].map(
    ([behaviour, row]) => `${behaviour}: ${[...row].map((pair) => pair.join(" = ")).join("; ")}`,
  );
  console.log(rows.join("\n"));
  if (process.env.PICKBENCH_FAULTS_SEED === undefined) {
    expect([...table.keys()].sort()).toEqual([...behaviourNames].sort());
    expect(outcomes.get("whole")).toBeGreaterThan(0);
  }
});

const harmless = ["ok", "trunc-once", "trunc-noetag", "etag-change", "206-wrong", "416", "503-ra"] as const;

test.each(harmless)("%s gives the file", async (behaviour) => {
  const name = targetNames[harmless.indexOf(behaviour)]!;
  expect(await tried(behaviour, name, 0.5)).toBe("whole");
});
