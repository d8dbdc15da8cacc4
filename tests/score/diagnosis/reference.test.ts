import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { diagnose } from "../../../src/score/diagnosis/diagnosis.js";
import type { AxisDisplacement } from "../../../src/score/diagnosis/displacement.js";
import type { PlaceBin } from "../../../src/score/diagnosis/places.js";

type Row = [type: string, x: number, y: number, z: number, score?: number];
type Four = [truths: number[], misses: number[], picks: number[], falsePicks: number[]];
type MissRow = [gap: number | null, distance: number, experiment: string, x: number, y: number, z: number];

interface OfType {
  counts: [truths: number, predictions: number, tp: number, fn: number, matched: number, wrong: number];
  points: [threshold: number, predictions: number, tp: number, fbeta: number][];
  averagePrecision: number;
  distances: number[];
  axes: Record<"dx" | "dy" | "dz", AxisDisplacement>;
  depth: Four;
  border: Four;
  next: Four;
  reliability: [picks: number[], matched: number[], calibrationError: number];
  misses: MissRow[];
  falseConfidences: number[];
}

const reference = JSON.parse(
  readFileSync(new URL("../../fixtures/score/diagnosis.json", import.meta.url), "utf8"),
) as {
  sizes: Record<string, [number, number, number]>;
  truth: Record<string, Row[]>;
  picks: Record<string, Row[]>;
  confusion: { picks: number[][]; particles: number[][] };
  perType: Record<string, OfType>;
};

const picksOf = (rows: Record<string, Row[]>): Map<string, ParticlePick[]> =>
  new Map(
    Object.entries(rows).map(([run, list]) => [
      run,
      list.map(([type, x, y, z, score]) => ({
        type,
        x: angstrom(x),
        y: angstrom(y),
        z: angstrom(z),
        ...(score === undefined ? {} : { score }),
      })),
    ]),
  );

const extents = new Map(Object.entries(reference.sizes).map(([run, [x, y, z]]) => [run, { x, y, z }]));
const { perType, confusion, missing } = diagnose(picksOf(reference.truth), picksOf(reference.picks), {
  extents,
});
const types = Object.keys(reference.perType);
const each = types.map((type) => [type, perType[type]!, reference.perType[type]!] as const);

const fourOf = (bins: readonly PlaceBin[] | null): Four => [
  bins!.map(({ truths }) => truths),
  bins!.map(({ misses }) => misses),
  bins!.map(({ picks }) => picks),
  bins!.map(({ falsePicks }) => falsePicks),
];

describe("against NumPy and SciPy's cKDTree", () => {
  test("three types, and nothing is missing", () => {
    expect(Object.keys(perType).sort()).toEqual([...types].sort());
    expect(missing).toEqual([]);
  });

  test.each(each)("counts of %s", (_, { counts }, wanted) => {
    const { truths, predictions, tp, fn, matchedPicks, wrongPicks } = counts;
    expect([truths, predictions, tp, fn, matchedPicks, wrongPicks]).toEqual(wanted.counts);
  });

  test.each(each)("precision–recall points of %s", (_, { curve }, wanted) => {
    expect(curve!.points.map(({ threshold, predictions, tp }) => [threshold, predictions, tp])).toEqual(
      wanted.points.map((point) => point.slice(0, 3)),
    );
    for (const [i, { fbeta }] of curve!.points.entries()) expect(fbeta).toBeCloseTo(wanted.points[i]![3], 12);
    expect(curve!.averagePrecision).toBeCloseTo(wanted.averagePrecision, 12);
    const best = wanted.points.reduce((a, b) => (b[3] > a[3] + 1e-12 ? b : a));
    expect([curve!.best!.threshold, curve!.best!.tp]).toEqual([best[0], best[2]]);
  });

  test.each(each)("distances and displacement of %s", (_, { displacement }, wanted) => {
    expect(displacement.distances.map(({ matches }) => matches)).toEqual(wanted.distances);
    for (const axis of ["dx", "dy", "dz"] as const) {
      const { mean, median, spread, standardError } = displacement.axes![axis];
      expect(mean).toBeCloseTo(wanted.axes[axis].mean, 9);
      expect(median).toBeCloseTo(wanted.axes[axis].median, 9);
      expect(spread).toBeCloseTo(wanted.axes[axis].spread!, 9);
      expect(standardError).toBeCloseTo(wanted.axes[axis].standardError!, 9);
    }
  });

  test.each(each)("places of %s", (_, { places }, wanted) => {
    expect(fourOf(places.depth)).toEqual(wanted.depth);
    expect(fourOf(places.border)).toEqual(wanted.border);
    expect(fourOf(places.next)).toEqual(wanted.next);
  });

  test.each(each)("reliability of %s", (_, { reliability }, wanted) => {
    const [picks, matched, calibrationError] = wanted.reliability;
    expect(reliability!.bins.map((bin) => bin.picks)).toEqual(picks);
    expect(reliability!.bins.map((bin) => Math.round(bin.picks * (bin.observed ?? 0)))).toEqual(matched);
    expect(reliability!.calibrationError).toBeCloseTo(calibrationError, 12);
  });

  test.each(each)("worst misses and false picks of %s", (_, { worstMisses, worstFalsePicks }, wanted) => {
    expect(worstMisses).toHaveLength(wanted.misses.length);
    for (const [i, [gap, distance, experiment, x, y, z]] of wanted.misses.entries()) {
      expect(worstMisses[i]).toMatchObject({ experiment, x, y, z });
      expect(worstMisses[i]!.nearestWrong!.distance).toBeCloseTo(distance, 9);
      if (gap === null) expect(worstMisses[i]!.gap).toBeNull();
      else expect(worstMisses[i]!.gap).toBeCloseTo(gap, 12);
    }
    expect(worstFalsePicks.map(({ confidence }) => confidence)).toEqual(wanted.falseConfidences);
  });

  test("confusion", () => {
    expect(confusion.types).toEqual(
      challengeParticles.map(({ name }) => name).filter((name) => types.includes(name)),
    );
    expect(confusion.picks).toEqual(reference.confusion.picks);
    expect(confusion.particles).toEqual(reference.confusion.particles);
  });
});
