import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { LogLine } from "../../../src/train/fit/stepLog.js";
import { metricsOf, timedLines } from "../../../src/train/watch/sinks/metrics.js";
import { TensorBoardSink, writeEvents } from "../../../src/train/watch/sinks/tensorboard.js";

const root = mkdtempSync(join(tmpdir(), "tensorboard-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const stepLine = (step: number) =>
  ({
    ...{ network: "all", step, loss: 1 / (step + 1), parts: { tversky: 0.5 }, norm: 2, rate: 1e-3 },
    ...{ ms: 10, waitedMs: 0, samplesPerSecond: 100 },
  }) satisfies LogLine;
const look = {
  ...{ network: "all", step: 1, watchMs: 30 },
  watch: { loss: 0.7, parts: { tversky: 0.7 }, f4: { ribosome: 0.25 }, crops: 8 },
} satisfies LogLine;
const evaluation = { network: "all", step: 1, tuneScore: 0.5, best: true } satisfies LogLine;

/** Steps of a file's events, read as protocol buffers' second field by hand. */
function stepsOf(folder: string): number[] {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const bytes = readFileSync(join(folder, name!));
  const steps: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const event = bytes.subarray(at + 12, at + 12 + length);
    if (event[9] === 0x10) steps.push(event[10]!);
    at += 16 + length;
  }
  return steps;
}

const options = (name: string) => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  return { said, options: { folder: join(root, name), before: [], begunMs: 1e12, say, clock: () => 1e12 } };
};

describe("TensorBoard's files", () => {
  test("are written from a log in the order of steps, with the time that they took", async () => {
    const mining = { network: "all", step: 1, mined: { ribosome: 7 }, minedMs: 5 };
    const lines = timedLines({
      steps: [stepLine(0), stepLine(1)],
      looks: [look],
      evaluations: [evaluation],
      minings: [mining],
    });
    expect(lines.map(({ atMs }) => atMs)).toEqual([10, 20, 50, 50, 55]);
    expect(metricsOf(mining)).toEqual([
      ["train/false_picks/ribosome", 7],
      ["train/mined_ms", 5],
    ]);
    const folder = join(root, "log");
    await writeEvents(folder, lines, 1e12);
    expect(stepsOf(folder)).toEqual([1, 2, 2, 2, 2]);
  });

  test("hold every step once where a training is resumed", async () => {
    const { options: given } = options("resumed");
    const first = new TensorBoardSink(given);
    for (const step of [0, 1, 2]) first.write(stepLine(step));
    await first.close();
    expect(stepsOf(given.folder)).toEqual([1, 2, 3]);
    const before = timedLines({ steps: [stepLine(0), stepLine(1)], looks: [], evaluations: [], minings: [] });
    const second = new TensorBoardSink({ ...given, before, begunMs: 2e12 });
    for (const step of [2, 3]) second.write(stepLine(step));
    await second.close();
    expect(stepsOf(given.folder)).toEqual([1, 2, 3, 4]);
  });

  test("that the disk refuses end nothing, and are spoken of once", async () => {
    const { said, options: given } = options("full");
    const append = () => Promise.reject(new Error("ENOSPC: no space left on device"));
    const sink = new TensorBoardSink({ ...given, append });
    for (let step = 0; step < 5000; step++) {
      sink.write(stepLine(step));
      if (step % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await sink.close();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/no space left.*training goes on.*pickbench log/);
  });

  test("whose folder cannot be made end nothing", async () => {
    const { said, options: given } = options("file");
    writeFileSync(given.folder, "");
    const sink = new TensorBoardSink(given);
    sink.write(stepLine(0));
    await sink.close();
    expect(said).toHaveLength(1);
  });

  test("on a disk that hangs cost bounded memory, and are not waited for in the end", async () => {
    const { said, options: given } = options("hanging");
    const sink = new TensorBoardSink({
      ...given,
      append: () => new Promise(() => undefined),
      patienceMs: 50,
    });
    await vi.waitFor(() => expect(readdirSync(given.folder)).toHaveLength(1), { timeout: 60_000 });
    for (let step = 0; step < 120_000; step++) sink.write(stepLine(step));
    expect(said).toEqual([expect.stringMatching(/too long/)]);
    await sink.close();
  });
});
