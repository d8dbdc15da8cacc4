import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BenchRow } from "../../src/bench/measured.js";
import { tomogramPath, writeNoiseTomogram } from "../../src/bench/particleVolume.js";
import { growthOf } from "../../src/bench/parts/growth.js";
import { withScratchFolder } from "../../src/bench/scratch.js";
import { silentReporter } from "../../src/system/reporter.js";
import { pickbenchProcess } from "../support/commandLine.js";
import { faults } from "../support/faults.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-process-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("predict: seconds, throughput and memory of a whole process, no ratio for a small tomogram", async () => {
  const args = [
    "predict",
    "--volume",
    "16,48,48",
    "--threads",
    "1",
    "--steps",
    "1",
    "--no-history",
    "--json",
  ];
  const { code, stdout } = await pickbenchProcess("bench", ...args);
  expect(code).toBe(0);
  const [row] = (JSON.parse(stdout) as { rows: Record<string, number | string | null>[] }).rows;
  expect(row).toMatchObject({
    net: "baseline",
    threads: 1,
    voxels: 16 * 48 * 48,
    peer: null,
    predict_ratio: null,
  });
  expect(row!.predict_ms).toBeGreaterThan(100);
  expect(row!.predict_gflop_per_s).toBeGreaterThan(0);
  expect(row!.cpu_s).toBeGreaterThan(0);
  expect(row!.peak_mb).toBeGreaterThan(50);
  expect(row!.peak_mb).toBeLessThan(4000);
});

test("predict --data: the first run's tomogram of a data set", async () => {
  await writeNoiseTomogram(tomogramPath(folder, "TS_7"), [16, 32, 32]);
  await writeNoiseTomogram(tomogramPath(folder, "TS_8"), [16, 32, 48]);
  const args = ["predict", "--data", folder, "--threads", "1", "--steps", "1", "--no-history", "--json"];
  const { code, stdout } = await pickbenchProcess("bench", ...args);
  expect(code).toBe(0);
  const subject = { tomogram: "TS_7", voxels: 16 * 32 * 32, picks: expect.any(Number) };
  expect(JSON.parse(stdout).rows).toEqual([
    expect.objectContaining({ ...subject, tile: "96,96,96", overlap: "16" }),
    expect.objectContaining({ ...subject, tile: "112,160,160", overlap: "32" }),
    expect.objectContaining({ ...subject, tile: "112,168,168", overlap: "8" }),
  ]);
});

/** What a bench of growth of 16×32×32 voxels by one thread must hold. */
function expectGrowth(rows: readonly BenchRow[], counts: readonly number[]): void {
  const of = (grows: string) => rows.filter((row) => row.grows === grows);
  expect(of("voxels").map(({ voxels }) => voxels)).toEqual([8192, 16384, 32768]);
  expect(of("tomograms").map(({ tomograms, voxels }) => [tomograms, voxels])).toEqual(
    counts.map((count) => [count, 2048 * count]),
  );
  expect(of("threads")[0]).toMatchObject({ threads: 1, voxels: 16384 });
  for (const { submit_ms, ms_per_mvoxel, voxels } of rows)
    expect(Number(ms_per_mvoxel) / (Number(submit_ms) / (Number(voxels) / 1e6))).toBeCloseTo(1, 2);
  const memory = of("tomograms").map(({ peak_mb }) => Number(peak_mb));
  expect(memory.at(-1)! / memory[0]!).toBeLessThan(2);
}

test("growth: half, one and two times the voxels, one tomogram and two, and several threads", async () => {
  const rows = await growthOf([1, 2]).run({
    nets: [],
    sizes: [],
    volume: [16, 32, 32],
    checkpoints: [],
    allowCode: [],
    data: undefined,
    spacing: undefined,
    engine: "onnx-cpu",
    threads: 1,
    steps: 1,
    peers: false,
    limitMs: 60_000,
    peak: { gflopPerS: 1, copyMbPerS: 1, threads: 1 },
    reporter: silentReporter,
  });
  expectGrowth(rows, [1, 2]);
});

test.runIf(faults(0, 1))("growth: a hundred tomograms, which take half a minute", async () => {
  const args = ["growth", "--volume", "16,32,32", "--threads", "1", "--steps", "1", "--no-history", "--json"];
  const { code, stdout } = await pickbenchProcess("bench", ...args);
  expect(code).toBe(0);
  expectGrowth((JSON.parse(stdout) as { rows: BenchRow[] }).rows, [1, 10, 100]);
});

test.skipIf(process.platform === "win32")(
  "a stopped bench leaves no child and no scratch files",
  async () => {
    const scratch = join(folder, "scratch");
    await mkdir(scratch);
    const args = [bin, "bench", "predict", "--volume", "64,512,512", "--no-history"];
    const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: scratch }, detached: true });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const left = async () => (await readdir(scratch)).filter((name) => name.startsWith("pickbench-bench-"));
    const written = async () =>
      (await readdir(scratch, { recursive: true })).some((path) => path.endsWith("denoised.zarr"));
    while (!(await written())) await pause();
    for (let waited = 0; waited < 60; waited++) await pause();
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(said).toMatch(/stopped/);
    expect(await left()).toEqual([]);
    for (let waited = 0; waited < 100 && isAlive(-child.pid!); waited++) await pause();
    expect(isAlive(-child.pid!)).toBe(false);
  },
  180_000,
);

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Whether a process, or with a minus sign a group of them, still runs. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("too little room on the disk is found before anything is written", async () => {
  let used = false;
  const attempt = withScratchFolder(
    silentReporter,
    async () => {
      used = true;
    },
    2 ** 60,
  );
  await expect(attempt).rejects.toMatchObject({
    tag: "BadUsage",
    message: expect.stringMatching(/MB free, wanted [\d,]+ MB .*TMPDIR/),
  });
  expect(used).toBe(false);
});

test("a disk that fills up is the user's to mend, and the folder goes whatever happens", async () => {
  let place = "";
  const attempt = withScratchFolder(silentReporter, async (path) => {
    place = path;
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });
  await expect(attempt).rejects.toMatchObject({ tag: "BadUsage" });
  await expect(readdir(place)).rejects.toMatchObject({ code: "ENOENT" });
});
