import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunRecord } from "../../../src/domain/record.js";
import { isScored } from "../../../src/train/run/standing.js";

const record = (metrics: Readonly<Record<string, number>>) =>
  ({
    name: "a",
    seed: 0,
    runs: { train: [], tune: [], holdout: ["A"] },
    startedAt: "2026-01-01T00:00:00.000Z",
    result: { metrics, durations: { predict: 1, score: 1 } },
  }) as unknown as RunRecord;

test("a run of features alone that was stopped before it was published goes on", async () => {
  const submissions = await mkdtemp(join(tmpdir(), "standing-"));
  try {
    for (const metrics of [{ score: 0.5 }, { "dice.membrane": 0.5 }]) {
      expect(await isScored(submissions)(record(metrics))).toBe(false);
      expect(await isScored(null)(record(metrics))).toBe(true);
    }
    expect(await isScored(submissions)(record({}))).toBe(true);
  } finally {
    await rm(submissions, { recursive: true });
  }
});
