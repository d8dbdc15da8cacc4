import { expect, test } from "vitest";
import { rotationAbout } from "../../../../src/domain/rotation.js";
import { markOf } from "../../../../src/web/studio/look/droppedMarks.js";

test("a position's mark has its particle's size, says what it is, and points as its rotation turns z", () => {
  const rotation = rotationAbout([0, 1, 0], 90);
  const particle = { radius: 130, colour: [0, 200, 0] } as const;
  const mark = markOf(
    { type: "ribosome", x: 1, y: 2, z: 3, score: 0.123456, rotation },
    4,
    "a.star",
    particle,
  );
  expect(mark).toMatchObject({ id: "a.star 4", x: 1, y: 2, z: 3, radius: 130 });
  expect(mark.label).toBe("ribosome of a.star, score 0.1235");
  for (const [axis, value] of [1, 0, 0].entries()) expect(mark.direction![axis]).toBeCloseTo(value, 9);
  const plain = markOf({ type: "x", x: 0, y: 0, z: 0 }, 0, "b.csv");
  expect(plain.direction).toBeUndefined();
  expect(plain.radius).toBeGreaterThan(0);
});
