import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { challengeParticles } from "../../src/domain/particles.js";
import { submissionNames } from "../../src/leaderboard/leaderboard.js";
import { openRowThreads } from "../../src/leaderboard/rowThreads.js";
import { writeManySubmissions } from "../support/manySubmissions.js";
import { reportOfA, simulateRuns } from "../support/simulatedExperiments.js";
import { temporaryFolder } from "../support/storeFixtures.js";

/** Rows for which no thread is started, and for which all are. */
const rowsOfBoth = [100, 1000];

test("submissions are read alike by threads, in the order of their names, with what cannot be ranked", async () => {
  const root = temporaryFolder();
  writeManySubmissions(root, { count: 150 });
  const names = await submissionNames(root);
  // The first that another thread is given are those from the fifth on.
  rmSync(join(root, names[10]!, "report.json"));
  const read = await Promise.all(
    rowsOfBoth.map(async (rows) => {
      const threads = await openRowThreads(rows);
      try {
        return await threads.entries({ root, names, isScoreAlone: false });
      } finally {
        await threads.close();
      }
    }),
  );
  expect(read[1]).toEqual(read[0]);
  const { entries, unranked } = read[0]!;
  expect(entries.map(({ row }) => row.name)).toEqual(names.toSpliced(10, 1));
  expect(unranked).toEqual([{ name: names[10], why: expect.stringContaining("report.json is no report") }]);
  rmSync(root, { recursive: true });
});

test("differences are the same from threads", async () => {
  const reports = Array.from({ length: 30 }, (_, i) =>
    reportOfA(simulateRuns({ difficulty: 0.5 }, 5, "threads", i)),
  );
  const results = await Promise.all(
    rowsOfBoth.map(async (rows) => {
      const threads = await openRowThreads(rows);
      const differences = await threads.differences(
        reports.map((report) => ({ report, first: reports[0]!, particles: challengeParticles })),
      );
      await threads.close();
      return differences;
    }),
  );
  expect(results[1]).toEqual(results[0]);
  expect(results[1]).toHaveLength(reports.length);
});
