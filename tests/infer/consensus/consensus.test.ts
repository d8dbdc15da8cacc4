import { describe, expect, it, test } from "vitest";
import type { Particle, ParticlePick } from "../../../src/domain/particles.js";
import { rotationAbout } from "../../../src/domain/rotation.js";
import { symmetryOf } from "../../../src/domain/symmetry.js";
import { angstrom } from "../../../src/domain/units.js";
import { agreementOf } from "../../../src/infer/consensus/agreement.js";
import { joinDuplicates } from "../../../src/infer/consensus/duplicates.js";
import { fusePickers } from "../../../src/infer/consensus/fusePickers.js";
import type { FusionRules } from "../../../src/infer/consensus/fuseRuns.js";
import { lookingAtAll, type Picker, withoutDuplicates } from "../../../src/infer/consensus/pickers.js";
import { notSeenBy, removePicks } from "../../../src/infer/consensus/removal.js";
import fc from "../../support/properties.js";

const vault: Particle = { name: "vault", radius: angstrom(12), weight: 1, colour: [0, 0, 0] };
const ring: Particle = { name: "ring", radius: angstrom(20), weight: 1, colour: [0, 0, 0] };

interface Spot {
  readonly type?: string;
  readonly x: number;
  readonly y?: number;
  readonly score?: number | undefined;
  readonly turn?: number | undefined;
}
const pickOf = ({ type = "vault", x, y = 0, score, turn }: Spot): ParticlePick => ({
  ...{ type, x: angstrom(x), y: angstrom(y), z: angstrom(0) },
  ...(score === undefined ? {} : { score }),
  ...(turn === undefined ? {} : { rotation: rotationAbout([1, 2, 0.5], turn) }),
});
const pickerOf = (path: string, runs: Readonly<Record<string, readonly Spot[]>>): Picker => {
  const picks = new Map(Object.entries(runs).map(([run, list]) => [run, list.map(pickOf)]));
  const count = [...picks.values()].flat().length;
  return { path, picks, count, greatestScore: null, stray: [] };
};
/** A picker of one run at these x. */
const at = (path: string, ...xs: number[]): Picker => pickerOf(path, { T: xs.map((x) => ({ x })) });
const plain: FusionRules = { radius: 0.5, votes: null, byWeight: false };
const fused = (
  pickers: readonly Picker[],
  rules: Partial<FusionRules> = {},
  weights = pickers.map(() => 1),
) => fusePickers(pickers, [vault, ring], { weights, rules: { ...plain, ...rules }, tune: null });
const xsOf = (pickers: readonly Picker[], rules: Partial<FusionRules> = {}): number[][] =>
  [...fused(pickers, rules).picks.values()].map((list) =>
    list.map(({ x }) => Math.round(x * 1e4) / 1e4).sort((a, b) => a - b),
  );

/** All orders of a list. */
const orders = <Item>(list: readonly Item[]): Item[][] =>
  list.length < 2
    ? [[...list]]
    : list.flatMap((item, i) => orders(list.toSpliced(i, 1)).map((rest) => [item, ...rest]));

