import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../../src/domain/particles.js";
import { angstrom } from "../../../../src/domain/units.js";
import { fbeta } from "../../../../src/score/match/fbeta.js";
import { countTable } from "../../../../src/web/studio/verdicts/counting.js";
import { createJudge } from "../../../../src/web/studio/verdicts/verdict.js";

const at = (type: string, x: number, score?: number, y = 0): ParticlePick => ({
  type,
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(0),
  ...(score === undefined ? {} : { score }),
});

/** apo-ferritin matches within 30 Å, ribosome within 75 Å. */
const truth = [at("apo-ferritin", 0), at("apo-ferritin", 200), at("apo-ferritin", 240), at("ribosome", 1000)];
const picks = [
  at("apo-ferritin", 10, 0.9),
  at("apo-ferritin", 5, 0.5),
  at("apo-ferritin", 220, 0.8),
  at("apo-ferritin", 500, 0.7),
  at("apo-ferritin", 600),
  at("virus-like-particle", 1000, 0.6),
  at("carbon", 0, 0.5),
];

describe("verdicts of one run", () => {
  const judge = createJudge(challengeParticles, truth, picks);
  const verdictsAt = (threshold: number, definition: "challenge" | "one-to-one") => {
    const { picks: judged, truths, counts, shared } = judge.verdicts("apo-ferritin", threshold, definition);
    return {
      picks: Object.fromEntries(judged.map(({ index, verdict }) => [index, verdict])),
      truths: truths.map(({ match }) => match?.index),
      counts,
      shared,
    };
  };

  test("the nearest pick found the particle, another in its reach found it again", () => {
    expect(verdictsAt(0.5, "challenge")).toEqual({
      picks: { 0: "double", 1: "true", 2: "true", 3: "false", 4: "false" },
      truths: [1, 2, 2],
      counts: { tp: 3, fp: 2, fn: 0 },
      shared: 1,
    });
  });

  test("one to one, a pick finds one particle only", () => {
    const strict = verdictsAt(0.5, "one-to-one");
    expect(strict.counts).toEqual({ tp: 2, fp: 3, fn: 1 });
    expect(strict.shared).toBe(0);
    expect(strict.truths.filter((match) => match === undefined)).toHaveLength(1);
  });

  test("the threshold is inclusive, and a pick without a score always counts", () => {
    expect(verdictsAt(0.50001, "challenge").picks).toEqual({ 0: "true", 2: "true", 3: "false", 4: "false" });
    expect(verdictsAt(2, "challenge").picks).toEqual({ 4: "false" });
  });

  test("a pick of another type finds nothing, and one of an unknown type is told apart", () => {
    expect(judge.verdicts("virus-like-particle", 0, "challenge").picks).toMatchObject([{ verdict: "false" }]);
    expect(judge.verdicts("ribosome", 0, "challenge").counts).toEqual({ tp: 0, fp: 0, fn: 1 });
    expect(judge.unknown).toEqual([picks[6]]);
  });

  test("nothing is judged again where the same picks are kept", () => {
    expect(judge.verdicts("apo-ferritin", 0.71, "challenge")).toBe(
      judge.verdicts("apo-ferritin", 0.79, "challenge"),
    );
  });

  test("the table holds the truth's types alone, and divides by all weights", () => {
    const { rows, score } = countTable(judge.steps, challengeParticles, new Map(), "challenge");
    expect(rows.map(({ type, tp, fp, fn }) => [type, tp, fp, fn])).toEqual([
      ["apo-ferritin", 3, 2, 0],
      ["ribosome", 0, 0, 1],
    ]);
    expect(score).toBe(fbeta({ tp: 3, fp: 2, fn: 0 }) / 7);
  });
});
