import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { fbeta } from "../../src/score/match/fbeta.js";
import { chooseCautious, tuneSetting } from "../../src/score/tuning.js";

const ribosome = challengeParticles.find(({ name }) => name === "ribosome")!;
const pick = (x: number, score?: number): ParticlePick => ({
  type: "ribosome",
  x: angstrom(x),
  y: angstrom(0),
  z: angstrom(0),
  ...(score === undefined ? {} : { score }),
});

describe("chooseCautious", () => {
  const points = (rows: readonly (readonly number[])[]) =>
    rows.flatMap((row, v) => row.map((value, t) => ({ position: [t, v], value })));

  test("takes the lowest threshold within the tolerance of the best", () => {
    expect(chooseCautious(points([[0.5, 0.86, 0.84, 0.9, 0.6]]))).toBe(1);
    expect(chooseCautious(points([[0.5, 0.86, 0.84, 0.9, 0.6]]), 0.01)).toBe(3);
  });

  test("takes the better of two settings of one threshold, and the first of equal ones", () => {
    expect(
      chooseCautious(
        points([
          [0.86, 0.9],
          [0.88, 0.7],
        ]),
      ),
    ).toBe(2);
    expect(
      chooseCautious(
        points([
          [0.88, 0.9],
          [0.88, 0.7],
        ]),
      ),
    ).toBe(0);
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

  test("counts the experiments of the truth and the type alone, and chooses the lowest that is good", () => {
    const tuned = tuneSetting(ribosome, truth, [
      candidate(0, []),
      candidate(1, [0, 1000, 2000]),
      candidate(2, [5, 1000, 2000]),
      candidate(3, [0, 1010, 2000]),
      candidate(4, [0]),
    ]);
    expect(tuned).toMatchObject({ setting: 1, fbeta: 1, best: 1, counts: { tp: 3, fp: 0, fn: 0 } });
    expect(tuned.all).toEqual([0, 1, 1, 1, fbeta({ tp: 1, fp: 0, fn: 2 })]);
  });

  test("no candidate is the user's mistake", () =>
    expect(() => tuneSetting(ribosome, truth, [])).toThrow(/no setting to choose from for ribosome/));
});
