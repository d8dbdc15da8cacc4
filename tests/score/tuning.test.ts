import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { fbeta } from "../../src/score/match/fbeta.js";
import { choiceText, chooseCautious, smoothCounts, tuneSetting } from "../../src/score/tuning.js";

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

describe("smoothCounts", () => {
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  const countsOf = (tp: readonly number[]) => tp.map((each) => ({ tp: each, fp: 2 * each, fn: 10 - each }));

  test("is NumPy's kernel average in the threshold's logit", () => {
    // t=np.array([.1,.15,.3,.5,.9]); tp=np.array([10,9,9,4,0]); L=np.log(t/(1-t))
    // K=np.exp(-.5*((L[:,None]-L)/.2)**2)*np.gradient(L); K/=K.sum(1,keepdims=True); K@tp
    const smooth = smoothCounts([0.1, 0.15, 0.3, 0.5, 0.9], countsOf([10, 9, 9, 4, 0]));
    const wanted = [
      9.90867075143789, 9.0450851300539, 8.99888865028866, 4.00036082349099, 1.71439560836798e-26,
    ];
    smooth.forEach(({ tp, fp, fn }, i) => {
      expect(tp).toBeCloseTo(wanted[i]!, 12);
      expect(fp).toBeCloseTo(2 * wanted[i]!, 12);
      expect(fn).toBeCloseTo(10 - wanted[i]!, 12);
    });
  });

  test("turns the loss of one particle into the normal distribution function", () => {
    const places = Array.from({ length: 801 }, (_, i) => -2 + i * 0.005);
    const step = countsOf(places.map((place) => (place < 0 ? 10 : 0)));
    const smooth = smoothCounts(places.map(logistic), step);
    const at = (place: number) => smooth[Math.round((place + 2) / 0.005)]!.tp;
    expect(at(0)).toBeCloseTo(5, 0);
    expect(at(-0.2)).toBeCloseTo(8.413447, 1); // 10·Φ(1)
    expect(at(0.4)).toBeCloseTo(0.227501, 1); // 10·(1 − Φ(2))
  });

  test("leaves the counts of one threshold, and of thresholds that are no probabilities", () => {
    expect(smoothCounts([0.5], countsOf([3]))).toEqual(countsOf([3]));
    expect(smoothCounts([-1, 0.5, 2], countsOf([9, 4, 1]))).toEqual(countsOf([9, 4, 1]));
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

  const places = (count: number) => Array.from({ length: count }, (_, i) => 1000 * i);
  const many = new Map([["TS_1", places(20).map((x) => pick(x))]]);
  const curve = (found: readonly number[]) =>
    found.map((count, i) => candidate(0.3 + 0.05 * i, places(count)));

  test("a lone peak draws the cautious choice, and not the smooth one", () => {
    const lone = curve([18, 18, 18, 17, 15, 20, 12, 8]);
    const smooth = tuneSetting(ribosome, many, lone, "smooth");
    expect(smooth.setting).toBeCloseTo(0.3, 12);
    expect(smooth.value).toBeLessThan(smooth.best + 1e-12);
    expect(smooth.best).toBeLessThan(Math.max(...smooth.all));
    expect(tuneSetting(ribosome, many, lone).setting).toBeCloseTo(0.55, 12);
  });

  test("tells the thresholds between which the curve is flat", () => {
    const { flat } = tuneSetting(ribosome, many, curve([10, 15, 19, 19, 19, 12]));
    expect(flat.from).toBeCloseTo(0.4, 12);
    expect(flat.to).toBeCloseTo(0.5, 12);
  });

  test("smears along the threshold alone, not over least volumes", () => {
    const two = [10, 20].flatMap((count, v) =>
      [0.4, 0.5].map((threshold) => ({ ...candidate(v, places(count)), position: [threshold, v] })),
    );
    const tuned = tuneSetting(ribosome, many, two, "smooth");
    expect(tuned).toMatchObject({ setting: 1, value: 1, fbeta: 1, best: 1, flat: { from: 0.4, to: 0.5 } });
  });

  test("no candidate is the user's mistake", () =>
    expect(() => tuneSetting(ribosome, truth, [])).toThrow(/no setting to choose from for ribosome/));
});

test("a way to choose is said with its own tolerance", () => {
  expect(choiceText()).toMatch(/within 0\.05 of the best F4 there, the one/);
  expect(choiceText("smooth")).toMatch(/within 0\.005 of the best F4 there, its counts smeared/);
});
