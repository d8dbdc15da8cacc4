import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loggedSeconds, StepLog } from "../../../src/train/fit/stepLog.js";
import { isBegun, runFolder, snapshotFile, withRunFolder } from "../../../src/train/run/runFolder.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a run's folder", () => {
  it("is locked by this process while work runs, and free after it, failed or not", async () => {
    const run = runFolder(join(folder, "a", "b"));
    const lock = join(run.path, "run.lock");
    await withRunFolder(run, async () => {
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid });
      await writeFile(run.record, "{}");
    });
    expect(await readdir(run.path)).toEqual(["record.json"]);
    expect(isBegun(run)).toBe(true);
    await expect(withRunFolder(run, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await readdir(run.path)).toEqual(["record.json"]);
  });

  it("refuses a second process, and takes over from one that is gone", async () => {
    const run = runFolder(join(folder, "locked"));
    await mkdir(run.path);
    const lock = join(run.path, "run.lock");
    await writeFile(lock, String(process.ppid));
    await expect(withRunFolder(run, async () => undefined)).rejects.toMatchObject({
      tag: "BadUsage",
      message: expect.stringContaining(`process ${process.ppid} is running there`),
    });
    expect(await readdir(run.path)).toEqual(["run.lock"]);
    for (const stale of ["999999999", "", "nonsense"]) {
      await writeFile(lock, stale);
      expect(await withRunFolder(run, async () => "worked")).toBe("worked");
      expect(existsSync(lock)).toBe(false);
    }
  });

  it("takes away folders that it made and that stayed empty, and no others", async () => {
    await mkdir(join(folder, "kept"));
    await withRunFolder(runFolder(join(folder, "kept", "x", "y")), async () => undefined);
    expect(await readdir(join(folder, "kept"))).toEqual([]);
    await withRunFolder(runFolder(join(folder, "kept")), async () => undefined);
    expect(existsSync(join(folder, "kept"))).toBe(true);
  });

  it("loses what a killed write left, and nothing else", async () => {
    const run = runFolder(join(folder, "killed"));
    await mkdir(run.path);
    for (const name of ["last.safetensors", "last.safetensors.123456", "notes.1"])
      await writeFile(join(run.path, name), "");
    await withRunFolder(run, async () => undefined);
    expect((await readdir(run.path)).sort()).toEqual(["last.safetensors", "notes.1"]);
  });

  it("is refused where a file stands", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    for (const path of [file, join(file, "below")])
      await expect(withRunFolder(runFolder(path), async () => undefined)).rejects.toMatchObject({
        tag: "BadUsage",
      });
  });
});

describe("the log", () => {
  const line = (network: string, step: number) => ({
    network,
    step,
    loss: 1,
    norm: 1,
    rate: 1,
    ms: 1,
    parts: {},
    samplesPerSecond: 1,
    waitedMs: 0,
  });
  const steps = async (path: string) =>
    (await readFile(path, "utf8"))
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text))
      .map(({ network, step, tuneScore }) => [
        network,
        step,
        ...(tuneScore === undefined ? [] : [tuneScore]),
      ]);

  it("has each line in the file at once", async () => {
    const path = join(folder, "now.jsonl");
    const log = await StepLog.open(path, null);
    log.write(line("all", 0));
    expect(await steps(path)).toEqual([["all", 0]]);
    log.close();
  });

  it("keeps, on resume, the lines of networks done and of steps done, and drops half a line", async () => {
    const path = join(folder, "log.jsonl");
    const log = await StepLog.open(path, null);
    for (let step = 0; step < 3; step++) log.write(line("a", step));
    for (let step = 0; step < 4; step++) log.write(line("b", step));
    log.write({ network: "b", step: 1, tuneScore: 0.5, best: true });
    log.write({ network: "b", step: 3, tuneScore: 0.6, best: true });
    log.close();
    await writeFile(path, '{"network":"b","st', { flag: "a" });
    const position = { done: ["a"], current: "b", step: 2 };
    expect(await loggedSeconds(path, position)).toBeCloseTo(0.005, 12);
    const resumed = await StepLog.open(path, position);
    resumed.write(line("b", 2));
    resumed.close();
    expect(await steps(path)).toEqual([
      ["a", 0],
      ["a", 1],
      ["a", 2],
      ["b", 0],
      ["b", 1],
      ["b", 1, 0.5],
      ["b", 2],
    ]);
    (await StepLog.open(path, null)).close();
    expect(await readFile(path, "utf8")).toBe("");
  });
});

it.each(["../../x", "..", "/etc/x", ".x", ""])("keeps no checkpoint of a network called %j", (name) => {
  expect(() => snapshotFile(runFolder("r"), name, 10)).toThrow("cannot be part of a file's name");
  expect(snapshotFile(runFolder("r"), "ribosome", 10)).toBe(
    join("r", "snapshots", "ribosome-0000010.safetensors"),
  );
});
