/** What a run says of its choices before it begins. */
import { expect, test } from "vitest";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { choiceNotes } from "../../../src/train/run/prepare.js";

const experimentOf = (splits: unknown) =>
  checkExperiment(
    { name: "a", network: "baseline", splits, loss: [{ kind: "crossEntropy" }], budget: "1 step" },
    "a.yaml",
  );

test.each([
  [{ train: ["A"], tune: ["B"] }, false],
  [{ train: ["A"], tune: ["B"], holdout: ["C"] }, false],
  [{ train: ["A"], tune: 1 }, true],
  [{ train: "rest", holdout: ["C"] }, true],
  [{ train: 2 }, true],
  [{ fold: 0, folds: 2 }, true],
  [{ folds: "each" }, true],
])("splits %j share out the runs that are left: %s", (splits, isShared) => {
  const experiment = experimentOf(splits);
  const notes = choiceNotes(experiment, experiment, [{ run: "D", why: "no tomogram denoised" }]);
  expect(notes).toEqual([
    "D is left out: no tomogram denoised",
    ...(isShared ? ["the splits share out the runs that are left"] : []),
  ]);
});
