import { execFile, execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyDataset, tinyExperiment } from "../support/tinyRun.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));
let folder: string;
let data: string;
let socket: ReturnType<typeof createServer>;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "special-"));
  data = await tinyDataset(folder);
  await tinyExperiment(at("tiny.yaml"));
  execFileSync(
    "mkfifo",
    ["pipe", "pipe.csv", "pipe.json", "pipe.star", "pipe.mrc", "pipe.yaml"].map((n) => at(n)),
  );
  socket = createServer().listen(at("socket.csv"));
  await mkdir(at("run"));
  execFileSync("mkfifo", [at("run", "record.json")]);
  await writeFile(at("empty.csv"), "id,experiment,particle_type,x,y,z\n");
});
afterAll(async () => {
  socket.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: unknown;
  readonly stderr: string;
}

/** A reader that waits for a pipe's writer waits for ever: the time only ends it. */
function pickbench(...args: string[]): Promise<Ended> {
  return new Promise((resolve) =>
    execFile(process.execPath, [bin, ...args], { timeout: 600_000 }, (error, _, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stderr }),
    ),
  );
}

async function expectRefused(found: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await pickbench(...args);
  expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
  expect(stderr).toMatch(found);
  expect(code).toBe(1);
}

/** A copy of the data set in which a file is a pipe. */
async function dataWith(pipe: (root: string) => Promise<string>): Promise<string> {
  const copy = at(`copy-${(await readdir(folder)).length}`);
  await cp(data, copy, { recursive: true });
  const file = await pipe(copy);
  await rm(file, { force: true });
  execFileSync("mkfifo", [file]);
  return copy;
}

const storeIn = (root: string) =>
  join(root, "static", "ExperimentRuns", "TS_S1", "VoxelSpacing10.000", "denoised.zarr");
const picksIn = (root: string) => join(root, "overlay", "ExperimentRuns", "TS_S1", "Picks");

const pipe = /it is a pipe, not a file|is a pipe/;

it("refuses a pipe as an experiment, submission, record, checkpoint, configuration, positions and volume", async () => {
  await expectRefused(pipe, "run", at("pipe.yaml"), "--data", data, "--out", at("a"));
  await expectRefused(pipe, "score", at("pipe.csv"), "--truth", data);
  await expectRefused(pipe, "score", at("empty.csv"), "--truth", at("pipe.csv"));
  await expectRefused(pipe, "repeat", at("run"), "--data", data, "--out", at("a"));
  await expectRefused(pipe, "submit", at("pipe"), "--data", data, "--out", at("a.csv"));
  await expectRefused(pipe, "inspect", "--data", at("pipe.json"));
  await expectRefused(pipe, "convert", at("pipe.star"), at("a.tbl"));
  await expectRefused(pipe, "volume", at("pipe.mrc"), at("a.zarr"));
});

it("refuses a pipe as a chunk, as metadata and as picks", async () => {
  const chunk = await dataWith(async (root) => join(storeIn(root), "0", "0", "0", "0"));
  await expectRefused(/denoised\.zarr.*is a pipe/, "volume", storeIn(chunk), at("a.mrc"));
  const metadata = await dataWith(async (root) => join(storeIn(root), ".zattrs"));
  await expectRefused(pipe, "volume", storeIn(metadata), at("a.mrc"));
  const picks = await dataWith(async (root) => join(picksIn(root), (await readdir(picksIn(root)))[0]!));
  await expectRefused(pipe, "score", at("empty.csv"), "--truth", picks);
});

it("refuses sockets and devices as input", async () => {
  await expectRefused(/a socket/, "score", at("socket.csv"), "--truth", data);
  await expectRefused(/a device/, "convert", "/dev/zero", at("a.tbl"), "--from-format", "box");
  await expectRefused(/a device/, "run", "/dev/zero", "--data", data, "--out", at("a"));
});

it("writes over no pipe and no device, and makes nothing below /proc", async () => {
  for (const out of [at("pipe.csv"), "/dev/null"]) {
    await expectRefused(
      /it is a (pipe|device), not a file; name a file/,
      "convert",
      at("empty.csv"),
      out,
      "--to-format",
      "challenge",
      "--overwrite",
    );
  }
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
  expect((await stat(at("pipe.csv"))).isFIFO()).toBe(true);
  await expectRefused(/\/proc\/x/, "simulate", "--out", "/proc/x", "--count", "1", "--size", "40,48,48");
  await expectRefused(/\/proc\/x/, "run", at("tiny.yaml"), "--data", data, "--out", "/proc/x/run");
  await expectRefused(/\/proc\/x/, "open", "TS_S1", "--data", data, "--out", "/proc/x");
});
