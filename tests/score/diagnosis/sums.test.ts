import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Diagnosis, diagnose } from "../../../src/score/diagnosis/diagnosis.js";
import type { PlaceBin } from "../../../src/score/diagnosis/places.js";
import { scorePicks } from "../../../src/score/score.js";
import fc from "../../support/properties.js";

const type = fc.constantFrom(...challengeParticles.map(({ name }) => name));
const place = fc.tuple(
  fc.integer({ min: -2, max: 30 }),
  fc.integer({ min: -2, max: 30 }),
  fc.integer({ min: -1, max: 8 }),
);
const pickOf = (name: string, [x, y, z]: [number, number, number], score?: number): ParticlePick => ({
  type: name,
  x: angstrom(x * 17.3),
  y: angstrom(y * 17.3),
  z: angstrom(z * 17.3),
  ...(score === undefined ? {} : { score }),
});
const truthPicks = fc.uniqueArray(
  fc.tuple(type, place).map(([name, at]) => pickOf(name, at)),
  { selector: ({ x, y, z }) => `${x} ${y} ${z}`, maxLength: 40 },
);
const surePick = fc
  .tuple(type, place, fc.integer({ min: 0, max: 20 }))
  .map(([name, at, score]) => pickOf(name, at, score / 20));
const picks = fc.array(surePick, { maxLength: 80 });
const cases = fc.record({
  truth: fc.tuple(truthPicks, truthPicks),
  predictions: fc.tuple(picks, picks, picks),
});

const byRun = (lists: readonly ParticlePick[][]) => new Map(lists.map((list, i) => [`TS_${i + 1}`, list]));
const size = { x: 500, y: 500, z: 130 };
const extents = new Map([
  ["TS_1", size],
  ["TS_2", { ...size, z: 120 }],
]);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function expectPlaces(bins: readonly PlaceBin[], of: Diagnosis["perType"][string]["counts"]): void {
  expect(sum(bins.map(({ truths }) => truths))).toBe(of.truths);
  expect(sum(bins.map(({ misses }) => misses))).toBe(of.fn);
  expect(sum(bins.map((bin) => bin.picks))).toBe(of.predictions);
  expect(sum(bins.map(({ falsePicks }) => falsePicks)) - of.shared).toBe(of.fp);
}

