/** What a run says of its choices before it begins. */
import { expect, test } from "vitest";
import { choiceNotes } from "../../../src/train/prepare/prepare.js";
import { experimentWith } from "../../support/leastExperiment.js";

test.each([
  [{ train: ["A"], tune: ["B"] }, false],
  [{ train: ["A"], tune: ["B"], holdout: ["C"] }, false],
  [{ train: ["A"], tune: 1 }, true],
  [{ train: "rest", holdout: ["C"] }, true],
  [{ train: 2 }, true],
  [{ fold: 0, folds: 2 }, true],
  [{ folds: "each" }, true],
])("splits %j share out the runs that are left: %s", (splits, isShared) => {
  const experiment = experimentWith({ splits });
  const notes = choiceNotes(experiment, experiment, [{ run: "D", why: "no tomogram denoised" }]);
  expect(notes).toEqual([
    "D is left out: no tomogram denoised",
    ...(isShared ? ["the splits share out the runs that are left"] : []),
  ]);
});
