import { expect, test } from "vitest";
import { unknownTypes } from "../../../../src/web/studio/verdicts/counting.js";

test("types that score refuses are listed once, of this run and of the others", () => {
  const ofRun = { unknown: [{ type: "tail" }, { type: "tail" }] };
  expect(unknownTypes(ofRun, undefined)).toEqual(["tail"]);
  expect(unknownTypes(ofRun, { unknown: ["tail", "body"] })).toEqual(["body", "tail"]);
});
