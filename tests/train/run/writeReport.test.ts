/** What a run reports of its held-out runs. */
import { expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { scoreInterval } from "../../../src/score/statistics/interval.js";
import { writeReport } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { experimentWith } from "../../support/leastExperiment.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

test("the interval is the leaderboard's, whatever the experiment's seed", async () => {
  const at = (x: number): ParticlePick => ({
    type: "ribosome",
    x: angstrom(x),
    y: angstrom(0),
    z: angstrom(0),
  });
  const truth = new Map(["A", "B", "C"].map((run) => [run, [at(0), at(900), at(1800)]]));
  const picks = new Map([
    ["A", [at(0), at(900)]],
    ["B", [at(1800)]],
  ]);
  for (const seed of [0, 7]) {
    const experiment = experimentWith({ seed });
    const dataset = { ...{ root: "", overlayRoot: "", roots: [], runs: [] }, particles: challengeParticles };
    const report = await writeReport({ experiment, dataset }, runFolder(temporaryFolder()), truth, picks);
    expect(report.interval).toEqual(scoreInterval(report.holdout!, { particles: challengeParticles }));
  }
});
