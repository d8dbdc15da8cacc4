import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import type { RunRecord } from "../../../src/domain/record.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { pickbenchProcess } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { allowTiny, tinyCode, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

let folder: string;
let data: string;
let odd: string;
const at = (...parts: string[]) => join(folder, ...parts);
const tomogram = (of: string, run: string) =>
  join(of, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr");

async function train(name: string, from: string, changes: Readonly<Record<string, unknown>> = {}) {
  const experiment = await tinyExperiment(at(`${name}.yaml`), { budget: "2 steps", ...changes });
  const reporter = hearingReporter();
  const options = {
    experiment,
    data: from,
    resume: false,
    threads: 1,
    engine: "onnx-cpu",
    reporter,
  } as const;
  await trainOnly(runFolder(at(name)), options);
  const record = JSON.parse(await readFile(at(name, "record.json"), "utf8")) as RunRecord;
  const checkpoint = await readCheckpoint(at(name, "best.safetensors"), { allowCode: [tinyCode(folder)] });
  return { notes: reporter.notes.join("\n"), record, checkpoint };
}

/** Rewrites a tomogram; (z, y, x) of a voxel tell what becomes of it. */
async function rewrite(of: string, run: string, change: (value: number, y: number) => number): Promise<void> {
  const path = tomogram(of, run);
  const { data: values, shape, spacing } = await (await openTomogram(await openOmeZarr(path))).readAll();
  await rm(path, { recursive: true });
  const writer = await createOmeZarr(path, { shape, spacing, chunkShape: shape, levels: 1 });
  await writer.writeSlab(
    0,
    values.map((value, i) => change(value, Math.floor(i / shape[2]) % shape[1])),
  );
  await writer.close();
}

/** The tiny data set: the second tomogram inverted, the third with 30 of 64 rows zero, the fourth with them NaN. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oddities-"));
  data = await tinyDataset(folder);
  odd = at("odd");
  await cp(data, odd, { recursive: true });
  const [, second, third, fourth] = tinyRuns as [string, string, string, string];
  await rewrite(odd, second, (value) => -value);
  await rewrite(odd, third, (value, y) => (y < 30 ? 0 : value));
  await rewrite(odd, fourth, (value, y) => (y < 30 ? Number.NaN : value));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it("a run on whole data of one contrast says nothing; its checkpoint holds no contrast", async () => {
  const { notes, record, checkpoint } = await train("whole", data);
  expect(notes).toBe("");
  expect(Object.values(record.contrast!)).not.toContain("bright");
  expect(record.blank).toEqual({});
  expect(checkpoint.contrast).toBeUndefined();
});

it("a run on odd data says what is odd, and writes it to its record and checkpoint", async () => {
  const { notes, record, checkpoint } = await train("odd-run", odd, { data: { nan: "blank" } });
  expect(notes).toMatch(/TS_S3: 46\.9 % of the voxels are blank/);
  expect(notes).toMatch(/TS_S4: 46\.9 % of the voxels are blank/);
  expect(notes).toMatch(/particles are bright in TS_S2 and dark in TS_S1/);
  expect(record.contrast).toMatchObject({ TS_S1: "dark", TS_S2: "bright" });
  expect(record.blank).toEqual({ TS_S3: 0.4688, TS_S4: 0.4688 });
  expect(checkpoint.contrast).toBe("mixed");
});

it("a run refuses NaN that nothing marks as blank", async () => {
  await expect(train("refused", odd)).rejects.toThrow(/is NaN .*data\.nan: blank/);
});

it("submit says which tomograms are inverted or partly blank, and picks nothing in blank voxels", async () => {
  const submit = (out: string, ...flags: string[]) =>
    pickbenchProcess(
      ...["submit", at("whole", "best.safetensors"), "--data", odd, "--out", at(out), ...allowTiny(folder)],
      ...["--threads", "1", "--json", ...flags],
    );
  expect((await submit("a.csv")).stderr).toMatch(/is NaN .*--nan blank/);
  const { code, stderr } = await submit("b.csv", "--nan", "blank");
  expect(code).toBe(0);
  expect(stderr).toMatch(/TS_S2: its grey values are skewed as where particles are bright, .*inverted/);
  expect(stderr).toMatch(/TS_S3: 46\.9 % of the voxels are blank/);
  expect(stderr).not.toMatch(/TS_S1:/);
  const rows = (await readFile(at("b.csv"), "utf8")).trim().split("\n").slice(1);
  for (const row of rows.filter((line) => /TS_S[34]/.test(line)))
    expect(Number(row.split(",")[4])).toBeGreaterThanOrEqual(295);
});
