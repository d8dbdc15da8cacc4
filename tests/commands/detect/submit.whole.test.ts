import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { readSubmission } from "../../../src/score/submissionCsv.js";
import { readCheckpoint, writeCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { pickbenchProcess } from "../../support/commandLine.js";
import { spacingOf } from "../../support/pickingFixtures.js";
import { allowTiny, tinyCode, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));
let folder: string;
let data: string;
let whole: Buffer;
const at = (...parts: string[]) => join(folder, ...parts);
const partsOf = async (out: string) =>
  existsSync(at(`${out}.parts`))
    ? (await readdir(at(`${out}.parts`))).filter((name) => name.endsWith(".picks.json")).sort()
    : [];
const tomogram = (of: string, run: string) =>
  join(of, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr");

const args = (out: string, from: string, flags: readonly string[], checkpoint = "run") => [
  ...["submit", at(checkpoint, "best.safetensors"), "--data", from, "--out", at(out)],
  ...allowTiny(folder),
  ...["--threads", "1", "--json", ...flags],
];
const submit = (out: string, from = data, ...flags: string[]) => pickbenchProcess(...args(out, from, flags));

/** Starts a submission and sends the signal once a tomogram is finished. */
async function stopped(out: string, signal: NodeJS.Signals) {
  const child: ChildProcess = spawn(process.execPath, [bin, ...args(out, data, [])]);
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("close", (code, killed) => resolve(code ?? killed)),
  );
  while (child.exitCode === null && (await partsOf(out)).length === 0) await wait(5);
  child.kill(signal);
  return { end: await ended, stderr };
}

/** The checkpoint with another least volume. */
async function otherCheckpoint(): Promise<void> {
  const checkpoint = await readCheckpoint(at("run", "best.safetensors"), { allowCode: [tinyCode(folder)] });
  const picking = new Map(
    [...checkpoint.picking].map(([type, settings]) => [
      type,
      { ...settings, minVolume: settings.minVolume * 2 },
    ]),
  );
  await mkdir(at("other"));
  await writeCheckpoint(at("other", "best.safetensors"), ["all"], { ...checkpoint, picking });
}