describe("the examples of Scipion's consensus, at 6 Å, in every order of the pickers", () => {
  const [a, b, c] = [at("a", 0, 20), at("b", 4, 24), at("c", 7, 50)];

  test.each([
    ["any", null, false, [3.6667, 22, 50]],
    ["all", "all", false, [3.6667]],
    ["2", 2, false, [3.6667, 22]],
    ["1", 1, false, [3.6667, 22, 50]],
    ["=2", 2, true, [22]],
    ["=1", 1, true, [50]],
    ["=3", 3, true, [3.6667]],
  ] as const)("--votes %s", (_, votes, isExact, wanted) => {
    for (const pickers of orders([a, b, c]))
      expect(xsOf(pickers, { distance: 6, votes, isExact })).toEqual([wanted]);
  });

  test("what pickers share is 0.5 to 1 of 3 particles, never 1.5", () => {
    const { overall } = fused([a, b, c], { distance: 6 }).report.agreement!;
    expect(overall.matched).toEqual([
      [2, 2, 0],
      [2, 2, 1],
      [0, 1, 2],
    ]);
    expect(overall.jaccard).toEqual([
      [1, 1, 0],
      [1, 1, 1 / 3],
      [0, 1 / 3, 1],
    ]);
    expect(overall.shared[1]).toEqual([1, 1, 0.5]);
  });

  test("a picker has one vote: two of its picks 3 Å apart stay two that one saw", () => {
    const pickers = [at("p", 100), at("q", 0, 3)];
    expect(xsOf(pickers, { distance: 5 })).toEqual([[0, 3, 100]]);
    expect(xsOf(pickers, { distance: 5, votes: "all" })).toEqual([[]]);
  });

  test("picks 4 Å apart become 2, exactly 5 Å apart too, as the scorer's distance is inclusive; farther ones do not", () => {
    expect(xsOf([at("p", 0), at("q", 4)], { distance: 5 })).toEqual([[2]]);
    expect(xsOf([at("p", 0), at("q", 5)], { distance: 5 })).toEqual([[2.5]]);
    expect(xsOf([at("p", 0), at("q", 5.001)], { distance: 5 })).toEqual([[0, 5.001]]);
  });

  test("duplicates 0, 4, 8, 30 are 2, 8, 30 in every order of the picks", () => {
    for (const list of orders([0, 4, 8, 30]))
      expect(
        joinDuplicates(
          list.map((x) => pickOf({ x })),
          5,
        ).map(({ x }) => x),
      ).toEqual([2, 8, 30]);
  });
});

