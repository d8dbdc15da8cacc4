import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendHistory, type HistoryEntry, previousRows, readHistory } from "../../src/bench/history.js";
import { smallNetwork } from "../support/benchResults.js";
import { pickbenchProcess } from "../support/commandLine.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "history-"));
  path = join(folder, "new", "history.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const machine = { cpu: "A 1", cores: 2, memoryBytes: 1e9, os: "linux 6" };
const entry = (rows: HistoryEntry["rows"], changes: Partial<HistoryEntry> = {}): HistoryEntry => ({
  date: "2026-01-02T03:04:05.678Z",
  code: { commit: "abc", dirty: false },
  versions: { pickbench: "0.1.0", node: "20.0.0", onnxruntime: null },
  machine,
  peak: { gflopPerS: 200, copyMbPerS: 10_000, threads: 2 },
  rows,
  ...changes,
});

test("entries are read as they were added, the oldest first; no file is no entry", async () => {
  expect(await readHistory(path)).toEqual([]);
  const entries = [entry([{ part: "read", read_ms: 1 }]), entry([{ part: "read", peer: null }])];
  for (const each of entries) await appendHistory(path, each);
  expect(await readHistory(path)).toEqual(entries);
});

test.each([
  ["garbage", /line 2.*no entry/],
  ["{}", /line 2.*date/],
  [JSON.stringify({ ...entry([]), rows: [{ part: [] }] }), /line 2.*rows\.0\.part/],
])("a line that is %.20s is refused by its number", async (line, message) => {
  await appendHistory(path, entry([]));
  await writeFile(path, `${await readFile(path, "utf8")}${line}\n`);
  await expect(readHistory(path)).rejects.toMatchObject({
    tag: "BadUsage",
    message: expect.stringMatching(message),
  });
});

test("a row's predecessor is the latest on the same machine of the same part, names and sizes", () => {
  const row = { part: "networks", net: "plain", size: 64, threads: 2, peer: null, params: 9, train_ms: 5 };
  const find = previousRows(
    [
      entry([{ ...row, train_ms: 1 }]),
      entry([{ ...row, train_ms: 2, peer: "torch", params: 10 }]),
      entry([{ ...row, train_ms: 3 }], { machine: { ...machine, cores: 4 } }),
      entry([
        { ...row, train_ms: 4, size: 96 },
        { ...row, net: "baseline" },
        { ...row, part: "augment" },
      ]),
    ],
    machine,
  );
  expect(find(row)).toMatchObject({ train_ms: 2 });
  expect(find({ ...row, size: 96 })).toMatchObject({ train_ms: 4 });
  expect(find({ ...row, threads: 1 })).toBeNull();
});

test("of rows beside two peers, a row's predecessor is the one beside its own", () => {
  const row = { part: "read", voxels: 8, peer: "zarr-python", read_ms: 1 };
  const other = { ...row, peer: "zarrita", read_ms: 2 };
  const find = previousRows([entry([{ ...row, read_ms: 9 }]), entry([row, other])], machine);
  expect([row, other].map((each) => find({ ...each, read_ms: 5 })?.read_ms)).toEqual([1, 2]);
  expect(find({ ...row, peer: null })?.read_ms).toBe(1);
  expect(find({ ...row, peer: "another" })?.read_ms).toBe(1);
});

test("the command adds a line a run and shows the change since", async () => {
  const flags = [...smallNetwork, "--steps", "1", "--no-peers"];
  const run = (...args: string[]) => pickbenchProcess("bench", ...flags, ...args);
  await run("--history", path, "--json");
  const second = await run("--history", path);
  expect(second.stdout).toMatch(/change$/m);
  expect(second.stdout).toMatch(/[+−±]\d+ %$/m);
  const entries = await readHistory(path);
  expect(entries.map(({ rows }) => rows.map(({ part, net }) => [part, net]))).toEqual([
    [["networks", "plain"]],
    [["networks", "plain"]],
  ]);
  expect(entries[0]!.peak.gflopPerS).toBeGreaterThan(0);
});
