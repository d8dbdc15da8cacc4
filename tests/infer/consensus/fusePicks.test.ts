import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { fusePicks, type Voter } from "../../../src/infer/consensus/fusePicks.js";
import fc from "../../support/properties.js";

type Row = readonly [x: number, y: number, z: number, score: number | null];
type FusedRow = [x: number, y: number, z: number, score: number, pickers: number, votes: number];

const picksOf = (rows: readonly Row[]): ParticlePick[] =>
  rows.map(([x, y, z, score]) => ({
    type: "ribosome",
    x: angstrom(x),
    y: angstrom(y),
    z: angstrom(z),
    ...(score === null ? {} : { score }),
  }));
const voter = (rows: readonly Row[], weight = 1): Voter => ({ picks: picksOf(rows), weight });
const rowsOf = (voters: readonly Voter[], distance: number): FusedRow[] =>
  fusePicks("ribosome", voters, distance).map(({ x, y, z, score, pickers, votes }) => [
    x,
    y,
    z,
    score,
    pickers,
    votes,
  ]);

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/fusion/fusion.json", import.meta.url), "utf8"),
) as { distance: number; weights: number[]; pickers: Row[][]; fused: FusedRow[] }[];

test.each(cases.map((each, i) => [i, each] as const))(
  "case %i is what NumPy makes of it, every pick measured against every group",
  (_, { distance, weights, pickers, fused }) => {
    const found = rowsOf(
      pickers.map((rows, i) => voter(rows, weights[i])),
      distance,
    );
    expect(found.length).toBe(fused.length);
    for (const [i, row] of fused.entries())
      for (const [column, value] of row.entries()) expect(found[i]![column]).toBeCloseTo(value, 9);
  },
);

describe("groups", () => {
  it("weigh places by weight and score, and scores by the weights of all pickers", () => {
    const voters = [voter([[0, 0, 0, 0.8]], 2), voter([[10, 0, 0, 0.4]]), voter([])];
    const [x, y, z, ...rest] = rowsOf(voters, 30)[0]!;
    expect([x, y, z]).toEqual([(10 * 0.4) / 2, 0, 0]);
    expect(rest).toEqual([expect.closeTo((2 * 0.8 + 0.4) / 4, 12), 2, 3]);
  });

  it("reach exactly the distance and no farther", () => {
    expect(rowsOf([voter([[0, 0, 0, 1]]), voter([[30, 0, 0, 0.5]])], 30).length).toBe(1);
    expect(rowsOf([voter([[0, 0, 0, 1]]), voter([[30.001, 0, 0, 0.5]])], 30).length).toBe(2);
  });

  it("take the nearest of two, and only one pick of a picker", () => {
    const two = voter([
      [0, 0, 0, 0.9],
      [25, 0, 0, 0.8],
    ]);
    const found = rowsOf([two, voter([[20, 0, 0, 0.5]])], 30);
    expect(found.map(([x, , , , pickers]) => [Math.round(x), pickers])).toEqual([
      [23, 2],
      [0, 1],
    ]);
  });

  it("of scores of 0 lie in the plain middle", () => {
    expect(rowsOf([voter([[0, 0, 0, 0]]), voter([[10, 0, 0, 0]])], 30)).toEqual([[5, 0, 0, 0, 2, 2]]);
  });

  it("know nothing of a picker that weighs nothing", () => {
    const one = [voter([[0, 0, 0, 0.5]])];
    expect(rowsOf([...one, voter([[5, 0, 0, 1]], 0)], 30)).toEqual(rowsOf(one, 30));
  });
});

const coordinate = fc.oneof(
  fc.integer({ min: -3, max: 12 }).map((i) => i * 10 + 0),
  fc.double({ min: -30, max: 120, noNaN: true }).map((value) => value + 0),
);
const score = fc.oneof(fc.constantFrom(null, 0, 0.5, 1), fc.double({ min: 1e-9, max: 1, noNaN: true }));
const rows = fc.array(fc.tuple(coordinate, coordinate, coordinate, score), { maxLength: 25 });
const weight = fc.constantFrom(0.5, 1, 1, 1, 2, 0.3);
const voters = fc.array(fc.record({ rows, weight }), { minLength: 1, maxLength: 4 });
const distance = fc.constantFrom(10, 30, 65);

const sorted = (list: readonly Row[]): (readonly number[])[] =>
  list
    .map(([x, y, z, given]) => [x, y, z, given ?? 1] as const)
    .sort((a, b) => b[3] - a[3] || a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);

describe("for any picks", () => {
  test("a lone picker's stay as they are, to the bit, whatever it weighs", () => {
    fc.assert(
      fc.property(rows, weight, distance, (list, own, reach) => {
        const found = rowsOf([voter(list, own)], reach).map((row) => row.slice(0, 4));
        expect(found).toEqual(sorted(list));
      }),
    );
  });

  test("two copies are the picker itself, to the bit", () => {
    fc.assert(
      fc.property(rows, distance, (list, reach) => {
        const twice = rowsOf([voter(list), voter(list)], reach);
        expect(twice.map((row) => row.slice(0, 4))).toEqual(
          rowsOf([voter(list)], reach).map((row) => row.slice(0, 4)),
        );
        expect(twice.every(([, , , , pickers]) => pickers === 2)).toBe(true);
      }),
    );
  });

  test("neither the order of the pickers nor that of their picks changes a bit", () => {
    const shuffled = voters.chain((list) =>
      fc.record({
        list: fc.constant(list),
        other: fc
          .shuffledSubarray(list, { minLength: list.length })
          .chain((others) =>
            fc.tuple(
              ...others.map((each) =>
                fc
                  .shuffledSubarray(each.rows, { minLength: each.rows.length })
                  .map((mixed) => ({ ...each, rows: mixed })),
              ),
            ),
          ),
      }),
    );
    fc.assert(
      fc.property(shuffled, distance, ({ list, other }, reach) => {
        const fuse = (all: readonly { rows: readonly Row[]; weight: number }[]) =>
          rowsOf(
            all.map((each) => voter(each.rows, each.weight)),
            reach,
          );
        expect(fuse(other)).toEqual(fuse(list));
      }),
      { numRuns: 300 },
    );
  });

  test("every pick is in one group, and scores stay within those of the pickers", () => {
    fc.assert(
      fc.property(voters, distance, (list, reach) => {
        const found = rowsOf(
          list.map((each) => voter(each.rows, each.weight)),
          reach,
        );
        const picks = list.flatMap((each) => each.rows);
        expect(found.reduce((sum, row) => sum + row[4], 0)).toBe(picks.length);
        const greatest = Math.max(0, ...picks.map(([, , , given]) => given ?? 1));
        for (const row of found) expect(row[3]).toBeLessThanOrEqual(greatest + 1e-12);
      }),
    );
  });
});

test("forty thousand picks of four pickers are the ten thousand that all four see", () => {
  const count = 10_000;
  const lists = [1, 2, 3, 4].map((picker) =>
    voter(
      Array.from({ length: count }, (_, i) => [
        (i % 100) * 100 + picker,
        (Math.floor(i / 100) % 100) * 100,
        Math.floor(i / 10_000) * 100,
        ((i * 7919) % 1000) / 1000,
      ]),
    ),
  );
  const found = fusePicks("ribosome", lists, 30);
  expect(found.length).toBe(count);
  expect(found.every(({ pickers }) => pickers === 4)).toBe(true);
});
