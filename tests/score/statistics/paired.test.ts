import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { positionsOf } from "../../../src/score/match/positions.js";
import { scorePicks } from "../../../src/score/score.js";
import { compareSubmissions } from "../../../src/score/statistics/comparison.js";
import { pairSubmissions } from "../../../src/score/statistics/paired.js";
import { permutationTest } from "../../../src/score/statistics/permutation.js";
import fc from "../../support/properties.js";

const anyPick = fc
  .tuple(
    fc.constantFrom(...challengeParticles.map(({ name }) => name)),
    fc.integer({ min: 0, max: 30 }),
    fc.integer({ min: 0, max: 30 }),
  )
  .map(
    ([type, x, y]): ParticlePick => ({ type, x: angstrom(x * 17.3), y: angstrom(y * 17.3), z: angstrom(0) }),
  );
const truths = fc.uniqueArray(anyPick, { selector: ({ x, y }) => `${x} ${y}`, minLength: 1, maxLength: 40 });
const runOf = (picks: ParticlePick[]) => new Map([["TS_1", picks]]);

describe("pairSubmissions", () => {
  test("counts either submission as scorePicks does", () => {
    fc.assert(
      fc.property(truths, fc.array(anyPick), fc.array(anyPick), (truth, a, b) => {
        const paired = pairSubmissions(...([truth, a, b].map((each) => positionsOf(runOf(each))) as Three));
        for (const [side, picks] of [["a", a] as const, ["b", b] as const]) {
          const { perExperiment } = scorePicks(runOf(truth), runOf(picks));
          for (const [type, counts] of paired.get("TS_1")!)
            expect(perExperiment.TS_1![type]).toMatchObject(counts[side]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a submission against itself differs by exactly 0 whatever is drawn", () => {
    const [truth, picks] = [
      fc.sample(truths, { numRuns: 1, seed: 1 })[0]!,
      fc.sample(anyPick, { numRuns: 40, seed: 2 }),
    ];
    const positions = positionsOf(runOf([...picks, ...truth.slice(3)]));
    const same = compareSubmissions(pairSubmissions(positionsOf(runOf(truth)), positions, positions));
    expect(same.verdict).toBe("same");
    expect(same.score.interval).toEqual({ low: 0, high: 0 });
  });
});

type Three =
  Parameters<typeof pairSubmissions> extends [infer A, infer B, infer C, ...unknown[]] ? [A, B, C] : never;

describe("permutationTest", () => {
  const units = [0.3, 0.1, 0.2, -0.05, 0.4, 0.15];
  const mean = (swapped: Uint8Array) =>
    units.reduce((sum, unit, i) => sum + (swapped[i] === 1 ? -unit : unit), 0);

  test("exact: the share that SciPy's permutation_test(permutation_type='samples') gives", () => {
    expect(permutationTest(6, mean)).toEqual({ p: 0.0625, smallest: 2 ** -5, swaps: 32, isExact: true });
  });

  test("drawn swaps come near it, and repeat with the seed", () => {
    const drawn = permutationTest(6, mean, { mostExact: 1 });
    expect(drawn.p).toBeCloseTo(0.0625, 1);
    expect(drawn).toEqual(permutationTest(6, mean, { mostExact: 1 }));
  });
});