describe("a diagnosis adds up to the score's counts", () => {
  test("per type, in every part", () => {
    fc.assert(
      fc.property(cases, ({ truth, predictions }) => {
        const report = scorePicks(byRun(truth), byRun(predictions));
        const diagnosis = diagnose(byRun(truth), byRun(predictions), { extents });
        expect(diagnosis.report).toEqual(report);
        expect(Object.keys(diagnosis.perType).sort()).toEqual(Object.keys(report.perType).sort());
        for (const [name, part] of Object.entries(diagnosis.perType)) {
          const { tp, fp, fn, truths, predictions: total, displacement } = report.perType[name]!;
          const { counts, curve, places, reliability } = part;
          expect(counts).toMatchObject({ tp, fp, fn, truths, predictions: total });
          expect(counts.duplicates + counts.wrongPicks - counts.shared).toBe(fp);
          expect(counts.matchedPicks + counts.duplicates + counts.wrongPicks).toBe(total);
          if (total > 0) expect(curve!.points.at(-1)).toMatchObject({ tp, fp, fn, predictions: total });
          expect(part.displacement.matches).toBe(tp);
          expect(sum(part.displacement.distances.map(({ matches }) => matches))).toBe(tp);
          for (const axis of ["dx", "dy", "dz"] as const)
            if (displacement) expect(part.displacement.axes![axis].mean).toBeCloseTo(displacement[axis], 9);
          for (const bins of [places.depth!, places.border!, places.next]) expectPlaces(bins, counts);
          expect(sum(reliability!.bins.map((bin) => bin.picks))).toBe(total);
          expect(sum(reliability!.bins.map((bin) => bin.picks * (bin.observed ?? 0)))).toBeCloseTo(
            counts.matchedPicks,
            9,
          );
          expect(part.worstMisses).toHaveLength(Math.min(20, fn));
          expect(part.worstFalsePicks).toHaveLength(Math.min(20, counts.duplicates + counts.wrongPicks));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("confusion sums to particles and predictions, and to found and missed", () => {
    fc.assert(
      fc.property(cases, ({ truth, predictions }) => {
        const { confusion, perType } = diagnose(byRun(truth), byRun(predictions));
        for (const [own, name] of confusion.types.entries()) {
          const part = perType[name];
          if (!part) continue;
          expect(sum(confusion.picks[own]!)).toBe(part.counts.predictions);
          expect(confusion.picks[own]![own]).toBe(part.counts.matchedPicks + part.counts.duplicates);
          expect(sum(confusion.particles[own]!)).toBe(part.counts.truths);
          expect(confusion.particles[own]![own]).toBe(part.counts.tp);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("every threshold's counts are the score of the picks that are left", () => {
    fc.assert(
      fc.property(cases, ({ truth, predictions }) => {
        const { perType } = diagnose(byRun(truth), byRun(predictions));
        for (const [name, { curve }] of Object.entries(perType))
          for (const { threshold, tp, fp, fn, fbeta } of curve!.points) {
            const left = predictions.map((list) => list.filter(({ score }) => score! >= threshold));
            expect(scorePicks(byRun(truth), byRun(left)).perType[name]).toMatchObject({ tp, fp, fn, fbeta });
          }
      }),
      { numRuns: 8 },
    );
  });

  test("the order of picks never changes it, and JSON gives it back", () => {
    fc.assert(
      fc.property(cases, ({ truth, predictions }) => {
        const diagnosis = diagnose(byRun(truth), byRun(predictions), { extents });
        const reversed = predictions.map((list) => list.toReversed());
        expect(JSON.parse(JSON.stringify(diagnosis))).toEqual(diagnosis);
        const again = diagnose(byRun(truth), byRun(reversed), { extents });
        expect(again.confusion).toEqual(diagnosis.confusion);
        for (const [name, { curve, counts, displacement }] of Object.entries(diagnosis.perType))
          expect(again.perType[name]).toMatchObject({ curve, counts, displacement });
      }),
      { numRuns: 25 },
    );
  });
});

describe("what is missing", () => {
  test("without confidences all else stays the same", () => {
    fc.assert(
      fc.property(cases, ({ truth, predictions }) => {
        const unsure = predictions.map((list) => list.map(({ score: _, ...pick }) => pick));
        const sure = diagnose(byRun(truth), byRun(predictions), { extents });
        const { perType, confusion, missing } = diagnose(byRun(truth), byRun(unsure), { extents });
        expect(confusion).toEqual(sure.confusion);
        for (const [name, { counts, displacement, places, curve, reliability }] of Object.entries(perType)) {
          expect(sure.perType[name]).toMatchObject({ counts, displacement, places });
          const isEmpty = counts.predictions === 0;
          expect([curve === null, reliability === null]).toEqual([!isEmpty, !isEmpty]);
        }
        const any = unsure.slice(0, 2).flat().length > 0;
        expect(missing.map((sentence) => /have no confidences/.test(sentence))).toEqual(any ? [true] : []);
      }),
      { numRuns: 25 },
    );
  });

  const truth = new Map([["TS_1", [pickOf("ribosome", [1, 1, 1])]]]);

  test("an experiment of unknown size leaves out depth and border, by name", () => {
    const { perType, missing } = diagnose(truth, new Map());
    expect([perType.ribosome!.places.depth, perType.ribosome!.places.border]).toEqual([null, null]);
    expect(missing).toEqual([expect.stringMatching(/^no depth .* size of TS_1 is unknown; give /)]);
  });

  test("sizes of some experiments are as good as none", () => {
    const two = new Map([...truth, ["TS_9", []]]);
    const { perType, missing } = diagnose(two, new Map(), { extents });
    expect(perType.ribosome!.places.depth).toBeNull();
    expect(missing).toEqual([expect.stringMatching(/size of TS_9 is unknown/)]);
  });

  test("confidences that are no probabilities keep the curve and lose the reliability", () => {
    const found = new Map([["TS_1", [pickOf("ribosome", [1, 1, 1], 7.5)]]]);
    const { perType, missing } = diagnose(truth, found, { extents });
    expect(perType.ribosome!.curve!.best).toMatchObject({ threshold: 7.5, fbeta: 1 });
    expect(perType.ribosome!.reliability).toBeNull();
    expect(missing).toEqual([expect.stringMatching(/^no reliability for ribosome/)]);
  });
});
