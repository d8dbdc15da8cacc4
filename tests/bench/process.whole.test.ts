import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BenchRow } from "../../src/bench/measured.js";
import { tomogramPath, writeNoiseTomogram } from "../../src/bench/particleVolume.js";
import { withScratchFolder } from "../../src/bench/scratch.js";
import { thisProcess } from "../../src/system/owner.js";
import { groupRuns } from "../../src/system/processGroup.js";
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

const growth = (...args: string[]) =>
  pickbenchProcess("bench", "growth", "--threads", "1", "--steps", "1", "--no-history", "--json", ...args);
const rowsIn = (stdout: string) => (JSON.parse(stdout) as { rows: BenchRow[] }).rows;

test("growth: a row a point and command, with time, processor time and memory of the whole process", async () => {
  const ends = "voxels=1e5,tomograms=2,features=1,picks=2000,threads=1";
  const { code, stdout, stderr } = await growth("--volume", "16,32,32", "--up-to", ends);
  expect(code, stderr).toBe(0);
  const rows = rowsIn(stdout);
  const said = rows.map(({ grows, command, voxels, tomograms, features, rows, threads }) =>
    [grows, command, voxels ?? rows, tomograms ?? features ?? threads].join(" "),
  );
  expect(said.sort()).toEqual([
    "features segment 16384 1",
    "picks convert 1000 1",
    "picks convert 2000 1",
    "picks score 1000 1",
    "picks score 2000 1",
    "threads submit 16384 1",
    "tomograms submit 16384 1",
    "tomograms submit 32768 2",
    "voxels submit 98000 1",
    "voxels volume 98000 1",
  ]);
  for (const row of rows) {
    expect(Number(row[`${row.command}_ms`])).toBeGreaterThan(50);
    expect(Number(row.cpu_s)).toBeGreaterThan(0.05);
    expect(Number(row.peak_mb)).toBeGreaterThan(30);
    expect(Number(row.others_share)).toBeGreaterThanOrEqual(0);
  }
});

test.runIf(faults(0, 1))(
  "growth: memory stays over a hundred tomograms, which take half a minute",
  async () => {
    const ends = ["--along", "tomograms", "--up-to", "tomograms=100"];
    const { code, stdout } = await growth("--volume", "16,32,32", ...ends);
    expect(code).toBe(0);
    const rows = rowsIn(stdout);
    expect(rows.map(({ tomograms, voxels }) => [tomograms, voxels])).toEqual(
      [1, 10, 100].map((count) => [count, 16384 * count]),
    );
    expect(Number(rows.at(-1)!.peak_mb) / Number(rows[0]!.peak_mb)).toBeLessThan(2);
  },
);

test.skipIf(process.platform === "win32")(
  "growth: Ctrl-C ends what is under way, keeps what was measured, and leaves no scratch files",
  async () => {
    const scratch = join(folder, "scratch");
    await mkdir(scratch);
    const args = ["growth", "--along", "picks", "--up-to", "picks=1e6", "--no-history", "--json"];
    const env = { ...process.env, TMPDIR: scratch };
    const child = spawn(process.execPath, [bin, "bench", ...args], { env });
    let [said, printed] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      const hadSaid = said.includes("score picks 1,000:");
      said += text;
      if (!hadSaid && said.includes("score picks 1,000:")) child.kill("SIGINT");
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    expect(code, said).toBe(130);
    expect(said).toMatch(/growth: stopped; \d+ rows are kept/);
    expect(rowsIn(printed).map(({ command, rows }) => [command, rows])).toContainEqual(["score", 1000]);
    expect((await readdir(scratch)).filter((name) => name.startsWith("pickbench-bench-"))).toEqual([]);
  },
);

test.each([
  [["--along", "width"], '--along names "width"'],
  [["--up-to", "picks=3"], '--up-to ends picks at "3"'],
  [["--limit", "soon"], '--limit is "soon"'],
  [["--limit", "700h"], "wanted at least 10 s and at most 24 days"],
])("growth: %j is refused in a sentence", async (flags, sentence) => {
  const { code, stderr } = await growth(...flags);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
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
      (await readdir(scratch, { recursive: true }).catch(() => [])).some((path) =>
        path.endsWith("denoised.zarr"),
      );
    while (!(await written())) await pause();
    for (let waited = 0; waited < 60; waited++) await pause();
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(said).toMatch(/stopped/);
    expect(await left()).toEqual([]);
    const group = { ...thisProcess(), pid: child.pid!, started: 0 };
    await expect.poll(() => groupRuns(group)).toBe(false);
  },
);

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

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