describe("runs that not all looked at", () => {
  const both = pickerOf("both", { T: [{ x: 0 }], U: [{ x: 0, score: 0.6 }] });
  const one = pickerOf("one", { T: [{ x: 2 }] });
  const empty = pickerOf("empty", { T: [{ x: 2 }], U: [] });

  test("an absent picker has no vote against, and lowers no score", () => {
    const { picks } = fused([both, one], { votes: "all" });
    expect(picks.get("T")).toMatchObject([{ x: 1, votes: 2 }]);
    expect(picks.get("U")).toMatchObject([{ x: 0, score: 0.6, votes: 1, byPicker: [0.6, null] }]);
    expect(fused([both, one], { votes: 2 }).picks.get("U")).toEqual([]);
  });

  test("one that looked and saw nothing has", () => {
    expect(fused([both, empty], { votes: "all" }).picks.get("U")).toEqual([]);
    expect(fused([both, empty]).picks.get("U")).toMatchObject([{ score: 0.3 }]);
    expect(fused(lookingAtAll([both, one])).picks).toEqual(fused([both, empty]).picks);
  });

  test("agreement counts only what both looked at", () => {
    expect(fused([both, one]).report.agreement!.overall.jaccard[0]).toEqual([1, 1]);
    expect(fused([both, empty]).report.agreement!.overall.jaccard[0]).toEqual([1, 0.5]);
  });

  test("pickers that saw nothing at all are no error", () => {
    const nothing = [pickerOf("a", { T: [] }), pickerOf("b", { T: [] })];
    const { picks, report } = fused(nothing, { votes: "all" });
    expect(picks).toEqual(new Map([["T", []]]));
    expect(report.agreement!.overall.jaccard).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});

test.each([
  ["share", (2 * 0.9 + 0.3) / 4],
  ["mean", (2 * 0.9 + 0.3) / 3],
  ["max", 0.9],
  ["min", 0.3],
  ["sum", 2 * 0.9 + 0.3],
] as const)("--scores %s of 0.9 that weighs 2, 0.3, and one that saw nothing", (scores, wanted) => {
  const pickers = [
    pickerOf("a", { T: [{ x: 0, score: 0.9 }] }),
    pickerOf("b", { T: [{ x: 2, score: 0.3 }] }),
    pickerOf("c", { T: [] }),
  ];
  const [pick] = fused(pickers, { scores, byWeight: true }, [2, 1, 1]).picks.get("T")!;
  expect(pick!.score).toBeCloseTo(wanted, 12);
  expect(pick).toMatchObject({ votes: 2, byPicker: [0.9, 0.3, null] });
});

describe("orientations", () => {
  const turned = (turn: number, score?: number) =>
    pickerOf(`by ${turn}`, { T: [{ x: 0, turn, ...(score === undefined ? {} : { score }) }] });

  test("of what two saw are their mean by score, and how far they were from it is told", () => {
    const { picks, report } = fused([turned(0), turned(40)]);
    for (const [i, part] of rotationAbout([1, 2, 0.5], 20).entries())
      expect(picks.get("T")![0]!.rotation![i]).toBeCloseTo(part, 12);
    expect(report.types[0]!.turn).toBeCloseTo(20, 6);
    const uneven = fused([turned(0, 1), turned(40, 0)]).picks.get("T")![0]!.rotation!;
    for (const [i, part] of rotationAbout([1, 2, 0.5], 0).entries()) expect(uneven[i]).toBeCloseTo(part, 12);
  });

  test("of one that saw it alone, or of whom alone has one, stay to the bit", () => {
    const [one, other] = [turned(33), pickerOf("plain", { T: [{ x: 1 }] })];
    const { rotation } = one.picks.get("T")![0]!;
    expect(fused([one, other]).picks.get("T")![0]!.rotation).toBe(rotation);
    expect(fused([one, other]).report.types[0]!.turn).toBeNull();
  });
});

describe("duplicates", () => {
  it("keep the best one's score, and lie in the middle by score", () => {
    const [pick] = joinDuplicates([pickOf({ x: 0, score: 0.25 }), pickOf({ x: 4, score: 0.75 })], 5);
    expect(pick).toMatchObject({ x: 3, score: 0.75 });
  });

  it("of other types and runs are none", () => {
    const picker = pickerOf("a", { T: [{ x: 0 }, { x: 1, type: "ring" }], U: [{ x: 2 }] });
    const cleaned = withoutDuplicates(
      picker,
      [vault, ring],
      () => 5,
      () => undefined,
    );
    expect([cleaned.count, [...cleaned.picks.values()].map(({ length }) => length)]).toEqual([3, [2, 1]]);
  });
});

test("what another saw, within the distance of the type, is removed and counted", async () => {
  const mine = fused([
    pickerOf("a", { T: [{ x: 0 }, { x: 30 }, { x: 60, type: "ring" }], U: [{ x: 0 }] }),
  ]).picks;
  const other = pickerOf("b", { T: [{ x: 6 }, { x: 37 }, { x: 50, type: "ring" }] });
  const { picks, removed } = await removePicks(mine, async (run) => [
    notSeenBy(other, run, [vault, ring], ({ radius }) => 0.5 * radius),
  ]);
  expect([...picks].map(([run, list]) => [run, list.map(({ x }) => x)])).toEqual([
    ["T", [30]],
    ["U", [0]],
  ]);
  expect(removed).toEqual([{ run: "T", reason: "seen by b", picks: 2 }]);
});

const spot = fc.record({
  type: fc.constantFrom("vault", "ring"),
  x: fc.integer({ min: 0, max: 12 }).map((i) => 4 * i),
  y: fc.integer({ min: 0, max: 2 }).map((i) => 3.5 * i),
  score: fc.constantFrom(undefined, 0, 0.5, 0.5, 0.9),
  turn: fc.constantFrom(undefined, 0, 30, 200),
});
const runs = fc.record(
  { T: fc.array(spot, { maxLength: 12 }), U: fc.array(spot, { maxLength: 6 }) },
  { requiredKeys: [] },
);
const shuffledRuns = runs.chain((given) =>
  fc.record({
    given: fc.constant(given),
    mixed: fc.record(
      Object.fromEntries(
        Object.entries(given)
          .reverse()
          .map(([run, list]) => [run, fc.shuffledSubarray(list, { minLength: list.length })]),
      ),
    ),
  }),
);
const task = fc
  .array(fc.tuple(shuffledRuns, fc.constantFrom(1, 1, 2, 0.5)), { minLength: 2, maxLength: 4 })
  .chain((list) =>
    fc.record({
      list: fc.constant(list.map((entry, i) => [...entry, `p${i}`] as const)),
      order: fc.shuffledSubarray(
        list.map((_, i) => i),
        { minLength: list.length },
      ),
    }),
  );
const someRules = fc.record({
  radius: fc.constantFrom(0.5, 1),
  votes: fc.constantFrom(null, "all" as const, 1, 2),
  isExact: fc.boolean(),
  byWeight: fc.boolean(),
  scores: fc.constantFrom("share" as const, "mean" as const, "max" as const, "sum" as const),
});

test("no order of pickers, of their runs or of their picks changes a bit of picks, scores by picker or agreement", () => {
  const answer = (pickers: readonly Picker[], rules: FusionRules, weights: readonly number[]) => {
    const cleaned = pickers.map((picker) =>
      withoutDuplicates(
        picker,
        [vault],
        () => 4,
        () => symmetryOf("C3"),
      ),
    );
    return [pickers, cleaned].map((list) => {
      const { picks, report } = fusePickers(list, [vault, ring], {
        ...{ weights, rules, symmetryOf: () => symmetryOf("D2"), tune: null },
      });
      const names = list.map(({ path }) => path);
      const byName = [...picks].map(([run, kept]) => [
        run,
        kept.map(({ byPicker, ...pick }) => ({
          ...pick,
          byPicker: Object.fromEntries(names.map((name, i) => [name, byPicker[i]])),
        })),
      ]);
      const { overall } = report.agreement!;
      const pairs = names.flatMap((one, i) =>
        names.map((other, j) => [`${one}/${other}`, overall.jaccard[i]![j], overall.shared[i]![j]] as const),
      );
      return {
        byName,
        pairs: pairs.sort(([a], [b]) => (a < b ? -1 : 1)),
        kept: report.types.map((type) => [type.type, type.kept, type.turn, [...type.picked].sort()]),
      };
    });
  };
  fc.assert(
    fc.property(task, someRules, ({ list, order }, rules) => {
      fc.pre(list.some(([{ given }]) => Object.keys(given).length > 0));
      const ordered = list.map(([{ given }, , name]) => pickerOf(name, given));
      const mixed = order.map((i) => pickerOf(list[i]![2], list[i]![0].mixed));
      const weights = list.map(([, weight]) => weight);
      const one = answer(ordered, rules, weights);
      const other = answer(
        mixed,
        rules,
        order.map((i) => weights[i]!),
      );
      expect(other).toEqual(one);
    }),
    { numRuns: 300 },
  );
});

test("Jaccard is symmetric, 0 to 1, and 1 of a picker and itself", () => {
  fc.assert(
    fc.property(runs, runs, fc.constantFrom(4, 9), (one, other, distance) => {
      const pickers = [pickerOf("a", one).picks, pickerOf("b", other).picks, pickerOf("c", one).picks];
      const { overall, types } = agreementOf(pickers, [vault, ring], () => distance);
      for (const { jaccard, matched } of [overall, ...types]) {
        for (const table of [matched, jaccard])
          expect(table).toEqual(table.map((_, i) => table.map((row) => row[i])));
        for (const value of jaccard.flat())
          expect(value === null || (value >= 0 && value <= 1), String(value)).toBe(true);
        expect([null, 1]).toContain(jaccard[0]![2]);
      }
    }),
  );
});

test("after joining no two picks are within the distance, and joining again changes nothing", () => {
  fc.assert(
    fc.property(fc.array(spot, { maxLength: 30 }), fc.constantFrom(4, 9), (spots, distance) => {
      const once = joinDuplicates(
        spots.map((each) => pickOf({ ...each, type: "vault" })),
        distance,
      );
      for (const [i, a] of once.entries())
        for (const b of once.slice(i + 1))
          expect(Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z)).toBeGreaterThan(distance);
      expect(joinDuplicates(once, distance)).toEqual(once);
    }),
  );
});
