import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { writeManySubmissions } from "../support/manySubmissions.js";
import { temporaryFolder } from "../support/storeFixtures.js";

test("400 submissions of 7 runs are ranked, with intervals and differences; prints the processor time", async () => {
  const folder = temporaryFolder();
  writeManySubmissions(folder, { count: 400 });
  const before = process.cpuUsage();
  const { groups, unranked } = await readLeaderboard(folder);
  const { user, system } = process.cpuUsage(before);
  expect([groups.length, groups[0]!.rows.length, unranked]).toEqual([1, 400, []]);
  expect(groups[0]!.rows.every(({ interval }) => interval!.score.high > interval!.score.low)).toBe(true);
  console.log(`400 rows: ${(user + system) / 1e6} s of processor time`);
  rmSync(folder, { recursive: true });
}, 120_000);
