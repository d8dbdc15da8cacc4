import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { writeManySubmissions } from "../support/manySubmissions.js";
import { processorTime } from "../support/processorTime.js";
import { temporaryFolder } from "../support/storeFixtures.js";

test("400 submissions of 7 runs are ranked, with intervals and differences; prints the processor time", async () => {
  const folder = temporaryFolder();
  writeManySubmissions(folder, { count: 400 });
  const { result, seconds } = await processorTime(() => readLeaderboard(folder));
  const { groups, unranked } = result;
  expect([groups.length, groups[0]!.rows.length, unranked]).toEqual([1, 400, []]);
  expect(groups[0]!.rows.every(({ interval }) => interval!.score.high > interval!.score.low)).toBe(true);
  console.log(`400 rows: ${seconds} s of processor time`);
  rmSync(folder, { recursive: true });
});
