import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../../src/domain/particles.js";
import { angstrom } from "../../../../src/domain/units.js";
import { differenceOf } from "../../../../src/web/studio/verdicts/differences.js";
import { createJudge } from "../../../../src/web/studio/verdicts/verdict.js";
import { worstFalsePicks, worstMisses } from "../../../../src/web/studio/verdicts/worst.js";

const at = (type: string, x: number, score?: number): ParticlePick => ({
  type,
  x: angstrom(x),
  y: angstrom(0),
  z: angstrom(0),
  ...(score === undefined ? {} : { score }),
});
const apo = (x: number, score?: number) => at("apo-ferritin", x, score);
const ribosome = (x: number, score?: number) => at("ribosome", x, score);

const judgedAt = (truth: readonly ParticlePick[], picks: readonly ParticlePick[], threshold = 0.5) => {
  const judge = createJudge(challengeParticles, truth, picks);
  return challengeParticles.map(({ name }) => judge.verdicts(name, threshold, "challenge"));
};

describe("the worst misses", () => {
  const truth = [apo(0), apo(1000), apo(2000), apo(3000), apo(4000), ribosome(9000)];
  const picks = [apo(5, 0.9), apo(1010, 0.4), apo(2001, 0.1), apo(1999, 0.2), apo(3100, 0.9), apo(4400, 0.9)];

  test("are those that no threshold finds, the farthest first, then those found at the lowest thresholds", () => {
    const misses = worstMisses(judgedAt(truth, [...picks, ribosome(4050, 0.8)]), [
      ...picks,
      ribosome(4050, 0.8),
    ]);
    expect(
      misses.map(({ place, nearest }) => [place.x, nearest?.distance ?? null, nearest?.pick.score]),
    ).toEqual([
      [9000, 4950, 0.8],
      [4000, 400, 0.9],
      [3000, 100, 0.9],
      [2000, 1, 0.2],
      [1000, 10, 0.4],
    ]);
    expect(misses.map(({ taken }) => taken?.pick.type ?? null)).toEqual([null, "ribosome", null, null, null]);
  });

  test("begin with types of which nothing was picked", () => {
    expect(worstMisses(judgedAt(truth, picks), picks)[0]).toMatchObject({ type: "ribosome", nearest: null });
  });
});

describe("the worst false picks", () => {
  test("are the surest, each with the nearest particle of any type", () => {
    const truth = [apo(0), ribosome(500)];
    const picks = [
      apo(2, 0.9),
      apo(6, 0.95),
      apo(490, 0.7),
      ribosome(0, 0.8),
      apo(900),
      apo(700),
      apo(800, 0.1),
    ];
    const listed = worstFalsePicks(judgedAt(truth, picks), truth).map(({ index, verdict, nearest }) => [
      index,
      verdict,
      nearest?.truth.type,
      nearest?.distance,
    ]);
    expect(listed).toEqual([
      [4, "false", "ribosome", 400],
      [5, "false", "ribosome", 200],
      [1, "double", "apo-ferritin", 6],
      [3, "false", "apo-ferritin", 0],
      [2, "false", "ribosome", 10],
    ]);
  });
});

describe("two sets side by side", () => {
  const truth = [apo(0), apo(1000), apo(2000), apo(3000)];
  const a = [apo(3, 0.9), apo(1010, 0.9), apo(5000, 0.9), apo(6000, 0.9), apo(2, 0.8)];
  const b = [apo(-4, 0.9), apo(2001, 0.9), apo(5030, 0.9), apo(6030.5, 0.9), apo(7000, 0.9)];

  test("say what both found, one alone and neither, with displacements", () => {
    const [ofApo] = judgedAt(truth, a);
    const [other] = judgedAt(truth, b);
    const { truths, falsePicks, counts } = differenceOf(ofApo!, other!);
    expect(truths.map(({ whose }) => whose)).toEqual(["both", "A", "B", "neither"]);
    expect(truths[0]).toMatchObject({ a: { dx: 2, distance: 2 }, b: { dx: -4, distance: 4 } });
    expect(falsePicks.map(({ of, index, whose }) => [of, index, whose])).toEqual([
      ["A", 2, "both"],
      ["A", 3, "A"],
      ["B", 2, "both"],
      ["B", 3, "B"],
      ["B", 4, "B"],
    ]);
    expect(counts).toEqual({
      type: "apo-ferritin",
      truths: { both: 1, A: 1, B: 1, neither: 1 },
      falsePicks: { both: 1, A: 1, B: 2 },
    });
  });
});
