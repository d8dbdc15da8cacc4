import { describe, expect, test } from "vitest";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { diagnose } from "../../../src/score/diagnosis/diagnosis.js";

const pick = (type: string, x: number, score?: number): ParticlePick => ({
  type,
  x: angstrom(x),
  y: angstrom(500),
  z: angstrom(500),
  ...(score === undefined ? {} : { score }),
});
const one = (...picks: ParticlePick[]) => new Map([["TS_1", picks]]);
const extents = new Map([["TS_1", { x: 6000, y: 1000, z: 1000 }]]);

describe("verdicts", () => {
  test("one pick between two particles serves both; three at one particle are one and two duplicates", () => {
    const truth = one(pick("ribosome", 500), pick("ribosome", 600), pick("ribosome", 3000));
    const found = one(pick("ribosome", 550), ...[3000, 3010, 3020].map((x) => pick("ribosome", x)));
    expect(diagnose(truth, found).perType.ribosome!.counts).toEqual({
      truths: 3,
      predictions: 4,
      tp: 3,
      fp: 1,
      fn: 0,
      matchedPicks: 2,
      duplicates: 2,
      wrongPicks: 0,
      shared: 1,
    });
  });
});

describe("confusion", () => {
  test("a thyroglobulin called beta-galactosidase; one that is found is called nothing else", () => {
    const truth = one(pick("thyroglobulin", 500), pick("thyroglobulin", 2000), pick("thyroglobulin", 4000));
    const found = one(
      ...[pick("beta-galactosidase", 560, 0.9), pick("beta-galactosidase", 2010, 0.8)],
      ...[pick("thyroglobulin", 2020, 0.7), pick("beta-galactosidase", 4066, 0.6)],
    );
    const { confusion, perType } = diagnose(truth, found, { extents });
    expect(confusion).toEqual({
      types: ["beta-galactosidase", "thyroglobulin"],
      picks: [
        [0, 1, 2],
        [0, 1, 0],
      ],
      particles: [
        [0, 0, 0],
        [1, 1, 1],
      ],
    });
    const misses = perType.thyroglobulin!.worstMisses;
    expect(misses.map(({ x }) => x)).toEqual([500, 4000]);
    expect(misses[0]!.nearestWrong).toEqual({ type: "beta-galactosidase", distance: 60, confidence: 0.9 });
    expect(misses.map(({ gap }) => gap)).toEqual([expect.closeTo(0.2, 12), expect.closeTo(-0.1, 12)]);
  });

  test("a wrong pick is of the type it is nearest to as a share of the match distance", () => {
    const truth = one(pick("apo-ferritin", 500), pick("ribosome", 555));
    const found = one(pick("thyroglobulin", 525));
    expect(diagnose(truth, found).confusion.picks[2]).toEqual([0, 1, 0, 0]);
  });

  test("in another experiment it is nothing", () => {
    const truth = new Map([
      ["TS_1", [pick("ribosome", 500)]],
      ["TS_2", [pick("thyroglobulin", 3000)]],
    ]);
    expect(diagnose(truth, new Map([["TS_2", [pick("thyroglobulin", 500)]]])).confusion).toMatchObject({
      picks: [
        [0, 0, 0],
        [0, 0, 1],
      ],
    });
  });
});

describe("displacement", () => {
  test("a half-voxel shift of all picks shows as it is", () => {
    const places = [500, 1500, 2500, 3500];
    const { axes } = diagnose(
      one(...places.map((x) => pick("ribosome", x))),
      one(...places.map((x, i) => pick("ribosome", x + 5 + (i % 2 === 0 ? 1 : -1)))),
    ).perType.ribosome!.displacement;
    expect(axes!.dx).toMatchObject({ mean: 5, median: 5 });
    expect(axes!.dx.standardError).toBeCloseTo(Math.sqrt(4 / 3) / 2, 12);
    expect(axes!.dy).toEqual({ mean: 0, median: 0, spread: 0, standardError: 0 });
  });

  test("a match exactly at the match distance belongs to the last bin; one match has no spread", () => {
    const { displacement } = diagnose(one(pick("ribosome", 500)), one(pick("ribosome", 575))).perType
      .ribosome!;
    expect(displacement.distances.at(-1)).toEqual({ from: 67.5, to: 75, matches: 1 });
    expect(displacement.axes!.dx).toEqual({ mean: 75, median: 75, spread: null, standardError: null });
  });
});

describe("curve", () => {
  test("of two thresholds with one F4 the higher is the best: 1 of 1 for two particles, or 2 of 34", () => {
    const truth = one(pick("ribosome", 500), pick("ribosome", 2000));
    const wrong = Array.from({ length: 32 }, (_, i) => pick("ribosome", 1e5 + i, 0.6));
    const found = one(pick("ribosome", 500, 0.8), ...wrong, pick("ribosome", 2000, 0.4));
    const { points, best } = diagnose(truth, found).perType.ribosome!.curve!;
    expect(points.map(({ fbeta }) => fbeta)).toEqual([17 / 33, expect.any(Number), 17 / 33]);
    expect(best!.threshold).toBe(0.8);
  });

  test("no best threshold where no pick finds anything", () => {
    const { curve } = diagnose(one(pick("ribosome", 500)), one(pick("ribosome", 3000, 0.8))).perType
      .ribosome!;
    expect([curve!.best, curve!.averagePrecision, curve!.points.length]).toEqual([null, 0, 1]);
  });

  test("more confidences than points: first, best and last stay", () => {
    const truth = one(...Array.from({ length: 300 }, (_, i) => pick("apo-ferritin", i * 100)));
    const found = one(
      ...Array.from({ length: 900 }, (_, i) =>
        pick("apo-ferritin", i < 301 ? i * 100 : 1e6 + i, 1 - i / 1000),
      ),
    );
    const { points, best } = diagnose(truth, found).perType["apo-ferritin"]!.curve!;
    expect(points.length).toBeLessThanOrEqual(256);
    expect(points.length).toBeGreaterThan(250);
    expect([points[0]!.predictions, points.at(-1)!.predictions]).toEqual([1, 900]);
    expect(best).toMatchObject({ predictions: 300, fbeta: 1 });
    expect(points).toContain(best);
    expect(points.map(({ threshold }) => threshold)).toEqual(
      points.map(({ threshold }) => threshold).sort((a, b) => b - a),
    );
  });
});

describe("false picks", () => {
  test("the most confident first, with what they are", () => {
    const truth = one(pick("ribosome", 500), pick("thyroglobulin", 2000));
    const found = one(
      ...[pick("ribosome", 500, 0.5), pick("ribosome", 520, 0.6)],
      ...[pick("ribosome", 2030, 0.9), pick("ribosome", 5000, 0.7)],
    );
    const { worstFalsePicks } = diagnose(truth, found).perType.ribosome!;
    const at = { experiment: "TS_1", y: 500, z: 500 };
    const next = (type: string, distance: number) => ({ type, distance });
    expect(worstFalsePicks).toEqual([
      {
        ...{ ...at, x: 2030, confidence: 0.9, verdict: "wrong", mistakenFor: "thyroglobulin" },
        nearestParticle: next("thyroglobulin", 30),
      },
      {
        ...{ ...at, x: 5000, confidence: 0.7, verdict: "wrong", mistakenFor: null },
        nearestParticle: next("thyroglobulin", 3000),
      },
      {
        ...{ ...at, x: 520, confidence: 0.6, verdict: "duplicate", mistakenFor: null },
        nearestParticle: next("ribosome", 20),
      },
    ]);
  });
});
