import { describe, expect, test } from "vitest";
import { challengeParticles } from "../../../../src/domain/particles.js";
import { angstrom } from "../../../../src/domain/units.js";
import type { StudioPick } from "../../../../src/studio/picks/answer.js";
import { differenceOf } from "../../../../src/web/studio/verdicts/differences.js";
import {
  falseItems,
  itemsOfOne,
  itemsOfTwo,
  kinds,
  kindsOfOne,
  markOf,
  missItems,
} from "../../../../src/web/studio/verdicts/items.js";
import { createJudge } from "../../../../src/web/studio/verdicts/verdict.js";
import { worstFalsePicks, worstMisses } from "../../../../src/web/studio/verdicts/worst.js";

const at = (x: number, score?: number, further?: StudioPick["further"]): StudioPick => ({
  type: "apo-ferritin",
  x: angstrom(x),
  y: angstrom(0),
  z: angstrom(0),
  ...(score === undefined ? {} : { score }),
  ...(further ? { further } : {}),
});
const truth = [at(0), at(1000)];
const picks = [at(3, 0.75, [12.5, "cytosol"]), at(-4, 0.5, [null, ""]), at(500, 0.25, [1, "ER"])];
const columns = ["membrane_distance", "lies_in"];
const judgedOf = (set: readonly StudioPick[]) => {
  const judge = createJudge(challengeParticles, truth, set);
  return challengeParticles.map(({ name }) => judge.verdicts(name, 0, "challenge"));
};

describe("items of one set", () => {
  const items = itemsOfOne(judgedOf(picks), columns);

  test("are its picks and the particles that it missed", () => {
    expect(items.map(({ id, kind }) => [id, kind])).toEqual([
      ["t1", "missed"],
      ["a0", "true"],
      ["a1", "double"],
      ["a2", "false"],
    ]);
  });

  test("say score, displacement and further columns, without what is absent", () => {
    expect(items.map((item) => item.facts())).toEqual([
      [],
      [
        ["score", "0.75"],
        ["displacement", "3.0 Å (x 3.0, y 0.0, z 0.0)"],
        ["membrane_distance", "12.5"],
        ["lies_in", "cytosol"],
      ],
      [
        ["score", "0.5"],
        ["displacement", "4.0 Å (x -4.0, y 0.0, z 0.0)"],
      ],
      [
        ["score", "0.25"],
        ["membrane_distance", "1"],
        ["lies_in", "ER"],
      ],
    ]);
    const mark = markOf(items[2]!, { colour: "white", radius: 60 }, true);
    expect(mark).toMatchObject({ id: "a1", x: -4, shape: "diamond", radius: 60, isChosen: true });
    expect(mark.label).toBe(
      "apo-ferritin: found again, score 0.5, displacement 4.0 Å (x -4.0, y 0.0, z 0.0)",
    );
  });

  test("with an orientation say where their z axis points", () => {
    const turned = { ...at(3), rotation: [0, 0, 1, 0, 1, 0, -1, 0, 0] };
    const [, item] = itemsOfOne(judgedOf([turned]), []);
    expect(markOf(item!, { colour: "white", radius: 60 }, false).direction).toEqual([1, 0, 0]);
    expect(markOf(items[1]!, { colour: "white", radius: 60 }, false)).not.toHaveProperty("direction");
  });

  test("have a shape for each kind", () => {
    expect(new Set(kindsOfOne.map((kind) => kinds[kind].shape)).size).toBe(kindsOfOne.length);
  });

  test("as rows say what is near", () => {
    const [miss] = missItems(worstMisses(judgedOf(picks), picks));
    expect(miss!.facts()).toEqual([
      ["nearest pick", "500.0 Å"],
      ["its score", "0.25"],
    ]);
    const rows = falseItems(worstFalsePicks(judgedOf(picks), truth), columns);
    expect(rows.map(({ id, kind }) => [id, kind])).toEqual([
      ["a1", "double"],
      ["a2", "false"],
    ]);
    expect(rows[1]!.facts()).toContainEqual(["nearest particle", "apo-ferritin, 500.0 Å"]);
  });
});

describe("items of two sets", () => {
  test("say who found what, and how far off", () => {
    const [a, b] = [judgedOf(picks), judgedOf([at(1002, 0.9), at(520, 0.9), at(700, 0.9)])];
    const differences = a.map((each, i) => differenceOf(each, b[i]!));
    const items = itemsOfTwo(differences, { a: columns, b: [] });
    expect(items.map(({ id, kind }) => [id, kind])).toEqual([
      ["t0", "onlyA"],
      ["t1", "onlyB"],
      ["a2", "falseBoth"],
      ["b1", "falseBoth"],
      ["b2", "falseB"],
    ]);
    expect(items[0]!.facts()).toEqual([
      ["A", "3.0 Å (x 3.0, y 0.0, z 0.0)"],
      ["B", "missed"],
    ]);
    expect(items[3]!.facts()).toEqual([
      ["set", "B"],
      ["score", "0.9"],
    ]);
  });
});
