import { expect, test } from "vitest";
import { commonReference } from "../../../src/train/checkpoint/commonReference.js";

const flat = { width: 0.01, power: [1, 4] };
const paths = ["a", "b"];

test("several checkpoints give tomograms the mean of their spectra, or none where none has one", () => {
  expect(commonReference(paths, [{}, {}])).toEqual({});
  expect(commonReference(["a"], [{ reference: flat }])).toEqual({ reference: flat });
  const other = { width: 0.01, power: [4, 9] };
  const { reference } = commonReference(paths, [{ reference: flat }, { reference: other }]);
  expect(reference!.power).toEqual([expect.closeTo(2, 9), expect.closeTo(6, 9)]);
});

test("checkpoints of both kinds are refused", () => {
  expect(() => commonReference(paths, [{}, { reference: flat }])).toThrow(
    /^b: gives tomograms .* a does not/,
  );
});
