import { expect, test } from "vitest";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentNameOf } from "../../../src/train/experiment/experimentName.js";
import { leastExperiment } from "../../support/leastExperiment.js";

test.each([
  ["Membrane", "-of-ais", "Membrane-of-ais"],
  ["my membrane", "", "my-membrane"],
  ["膜", "-of-ais", "a-of-ais"],
  ["", "", "a"],
  [".hidden.", "", "ahidden"],
  ["m".repeat(80), "-of-ais", `${"m".repeat(57)}-of-ais`],
  [`${"m".repeat(63)}.x`, "", "m".repeat(63)],
])("%j with %j becomes a name that experiments take", (text, end, name) => {
  expect(experimentNameOf(text, end)).toBe(name);
  expect(checkExperiment({ ...leastExperiment, name }, "made.yaml").name).toBe(name);
});
