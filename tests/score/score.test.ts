import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { fbeta } from "../../src/score/match/fbeta.js";
import { scorePicks } from "../../src/score/score.js";
import { scoreInterval } from "../../src/score/statistics/interval.js";
import fc from "../support/properties.js";

const pick = (type: string, x: number, y = 0, z = 0): ParticlePick => ({
  type,
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
});

const anyPick = fc
  .tuple(
    fc.constantFrom(...challengeParticles.map(({ name }) => name)),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 10 }),
  )
  .map(([type, x, y, z]) => pick(type, x * 17.3, y * 17.3, z * 17.3));
const truthPicks = fc.uniqueArray(anyPick, { selector: ({ x, y, z }) => `${x} ${y} ${z}`, maxLength: 40 });
const twoRuns = fc.record({
  truth: fc.tuple(truthPicks, truthPicks),
  predictions: fc.tuple(fc.array(anyPick, { maxLength: 60 }), fc.array(anyPick, { maxLength: 60 })),
});
const byRun = ([a, b]: readonly [ParticlePick[], ParticlePick[]]) =>
  new Map([
    ["TS_1", a],
    ["TS_2", b],
  ]);

describe("fbeta", () => {
  test("a 0 denominator gives 0", () => {
    expect(fbeta({ tp: 0, fp: 0, fn: 0 })).toBe(0);
    expect(fbeta({ tp: 0, fp: 3, fn: 0 })).toBe(0);
    expect(fbeta({ tp: 0, fp: 0, fn: 3 })).toBe(0);
  });

  test("above 1 where one prediction serves two truths", () => {
    expect(fbeta({ tp: 2, fp: -1, fn: 0 })).toBeCloseTo((17 * 2) / (16 * 2 + 1), 12);
  });
});

