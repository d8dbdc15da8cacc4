import { describe, expect, test } from "vitest";
import { resolveSplits } from "../../../src/data/splits.js";
import { shareRoles } from "../../../src/train/draft/roles.js";
import type { SurveyedRun } from "../../../src/train/draft/survey.js";

const run = (name: string, ...types: string[]): SurveyedRun => ({
  name,
  picks: new Map(types.map((type) => [type, 3])),
});
const all = (count: number) =>
  Array.from({ length: count }, (_, at) => run(`TS_${String(at).padStart(2, "0")}`, "a", "b"));

describe("roles of runs", () => {
  test.each([
    [1, { train: "rest", tune: 0, holdout: 0 }],
    [2, { train: "rest", tune: 1, holdout: 0 }],
    [3, { train: "rest", tune: 1, holdout: 1 }],
    [7, { train: "rest", tune: 1, holdout: 1 }],
    [30, { train: "rest", tune: 3, holdout: 4 }],
  ])("of %d annotated runs by count", (count, splits) => {
    const roles = shareRoles(all(count), ["a", "b"]);
    expect(roles).toMatchObject({
      splits,
      learned: ["a", "b"],
      without: [],
      annotated: count,
      canFold: count > 2,
    });
    const names = all(count).map(({ name }) => name);
    expect(resolveSplits(roles.splits, names).train.length).toBeGreaterThan(0);
  });

  test("runs without picks have none, so that the others are named", () => {
    const roles = shareRoles([run("A"), ...all(3), run("Z")], ["a", "b"]);
    expect(roles.splits).toEqual({ train: ["TS_00"], tune: ["TS_01"], holdout: ["TS_02"] });
    expect(roles.canFold).toBe(false);
  });

  test("are chosen so that those trained on hold every type", () => {
    const roles = shareRoles([run("A", "a"), run("B", "a"), run("C", "a", "b"), run("D", "a")], ["a", "b"]);
    expect(roles).toMatchObject({
      splits: { train: ["C", "D"], tune: ["A"], holdout: ["B"] },
      learned: ["a", "b"],
      without: [],
    });
  });

  test("a type that cannot be trained on is left out", () => {
    const roles = shareRoles([run("A", "a"), run("B", "b")], ["a", "b", "c"]);
    expect(roles.without).toContain("c");
    expect(roles.learned.length).toBe(1);
    expect(roles.annotated).toBe(1);
  });

  test("without a pick there is no role", () => {
    expect(shareRoles([run("A")], ["a"])).toMatchObject({ annotated: 0 });
  });
});
