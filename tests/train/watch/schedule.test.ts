import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { WatchSchedule } from "../../../src/train/watch/schedule.js";

interface Training {
  readonly steps: number;
  /** What a step takes in ms, by its number. */
  readonly stepMs: (step: number) => number;
  /** What a look takes in ms, by its number; the first one only measures. */
  readonly lookMs: (look: number) => number;
  readonly share: number;
  readonly from?: number;
}

/** Trains by a clock of our own; returns the fractions at which was looked, and both times. */
function trained({ steps, stepMs, lookMs, share, from = 0 }: Training) {
  const schedule = new WatchSchedule(share, from);
  const looks: number[] = [];
  let steppedMs = 0;
  for (let step = Math.round(from * steps); step < steps; step++) {
    const took = stepMs(step);
    steppedMs += took;
    const moment = { fraction: (step + 1) / steps, steppedMs };
    if (!schedule.due(moment, 2 * took)) continue;
    looks.push(moment.fraction);
    const cost = lookMs(looks.length - 1);
    schedule.looked(moment, looks.length === 1 ? cost / 4 + 500 : cost, cost);
  }
  return { looks, steppedMs, spentMs: schedule.spentMs, share: schedule.spentMs / steppedMs };
}

const random = randomFor(3, "watch");
const usual = { steps: 1000, stepMs: () => 300, lookMs: () => 1500, share: 0.05 };

describe("a training is watched", () => {
  test.each([
    ["usually", usual],
    ["where looks are dear", { ...usual, lookMs: () => 6000 }],
    ["where looks cost almost nothing", { ...usual, lookMs: () => 10 }],
    ["where steps differ", { ...usual, stepMs: () => random.between(50, 800) }],
    ["where looks become cheaper", { ...usual, lookMs: (look: number) => 6000 / (look + 1) }],
    ["where looks become dearer", { ...usual, lookMs: (look: number) => 500 * (1 + look / 4) }],
    ["where the first step takes long", { ...usual, stepMs: (step: number) => (step === 0 ? 9000 : 300) }],
    ["from the middle on", { ...usual, from: 0.5 }],
  ])("for its share of the time at most: %s", (_, training) => {
    const { share, looks } = trained(training);
    expect(share).toBeLessThanOrEqual(training.share * 1.02);
    expect(looks.length).toBeGreaterThanOrEqual(2);
    expect(looks.at(-1)).toBeGreaterThan(0.6);
    expect(looks.length).toBeLessThanOrEqual(52);
  });

  test("over its whole budget, evenly, and at its end", () => {
    const { looks, share } = trained(usual);
    const gaps = looks.slice(1).map((at, k) => at - looks[k]!);
    expect(looks[0]).toBeLessThanOrEqual(0.03);
    expect(looks.at(-1)).toBe(1);
    expect(Math.max(...gaps)).toBeLessThan(0.2);
    expect(share).toBeGreaterThan(0.03);
  });

  test("at its end alone, where there is time for one look", () => {
    expect(trained({ ...usual, lookMs: () => 9000 }).looks).toEqual([0.02, 1]);
  });

  test("never where a look takes longer than its share, or the share is 0", () => {
    expect(trained({ ...usual, share: 0 }).looks).toEqual([]);
    expect(trained({ ...usual, steps: 10, stepMs: () => 10 }).looks).toEqual([]);
    const measured = trained({ ...usual, lookMs: () => 60_000 });
    expect(measured.looks).toHaveLength(1);
  });

  test("no more once it was given up", () => {
    const schedule = new WatchSchedule(0.05);
    schedule.looked({ fraction: 0.1, steppedMs: 1e5 }, 0, Number.POSITIVE_INFINITY);
    const due = Array.from({ length: 90 }, (_, k) =>
      schedule.due({ fraction: 0.11 + k / 100, steppedMs: 1e6 * k }, 1),
    );
    expect(due).not.toContain(true);
  });
});
