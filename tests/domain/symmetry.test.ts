import { expect, test } from "vitest";
import { rotate } from "../../src/data/simulate/rotation.js";
import { asymmetric, dihedral2, symmetryOf } from "../../src/domain/symmetry.js";

test.each([
  ["D2 by its axes", dihedral2(), 4],
  ["none", asymmetric.group, 1],
  ["C1", symmetryOf("C1").group, 1],
  ["C7", symmetryOf("C7").group, 7],
  ["D2", symmetryOf("D2").group, 4],
  ["D5", symmetryOf("D5").group, 10],
  ["T", symmetryOf("T").group, 12],
  ["O", symmetryOf("O").group, 24],
  ["I", symmetryOf("I").group, 60],
] as const)("%s has its order and moves a point to as many places", (_, group, order) => {
  expect(group).toHaveLength(order);
  const places = new Set(
    group.map((turn) =>
      rotate(turn, [0.3, 1.1, 2.3])
        .map((v) => v.toFixed(6))
        .join(),
    ),
  );
  expect(places.size).toBe(order);
});

test("a particle without symmetry is of C1", () => {
  expect(asymmetric).toEqual(symmetryOf("C1"));
});

test.each(["D1", "Q", "", "C0", "C100"])("an unknown symmetry %j is refused", (name) => {
  expect(() => symmetryOf(name)).toThrow(`--symmetry is ${name}, wanted C1 to C99`);
});
