import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { challengeParticles, type Pick } from "../../src/particles.js";
import { fbeta } from "../../src/score/fbeta.js";
import { choosePoint } from "../../src/score/plateau.js";
import { countType, tuneCut, tuneSetting } from "../../src/score/tuning.js";
import { angstrom } from "../../src/units.js";

const ribosome = challengeParticles.find(({ name }) => name === "ribosome")!;
const pick = (x: number, score?: number): Pick => ({
  type: "ribosome",
  x: angstrom(x),
  y: angstrom(0),
  z: angstrom(0),
  ...(score === undefined ? {} : { score }),
});

const line = (values: readonly number[]) => values.map((value, i) => ({ position: [i], value }));
const grid = (rows: readonly string[]) =>
  rows.flatMap((row, y) => [...row].map((digit, x) => ({ position: [y, x], value: Number(digit) / 10 })));

describe("choosePoint", () => {
  test.each<[string, number[], number]>([
    ["the middle of a plateau", [0.2, 0.8, 0.8, 0.8, 0.8, 0.8, 0.1], 3],
    ["a plateau rather than a spike a hair higher", [0.2, 0.805, 0.2, 0.2, 0.8, 0.8, 0.8, 0.2], 5],
    ["a spike that is truly higher", [0.2, 0.9, 0.2, 0.2, 0.8, 0.8, 0.8, 0.2], 1],
    ["not the grid's edge, though the plateau begins there", [0.8, 0.8, 0.8, 0.1], 1],
    ["the only point", [0.3], 0],
    ["the edge, if it alone is good", [0.1, 0.2, 0.9], 2],
    ["the side with the better neighbour, of two", [0.1, 0.8, 0.8, 0.7], 2],
  ])("%s", (_, values, expected) => expect(choosePoint(line(values))).toBe(expected));

  test("in two dimensions, the point farthest from the plateau's edge", () => {
    const points = grid([
      "1111111111",
      "1888111111",
      "1888111881",
      "1888888881",
      "1888888881",
      "1888888881",
      "1888888881",
      "1111111111",
    ]);
    expect(points[choosePoint(points)]!.position).toEqual([4, 3]);
  });

  test("a parameter that is not tuned makes no edges", () => {
    const points = line([0.1, 0.8, 0.8, 0.8, 0.1]).map(({ position, value }) => ({
      position: [7, ...position],
      value,
    }));
    expect(choosePoint(points)).toBe(2);
  });

  test("never worse than the best by more than the tolerance", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (values) => {
          expect(line(values)[choosePoint(line(values), 0.05)]!.value).toBeGreaterThanOrEqual(
            Math.max(...values) - 0.05,
          );
        },
      ),
    );
  });
});

describe("tuneSetting", () => {
  const truth = new Map([["TS_1", [pick(0), pick(1000), pick(2000)]]]);
  const candidate = (setting: number, places: readonly number[]) => ({
    setting,
    position: [setting],
    picks: new Map([
      ["TS_1", places.map((x) => pick(x))],
      ["TS_9", [pick(0)]],
    ]),
  });

  test("counts the experiments of the truth and the type alone, and chooses the middle", () => {
    const tuned = tuneSetting(ribosome, truth, [
      candidate(0, []),
      candidate(1, [0, 1000, 2000]),
      candidate(2, [5, 1000, 2000]),
      candidate(3, [0, 1010, 2000]),
      candidate(4, [0]),
    ]);
    expect(tuned).toMatchObject({ setting: 2, fbeta: 1, best: 1, counts: { tp: 3, fp: 0, fn: 0 } });
    expect(tuned.all).toEqual([0, 1, 1, 1, fbeta({ tp: 1, fp: 0, fn: 2 })]);
  });

  test("no candidate is the user's mistake", () =>
    expect(() => tuneSetting(ribosome, truth, [])).toThrow(/no setting to choose from for ribosome/));
});

describe("tuneCut", () => {
  const truth = new Map([["TS_1", [pick(0), pick(1000)]]]);

  test("cuts in the middle between the last true pick and the first false one", () => {
    const picks = new Map([["TS_1", [pick(0, 0.9), pick(1000, 0.7), pick(500, 0.3), pick(300, 0.2)]]]);
    const tuned = tuneCut(ribosome, truth, picks, 0.001);
    expect(tuned).toMatchObject({ fbeta: 1, best: 1, counts: { tp: 2, fp: 0, fn: 0 } });
    expect(tuned.cut).toBeCloseTo(0.5, 12);
  });

  test("picks of one score are kept or cut together", () => {
    const picks = new Map([["TS_1", [pick(0, 0.5), pick(500, 0.5), pick(1000, 0.5)]]]);
    expect(tuneCut(ribosome, truth, picks).steps.map(({ lowest }) => lowest)).toEqual([Infinity, 0.5]);
  });

  test("no picks, and picks without a score", () => {
    expect(tuneCut(ribosome, truth, new Map()).best).toBe(0);
    expect(() => tuneCut(ribosome, truth, new Map([["TS_1", [pick(0)]]]))).toThrow(
      /score undefined, wanted a finite/,
    );
  });

  const scored = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 12 }))
      .map(([x, s]) => pick(x * 40, s / 12)),
    { maxLength: 40 },
  );
  const places = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 12 });

  test("every step is what counting the kept picks gives, and the cut keeps what it says", () => {
    fc.assert(
      fc.property(places, places, scored, scored, (one, two, a, b) => {
        const runs = new Map([
          ["TS_1", one.map((x) => pick(x * 40))],
          ["TS_2", two.map((x) => pick(x * 40))],
        ]);
        const picks = new Map([
          ["TS_1", a],
          ["TS_2", b],
        ]);
        const keptAt = (cut: number) =>
          new Map([...picks].map(([run, list]) => [run, list.filter(({ score }) => score! >= cut)]));
        const tuned = tuneCut(ribosome, runs, picks);
        for (const { lowest, tp, fp, fn } of tuned.steps)
          expect({ tp, fp, fn }).toEqual(countType(ribosome, runs, keptAt(lowest)));
        expect(countType(ribosome, runs, keptAt(tuned.cut))).toEqual(tuned.counts);
        expect(tuned.fbeta).toBe(fbeta(tuned.counts));
        expect(tuned.fbeta).toBeGreaterThanOrEqual(tuned.best - 0.01);
        expect(tuned.best).toBe(Math.max(...tuned.steps.map((step) => step.fbeta)));
      }),
      { numRuns: 200 },
    );
  });
});
