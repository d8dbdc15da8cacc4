import { expect, test } from "vitest";
import { findPython } from "../../src/bench/peer.js";
import { pickbenchProcess } from "../support/commandLine.js";

const bench = (...args: string[]) => pickbenchProcess("bench", "--no-history", ...args);

const small = ["networks", "--size", "8", "--steps", "1", "--threads", "1"];

test("networks without peers: a row a network and size, with times", async () => {
  const { code, stdout } = await bench(...small, "--no-peers", "--json");
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
  expect(rows.map(({ net, size, threads, params }) => [net, size, threads, params])).toEqual([
    ["baseline", 8, 1, 1_119_986],
    ["plain", 8, 1, 353_703],
  ]);
  for (const { train_ms, infer_ms, peer, peer_train_ms } of rows) {
    expect(train_ms).toBeGreaterThan(0);
    expect(infer_ms).toBeGreaterThan(0);
    expect([peer, peer_train_ms]).toEqual([null, null]);
  }
});

test("networks beside PyTorch, where it is installed: its times and the ratios of ours to them", async (context) => {
  if ((await findPython(["torch"])) === null) context.skip("no python3 with torch is installed");
  const { stdout } = await bench(...small, "--net", "plain", "--json");
  const { rows } = JSON.parse(stdout) as { rows: Record<string, number>[] };
  const row = rows[0]!;
  expect(row.peer).toBe("torch");
  expect(row.train_ratio).toBeCloseTo(row.train_ms! / row.peer_train_ms!, 1);
  expect(row.infer_ratio).toBeCloseTo(row.infer_ms! / row.peer_infer_ms!, 1);
});

test("a table by default, its ratio last, without columns that are empty throughout", async () => {
  const { stdout } = await bench(...small, "--net", "plain", "--no-peers");
  const [machine, , caption, head, train, infer] = stdout.trim().split("\n");
  expect(machine).toMatch(
    /at most with .*: \d+ GFLOP\/s \(a matrix product\), [\d.]+ GB\/s \(a memory copy\)$/,
  );
  expect(caption).toBe("networks: net plain, size 8, threads 1, params 353,703");
  expect(head!.split(/ {2,}/)).toEqual(["timed", "median ms", "Mvoxel/s", "GFLOP/s", "% of peak"]);
  expect(train).toMatch(/^train +[\d.]+ /);
  expect(infer).toMatch(/^infer +[\d.]+ /);
});

test.each([
  [["networks", "--net", "plane"], /plane.*choose one of baseline, plain/],
  [["networks", "--size", "30"], /--size 30 does not suit baseline.*multiples of 4/],
  [["networks", "--size", "many"], /--size is many/],
  [["networks", "--steps", "0"], /--steps is 0/],
  [["read", "--volume", "8,8"], /--volume 8,8 has 2 sizes, wanted three/],
  [["predict", "--volume", "8,8,8", "--checkpoint", "none.safetensors"], /none\.safetensors/],
  [["everything"], /what/],
])("%s is the user's mistake: exit code 1 and one sentence", async (args, message) => {
  const { code, stdout, stderr } = await bench(...args);
  expect(code).toBe(1);
  expect(stdout.split("\n").filter((line) => !/^$|at most with/.test(line))).toEqual([]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
});
