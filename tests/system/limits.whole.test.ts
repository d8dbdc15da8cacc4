import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LimitName, limits } from "../../src/system/limits.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));
const reporting = new URL("../support/reportUsage.mjs", import.meta.url).href;

let folder: string;
let bare: Usage;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "limits-"));
  bare = (await pickbench(["--version"])).usage;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Usage {
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** Runs the command line in its own process and measures that. */
function pickbench(args: readonly string[]) {
  const file = join(folder, "usage.json");
  const env = { ...process.env, NODE_OPTIONS: `--import=${reporting}`, USAGE_FILE: file };
  return new Promise<{ code: number; stderr: string; usage: Usage }>((resolve, reject) =>
    execFile(process.execPath, [bin, ...args], { env, maxBuffer: 2 ** 26 }, (error, _, stderr) =>
      readFile(file, "utf8").then(
        (text) => resolve({ code: Number(error?.code ?? 0), stderr, usage: JSON.parse(text) }),
        reject,
      ),
    ),
  );
}

/** Makes one input that is above a limit, and returns the arguments that read it. */
type Case = (at: (...names: string[]) => string) => Promise<readonly string[]>;

const multiscales = JSON.stringify({
  multiscales: [
    {
      version: "0.4",
      axes: ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" })),
      datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [10, 10, 10] }] }],
    },
  ],
});

async function write(path: string, content: string | Uint8Array, size?: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  if (size === undefined) return;
  const file = await open(path, "r+");
  await file.truncate(size);
  await file.close();
}

/** A store of float32 without chunks. */
const store =
  (shape: readonly number[], chunks: readonly number[], attributes = multiscales, size?: number): Case =>
  async (at) => {
    await write(at("a.zarr", ".zgroup"), '{"zarr_format":2}');
    await write(at("a.zarr", ".zattrs"), attributes, size);
    const array = { zarr_format: 2, shape, chunks, dtype: "<f4", order: "C", fill_value: 0 };
    await write(
      at("a.zarr", "0", ".zarray"),
      JSON.stringify({ ...array, compressor: null, filters: null, dimension_separator: "/" }),
    );
    return ["volume", at("a.zarr"), at("a.mrc")];
  };

/** A checkpoint whose header says what it likes. */
const checkpoint =
  (header: () => string, size?: number, headerSize?: number): Case =>
  async (at) => {
    const text = Buffer.from(header());
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(headerSize ?? text.length));
    await write(at("a.safetensors"), Buffer.concat([length, text]), size);
    return ["export", at("a.safetensors"), at("a.onnx")];
  };

const small = [64, 64, 64];

const cases: Partial<Record<LimitName, Case>> = {
  chunkBytes: store([1024, 1024, 1024], [1024, 1024, 1024]),
  axisVoxels: store([limits.axisVoxels.most + 1, 64, 64], small),
  volumeVoxels: store([2 ** 16, 2 ** 16, 32], [64, 64, 32]),
  headerBytes: store(small, small, " ", limits.headerBytes.most + 1),
  jsonDepth: store(small, small, "[".repeat(20_000)),
  checkpointBytes: checkpoint(() => "{}", limits.checkpointBytes.most + 1),
  checkpointTensors: checkpoint(() => {
    const tensor = { dtype: "F32", shape: [0], data_offsets: [0, 0] };
    const names = Array.from({ length: limits.checkpointTensors.most + 1 }, (_, at) => [`t${at}`, tensor]);
    return JSON.stringify(Object.fromEntries(names));
  }),
  nameCharacters: async (at) => {
    const type = "r".repeat(limits.nameCharacters.most + 1);
    await write(at("a.csv"), `id,experiment,particle_type,x,y,z\n0,TS_1,${type},1,2,3\n`);
    return ["convert", at("a.csv"), at("picks"), "--to-format", "copick"];
  },
};

/**
 * Lists of servers come page by page, so that reaching their limit takes as long as a server likes: see tests/data/remote.
 * Members of an archive are counted as they are read: see tests/formats/tar.whole.test.ts.
 */
const reachedInTime: readonly string[] = ["listedFiles", "portalRows", "archiveMembers"];

/** Seconds of the processor that no refusal needs on any machine, and every bomb that goes off does. */
const patience = 10;

it("has a case for every limit", () => {
  const read = Object.keys(limits).filter((name) => !reachedInTime.includes(name));
  expect(Object.keys(cases).sort()).toEqual(read.sort());
});

it.each(Object.keys(cases) as LimitName[])(
  "%s: above it is one sentence, with little work and memory",
  async (name) => {
    const args = await cases[name]!((...names) => join(folder, name, ...names));
    const { code, stderr, usage } = await pickbench(args);
    const cpu = usage.cpuSeconds - bare.cpuSeconds;
    const megabytes = (usage.bytes - bare.bytes) / 1e6;
    console.log(
      `${name}: ${cpu.toFixed(2)} s of CPU and ${megabytes.toFixed(0)} MB over a bare start: ${stderr.trim()}`,
    );
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    expect(code).toBe(1);
    expect(stderr.replaceAll(",", "")).toContain(String(limits[name].most));
    expect(cpu).toBeLessThan(patience);
    expect(megabytes).toBeLessThan(200);
  },
);
