import { describe, expect, it } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type FusionRules, fuseRuns } from "../../../src/infer/consensus/fuseRuns.js";
import { fbeta } from "../../../src/score/match/fbeta.js";
import { countType } from "../../../src/score/tuning.js";
import { tuneFusion, weightGrid } from "../../../src/train/ensemble/tuneFusion.js";

const particle = challengeParticles.find(({ name }) => name === "thyroglobulin")!;
const rules: FusionRules = { radius: 0.5, votes: null, byWeight: false };
const pick = (x: number, y: number, z: number, score?: number): ParticlePick => ({
  type: particle.name,
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
  ...(score === undefined ? {} : { score }),
});

/** A picker that finds a share of the truth and adds false picks, of the same scores. */
function picker(truth: ReadonlyMap<string, ParticlePick[]>, found: number, wrong: number, seed: number) {
  return new Map(
    [...truth].map(([run, list], i) => {
      const random = randomFor(seed, "picker", i);
      const near = list
        .filter(() => random.uniform() < found)
        .map(({ x, y, z }) => pick(x + 10 * random.uniform(), y, z, random.uniform()));
      const far = Array.from({ length: wrong }, () =>
        pick(6000 * random.uniform(), 6000 * random.uniform(), 1800 * random.uniform(), random.uniform()),
      );
      return [run, [...near, ...far]];
    }),
  );
}
const truthOf = (runs: readonly string[]) =>
  new Map(
    runs.map((run, i) => {
      const random = randomFor(3, "truth", i);
      return [
        run,
        Array.from({ length: 30 }, () =>
          pick(6000 * random.uniform(), 6000 * random.uniform(), 1800 * random.uniform()),
        ),
      ];
    }),
  );

const truth = truthOf(["TS_1", "TS_2"]);
const pickers = [picker(truth, 0.95, 3, 1), picker(truth, 0.5, 60, 2), picker(truth, 0.5, 60, 3)];

describe("weights tried", () => {
  it.each([1, 2, 3, 4, 6, 9])("for %i pickers sum to 1, are few, and begin with equal ones", (count) => {
    const grid = weightGrid(count);
    expect(grid.length).toBeLessThanOrEqual(71);
    expect(grid[0]).toEqual(new Array(count).fill(1 / count));
    for (const weights of grid) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(new Set(grid.map(String)).size).toBe(grid.length);
    if (count > 1) expect(grid.map(String)).toContain(String([1, ...new Array(count - 1).fill(0)]));
  });
});

describe("tuning", () => {
  it("trusts the picker that is right most, and says the score that its settings get", () => {
    const tuned = tuneFusion(particle, truth, pickers, rules)!;
    expect(tuned.weights[0]).toBe(Math.max(...tuned.weights));
    const { picks } = fuseRuns(pickers, [particle], () => tuned, rules);
    expect(fbeta(countType(particle, truth, picks))).toBeCloseTo(tuned.fbeta, 12);
    const equal = fuseRuns(pickers, [particle], () => ({ weights: [1, 1, 1], threshold: null }), rules);
    expect(tuned.fbeta).toBeGreaterThan(fbeta(countType(particle, truth, equal.picks)));
  });

  it("gives each picker its own weight whatever their order", () => {
    const [a, b, c] = pickers as [(typeof pickers)[0], (typeof pickers)[0], (typeof pickers)[0]];
    const { weights, threshold, fbeta: found } = tuneFusion(particle, truth, [a, b, c], rules)!;
    const other = tuneFusion(particle, truth, [c, a, b], rules)!;
    expect([other.weights, other.threshold, other.fbeta]).toEqual([
      [weights[2], weights[0], weights[1]],
      threshold,
      found,
    ]);
  });

  it("looks at the runs of the truth it is given alone", () => {
    const one = new Map([["TS_1", truth.get("TS_1")!]]);
    const poisoned = pickers.map((picks) => new Map([...picks, ["TS_2", [pick(1, 1, 1, 1)]]] as const));
    expect(tuneFusion(particle, one, poisoned, rules)).toEqual(tuneFusion(particle, one, pickers, rules));
  });

  it("counts votes in pickers", () => {
    const twoOfThree: FusionRules = { ...rules, votes: 2 };
    const tuned = tuneFusion(particle, truth, pickers, twoOfThree)!;
    const { picks } = fuseRuns(pickers, [particle], () => tuned, twoOfThree);
    expect(fbeta(countType(particle, truth, picks))).toBeCloseTo(tuned.fbeta, 12);
    expect(tuned.weights.filter((weight) => weight > 0).length).toBeGreaterThanOrEqual(2);
  });

  it("has nothing to say where there is no particle or no pick", () => {
    expect(tuneFusion(particle, new Map([["TS_1", []]]), pickers, rules)).toBeNull();
    expect(tuneFusion(particle, truth, [new Map(), new Map()], rules)).toBeNull();
  });
});