describe("scorePicks", () => {
  test("the order of picks, types and experiments never changes the report", () => {
    fc.assert(
      fc.property(twoRuns, fc.infiniteStream(fc.nat()), ({ truth, predictions }, keys) => {
        const shuffled = (picks: ParticlePick[]) =>
          picks
            .map((each) => ({ each, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ each }) => each);
        const report = scorePicks(byRun(truth), byRun(predictions));
        const again = scorePicks(
          byRun(truth),
          new Map([
            ["TS_2", shuffled(predictions[1])],
            ["TS_1", shuffled(predictions[0])],
          ]),
        );
        expect(again).toEqual(report);
      }),
      { numRuns: 100 },
    );
  });

  test("strict TP is at most the official TP, the truths and the predictions", () => {
    fc.assert(
      fc.property(twoRuns, ({ truth, predictions }) => {
        for (const { strict, tp, truths, predictions: count } of Object.values(
          scorePicks(byRun(truth), byRun(predictions)).perType,
        )) {
          expect(strict.tp).toBeLessThanOrEqual(Math.min(tp, truths, count));
          expect(strict.tp + strict.fn).toBe(truths);
          expect(strict.tp + strict.fp).toBe(count);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("displacement is prediction − truth, of the nearest prediction", () => {
    const truth = new Map([["TS_1", [pick("ribosome", 500, 500, 500)]]]);
    const found = new Map([["TS_1", [pick("ribosome", 530, 500, 500), pick("ribosome", 505, 497, 501)]]]);
    expect(scorePicks(truth, found).perType.ribosome?.displacement).toEqual({ dx: 5, dy: -3, dz: 1 });
  });

  test("no match, no displacement", () => {
    const report = scorePicks(new Map([["TS_1", [pick("ribosome", 0)]]]), new Map());
    expect(report.perType.ribosome?.displacement).toBeNull();
  });

  test("other experiments are dropped before their types are looked at", () => {
    const truth = new Map([["TS_1", [pick("ribosome", 0)]]]);
    const report = scorePicks(truth, new Map([["TS_2", [pick("unicorn", 0)]]]));
    expect(report.dropped).toEqual({ experiment: 1, type: 0 });
  });

  test("an unknown type in an experiment of the truth is an error", () => {
    const truth = new Map([["TS_1", [pick("ribosome", 0)]]]);
    expect(() => scorePicks(truth, new Map([["TS_1", [pick("unicorn", 0)]]]))).toThrow(
      /unknown particle type "unicorn" in the submission for TS_1, wanted one of apo-ferritin/,
    );
  });

  test("a truth with one place twice is an error, even under two types", () => {
    const truth = new Map([["TS_1", [pick("ribosome", 1, 2, 3), pick("thyroglobulin", 1, 2, 3)]]]);
    expect(() => scorePicks(truth, new Map())).toThrow(/TS_1 holds two particles at x y z = 1 2 3/);
  });

  test("an experiment known to be empty turns its predictions into false positives", () => {
    const truth = new Map([
      ["TS_1", [pick("ribosome", 0)]],
      ["TS_2", []],
    ]);
    const found = new Map([
      ["TS_1", [pick("ribosome", 0)]],
      ["TS_2", [pick("ribosome", 0)]],
    ]);
    expect(scorePicks(truth, found).perType.ribosome).toMatchObject({ tp: 1, fp: 1, fn: 0 });
  });
});

describe("scoreInterval", () => {
  const runs = Array.from({ length: 9 }, (_, i) => `TS_${i}`);
  const truth = new Map(runs.map((run) => [run, [pick("ribosome", 0), pick("ribosome", 1000)]]));
  const report = scorePicks(
    truth,
    new Map(runs.map((run, i) => [run, i % 3 === 0 ? [pick("ribosome", 0)] : [...truth.get(run)!]])),
  );

  test("holds the score and repeats with the seed", () => {
    const interval = scoreInterval(report, { seed: 1 })!;
    expect(interval.score.low).toBeLessThan(report.score);
    expect(interval.score.high).toBeGreaterThan(report.score);
    expect(interval.perType.ribosome!.low).toBeCloseTo(7 * interval.score.low, 12);
    expect(scoreInterval(report, { seed: 1 })).toEqual(interval);
    expect(scoreInterval(report, { seed: 2, resamples: 50 })).not.toEqual(
      scoreInterval(report, { seed: 1, resamples: 50 }),
    );
  });

  /**
   * F = 17·tp / (17·tp + 16·fn) over 3 runs of (1, 1) and 6 of (2, 0): the bootstrap's variance is near that of F's
   * linear part, (17·16/(17·15 + 16·3)²)²·Σ(run's 2·misses − ⅔)²; its t interval with SciPy's stats.t.ppf(.95, 8) = 1.8595
   */
  test("over experiments: the t interval of the linear part, within a tenth", () => {
    const { low, high } = scoreInterval(report, { resamples: 20_000 })!.perType.ribosome!;
    const f = (17 * 15) / (17 * 15 + 16 * 3);
    const slope = (17 * 16 * 18) / (17 * 15 + 16 * 3) ** 2;
    const error = slope * Math.sqrt((9 / 8) * (3 * (2 / 3) ** 2 + 6 * (1 / 3) ** 2));
    const logit = (value: number) => Math.log(value / (1 - value));
    const reach = (1.8595 * error) / (f * (1 - f));
    expect((logit(f) - logit(low)) / reach).toBeGreaterThan(0.9);
    expect((logit(f) - logit(low)) / reach).toBeLessThan(1.1);
    expect(logit(high) - logit(f)).toBeCloseTo(logit(f) - logit(low), 6);
  });

  const places = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => pick("ribosome", 1000 * (from + i)));

  test("of one experiment draws its particles: recall between SciPy's beta.ppf([.05, .95], 30.5, 10.5)", () => {
    const single = scorePicks(new Map([["TS_1", places(0, 40)]]), new Map([["TS_1", places(0, 30)]]));
    const interval = scoreInterval(single, { resamples: 20_000 })!;
    expect(interval.over).toBe("particles");
    const { low, high } = interval.perType.ribosome!;
    // wrong picks are Gamma(½), of next to no weight beside 40 truths
    const [least, most] = [0.626515, 0.847613].map((recall) =>
      fbeta({ tp: 40 * recall, fp: 0, fn: 40 * (1 - recall) }),
    );
    expect(low).toBeCloseTo(least!, 2);
    expect(high).toBeCloseTo(most!, 2);
  });

  test("nine of nine found: up to 1, but not 1 for sure", () => {
    const all = scorePicks(new Map([["TS_1", places(0, 9)]]), new Map([["TS_1", places(0, 9)]]));
    const { low, high } = scoreInterval(all)!.perType.ribosome!;
    expect(high).toBe(1);
    expect(low).toBeGreaterThan(0.75);
    expect(low).toBeLessThan(0.9);
  });

  test("without experiments there is none", () => {
    expect(scoreInterval(scorePicks(new Map(), new Map()))).toBeNull();
  });
});
