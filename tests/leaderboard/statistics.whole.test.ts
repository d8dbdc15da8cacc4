import { expect, test } from "vitest";
import { challengeParticles } from "../../src/domain/particles.js";
import { openStatistics } from "../../src/leaderboard/statistics.js";
import { reportOfA, simulateRuns } from "../support/simulatedExperiments.js";

test("intervals and differences are the same from threads", async () => {
  const reports = Array.from({ length: 30 }, (_, i) =>
    reportOfA(simulateRuns({ difficulty: 0.5 }, 5, "threads", i)),
  );
  const particles = challengeParticles;
  const results = await Promise.all(
    [reports.length, 1000].map(async (rows) => {
      const statistics = await openStatistics(rows);
      const intervals = await statistics.intervals(
        reports.map((report, i) => ({ report, particles, isScoreAlone: i % 2 === 0 })),
      );
      const differences = await statistics.differences(
        reports.map((report) => ({ report, first: reports[0]!, particles })),
      );
      await statistics.close();
      return { intervals, differences };
    }),
  );
  expect(results[1]).toEqual(results[0]);
  expect(results[1]!.differences).toHaveLength(reports.length);
});