/** A copy of the data set whose second tomogram lacks a chunk, whose third holds NaN and whose fourth is coarser. */
async function brokenData(): Promise<string> {
  const broken = at("broken");
  await cp(data, broken, { recursive: true, preserveTimestamps: true });
  const [, second, third, fourth] = tinyRuns.map((run) => tomogram(broken, run));
  const level = join(second!, "0");
  const chunk = (await readdir(level, { recursive: true })).find((name) =>
    /(^|[./])0[./]0[./]0$/.test(name),
  )!;
  await rm(join(level, chunk));
  const rewrite = async (path: string, spacing: number, value: number) => {
    await rm(path, { recursive: true });
    const writer = await createOmeZarr(path, { shape: [40, 64, 64], spacing: spacingOf(spacing) });
    const depth = writer.chunkShape[0];
    for (let z = 0; z < 40; z += depth) {
      const slab = Float32Array.from({ length: Math.min(depth, 40 - z) * 64 * 64 }, (_, i) => i % 7);
      slab[5] = value;
      await writer.writeSlab(z, slab);
    }
    await writer.close();
  };
  await rewrite(third!, 10, Number.NaN);
  await rewrite(fourth!, 20, 1);
  return broken;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "submit-"));
  data = await tinyDataset(folder);
  const predict = { tile: [40, 64, 64], overlap: 8, flips: true };
  const experiment = await tinyExperiment(at("run.yaml"), { predict });
  await trainOnly(runFolder(at("run")), {
    experiment,
    data,
    seed: 0,
    resume: false,
    threads: 1,
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("submit", () => {
  it("reports picks and seconds of every tomogram and leaves the CSV alone", async () => {
    const { code, stdout, stderr } = await submit("whole.csv");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/predicting and picking: .*Mvoxel.*TS_S4 \(4 of 4\)\n$/),
    ]);
    whole = await readFile(at("whole.csv"));
    const again = await submit("whole.csv");
    expect([again.code, again.stderr]).toEqual([
      1,
      `pickbench: ${at("whole.csv")} exists already; give --overwrite to replace it, or another --out\n`,
    ]);
    const report = JSON.parse(stdout);
    expect([report.skipped, report.failed]).toEqual([[], []]);
    const picks = await readSubmission(at("whole.csv"));
    expect(picks.size).toBeGreaterThan(1);
    for (const [i, { run, picks: count, perType, seconds }] of report.runs.entries()) {
      expect(run).toBe(tinyRuns[i]);
      expect(count).toBe(picks.get(run)?.length ?? 0);
      expect(perType["apo-ferritin"] + perType.ribosome).toBe(count);
      expect(seconds.predict).toBeGreaterThan(0);
    }
    expect(existsSync(at("whole.csv.parts"))).toBe(false);
  });

  it.each(["SIGKILL", "SIGINT"] as const)("goes on after %s, to the same bytes", async (signal) => {
    const out = `${signal}.csv`;
    const { end, stderr } = await stopped(out, signal);
    if (signal === "SIGKILL") expect(end).toBe("SIGKILL");
    else
      expect([end, stderr]).toEqual([
        130,
        expect.stringMatching(
          /\npickbench: stopped with [123] of 4 tomograms finished; [^\n]*same command[^\n]*\n$/,
        ),
      ]);
    const finished = await partsOf(out);
    expect(finished.length).toBeGreaterThan(0);
    expect(finished.length).toBeLessThan(4);
    expect(existsSync(at(out))).toBe(false);
    const again = await submit(out);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout).skipped).toEqual(tinyRuns.slice(0, finished.length));
    expect(again.stderr).toMatch(/parts: [123] of 4 tomograms are finished and skipped: TS_S1/);
    expect((await readFile(at(out))).equals(whole)).toBe(true);
    expect(existsSync(at(`${out}.parts`))).toBe(false);
  });

  it("refuses parts of another checkpoint or other flags, and does changed tomograms again", async () => {
    const own = at("own");
    await cp(data, own, { recursive: true, preserveTimestamps: true });
    const last = tomogram(own, tinyRuns[3]!);
    await cp(last, at("aside.zarr"), { recursive: true });
    await rm(last, { recursive: true });
    await mkdir(last);
    const unfinished = await submit("bound.csv", own, "--keep-going");
    expect(unfinished.code).toBe(1);
    const finished = await partsOf("bound.csv");
    expect(finished).toEqual(tinyRuns.slice(0, 3).map((run) => `${run}.picks.json`));

    await otherCheckpoint();
    const others: [checkpoint: string, flags: string[], what: string][] = [
      ["other", [], "other checkpoints"],
      ["run", ["--threads", "2"], "threads 1, here it is 2"],
    ];
    for (const [checkpoint, flags, what] of others) {
      const given = args("bound.csv", own, [], checkpoint);
      if (flags.length > 0) given.splice(given.indexOf("--threads"), 2, ...flags);
      const { code, stderr } = await pickbenchProcess(...given);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(new RegExp(`^pickbench: [^\\n]*holds 3 runs [^\\n]*${what}[^\\n]*\\n$`)),
      ]);
      expect(await partsOf("bound.csv")).toEqual(finished);
    }

    await rm(last, { recursive: true });
    await cp(at("aside.zarr"), last, { recursive: true });
    await utimes(join(tomogram(own, tinyRuns[1]!), "0", ".zarray"), 1, 1);
    await writeFile(at("bound.csv.parts", finished[2]!), "{");
    const again = await submit("bound.csv", own);
    expect([again.code, JSON.parse(again.stdout).skipped]).toEqual([0, [tinyRuns[0]]]);
    expect((await readFile(at("bound.csv"))).equals(whole)).toBe(true);
  });

  it("leaves out bad tomograms with --keep-going, and names them at once and at the end", async () => {
    const broken = await brokenData();
    const { code, stdout, stderr } = await submit("kept.csv", broken, "--keep-going");
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    const [coarser, missing, notFinite] = ["TS_S4", "TS_S2", "TS_S3"].map((run) =>
      lines.findIndex((line) => line.startsWith(`${run} is left out: `)),
    );
    expect(lines[coarser!]).toContain("20.00 Å a voxel");
    expect(lines[missing!]).toContain("TS_S2");
    expect(lines[notFinite!]).toContain("NaN");
    expect([coarser! >= 0, coarser! < missing!, missing! < notFinite!]).toEqual([true, true, true]);
    expect(lines.at(-1)).toMatch(/^pickbench: .*3 of 4 tomograms are left out, TS_S4 \(.*TS_S2 \(.*TS_S3 \(/);
    const report = JSON.parse(stdout);
    expect(report.runs.map(({ run }: { run: string }) => run)).toEqual(["TS_S1"]);
    expect(report.failed.map(({ run }: { run: string }) => run)).toEqual(["TS_S4", "TS_S2", "TS_S3"]);
    const picks = await readSubmission(at("kept.csv"));
    expect([...picks]).toEqual(
      [...(await readSubmission(at("whole.csv")))].filter(([run]) => run === "TS_S1"),
    );
    expect(await partsOf("kept.csv")).toEqual(["TS_S1.picks.json"]);
  });

  it("ends at the first bad tomogram without it, and keeps what is finished", async () => {
    const { code, stdout, stderr } = await submit("ended.csv", at("broken"), "--runs", "TS_S1,TS_S3,TS_S2");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.match(/^pickbench: .*$/gm)).toEqual([expect.stringMatching(/TS_S3.*NaN/)]);
    expect(existsSync(at("ended.csv"))).toBe(false);
    expect(await partsOf("ended.csv")).toEqual(["TS_S1.picks.json"]);
    const before = await submit("before.csv", at("broken"));
    expect([before.code, before.stderr]).toEqual([1, expect.stringMatching(/^pickbench: TS_S4: [^\n]*\n$/)]);
    expect(existsSync(at("before.csv.parts"))).toBe(false);
  });

  it("refuses a second process at the same CSV", async () => {
    await mkdir(at("locked.csv.parts"));
    await writeFile(at("locked.csv.parts", "submit.lock"), String(process.pid));
    const { code, stderr } = await submit("locked.csv");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(`^pickbench: [^\\n]*process ${process.pid} is running there[^\\n]*\\n$`),
      ),
    ]);
  });
});
