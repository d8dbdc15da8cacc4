import { expect, test } from "vitest";
import { pooledText, poolSweeps } from "../../src/score/pooled.js";
import type { ThresholdSweep } from "../../src/score/sweep.js";

const particles = [
  { name: "ribosome", weight: 1 },
  { name: "thyroglobulin", weight: 2 },
  { name: "apo-ferritin", weight: 1 },
];

const grid = [0.1, 0.3, 0.5, 0.7];
const swept = (used: number, truths: number, tp: readonly number[], fp: readonly number[]) => ({
  used,
  points: grid.map((threshold, at) => ({ threshold, tp: tp[at]!, fp: fp[at]!, fn: truths - tp[at]! })),
});
const fold = (run: string, ribosome: Swept, thyroglobulin: Swept): ThresholdSweep => ({
  sweepVersion: 1,
  runs: [run],
  perType: { ribosome, thyroglobulin },
});
type Swept = ReturnType<typeof swept>;

/** The second fold holds no thyroglobulin, whose false picks cost nonetheless. */
const folds = [
  fold(
    "TS_1",
    swept(0.5, 20, [19, 18, 15, 9], [210, 90, 12, 1]),
    swept(0.5, 8, [8, 6, 6, 3], [90, 40, 9, 3]),
  ),
  fold("TS_2", swept(0.1, 10, [10, 9, 9, 6], [40, 20, 9, 3]), swept(0.1, 0, [0, 0, 0, 0], [25, 9, 4, 0])),
  fold(
    "TS_3",
    swept(0.3, 12, [12, 12, 7, 2], [300, 140, 30, 2]),
    swept(0.3, 6, [6, 6, 5, 5], [60, 33, 12, 1]),
  ),
];

// By NumPy, with n, tp and fp as above, used = [2, 0, 1], folds = [0, 1, 2]:
//   def F(tp, fp, fn): p, r = tp/(tp+fp), tp/(tp+fn); return 17*p*r/(16*p+r)
//   def counts(y, ks, at): return np.sum([[tp[y][k][a], fp[y][k][a], n[y][k]-tp[y][k][a]] for k, a in zip(ks, at)], axis=0)
//   def choose(y, ks): f = np.array([F(*counts(y, ks, [a]*len(ks))) for a in range(4)]); return np.flatnonzero(f >= f.max()-.05)[0]
//   F(*counts(y, folds, [choose(y, [j for j in folds if j != k]) for k in folds]))
test("each fold's thresholds are chosen on the others' runs, and scored over all, as NumPy does", () => {
  const pooled = poolSweeps(folds, particles)!;
  expect(pooled.perType).toEqual({
    ribosome: {
      threshold: 0.3,
      perFold: [0.3, 0.3, 0.3],
      pooled: { tp: 39, fp: 250, fn: 3, fbeta: expect.closeTo(0.6899063475546307, 14) },
      tuned: { tp: 37, fp: 192, fn: 5, fbeta: expect.closeTo(0.6981132075471698, 14) },
    },
    thyroglobulin: {
      threshold: 0.5,
      perFold: [0.7, 0.5, 0.5],
      pooled: { tp: 8, fp: 19, fn: 6, fbeta: expect.closeTo(0.5418326693227091, 14) },
      tuned: { tp: 12, fp: 67, fn: 2, fbeta: expect.closeTo(0.6732673267326732, 14) },
    },
  });
  expect(pooled.score).toBeCloseTo((0.6899063475546307 + 2 * 0.5418326693227091) / 4, 14);
  expect(pooled.tunedScore).toBeCloseTo((0.6981132075471698 + 2 * 0.6732673267326732) / 4, 14);
  expect(pooled.fittedScore).toBeCloseTo((0.6899063475546307 + 2 * 0.7192307692307692) / 4, 14);
  expect(pooledText(pooled)).toMatch(/^thyroglobulin +0\.6733 +12 +67 +0\.5418 +8 +19 +0\.5, 0\.7 +0\.5$/m);
});

test("a fold's own runs have no say in its thresholds, and in those of the others", () => {
  const [first, ...others] = folds as [ThresholdSweep, ...ThresholdSweep[]];
  const better = swept(0.5, 20, [1, 1, 1, 20], [900, 900, 900, 0]);
  const altered = { ...first, perType: { ...first.perType, ribosome: better } };
  const before = poolSweeps(folds, particles)!.perType.ribosome!;
  const after = poolSweeps([altered, ...others], particles)!.perType.ribosome!;
  expect(after.perFold[0]).toBe(before.perFold[0]);
  expect(after.perFold.slice(1)).not.toEqual(before.perFold.slice(1));
});

test("a fold keeps its own threshold where no other holds the type", () => {
  const [first, second] = folds as [ThresholdSweep, ThresholdSweep];
  const { perFold } = poolSweeps([first, second], particles)!.perType.thyroglobulin!;
  expect(perFold[0]).toBe(0.5);
});

test("a threshold that one fold alone tried is counted where it is used, and chosen nowhere", () => {
  const [first, second, third] = folds as [ThresholdSweep, ThresholdSweep, ThresholdSweep];
  const { points } = second.perType.ribosome!;
  const ribosome = { used: 0.2, points: [...points, { threshold: 0.2, tp: 10, fp: 0, fn: 0 }] };
  const untuned = { ...second, perType: { ...second.perType, ribosome } };
  const before = poolSweeps(folds, particles)!.perType.ribosome!;
  const after = poolSweeps([first, untuned, third], particles)!.perType.ribosome!;
  expect({ ...after, tuned: before.tuned }).toEqual(before);
  expect(after.tuned).toMatchObject({ tp: 37, fp: 152, fn: 5 });
});

test("the choice may be smooth", () => {
  const pooled = poolSweeps(folds, particles, "smooth")!;
  expect(pooled.perType.ribosome!.threshold).toBe(0.5);
});

test("there is nothing to say where no fold picks", () =>
  expect(poolSweeps([{ sweepVersion: 1, runs: ["TS_1"], perType: {} }], particles)).toBeUndefined());
