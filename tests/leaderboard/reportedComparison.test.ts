import { expect, test } from "vitest";
import { challengeParticles } from "../../src/domain/particles.js";
import { compareReports, reportedDifferenceText } from "../../src/leaderboard/reportedComparison.js";
import { positionsOf } from "../../src/score/match/positions.js";
import { scorePicks } from "../../src/score/score.js";
import { compareSubmissions } from "../../src/score/statistics/comparison.js";
import { pairSubmissions } from "../../src/score/statistics/paired.js";
import { row } from "../support/finishedRun.js";

const places = Array.from({ length: 20 }, (_, i) => i * 1000);
const runs = (count: number) => Array.from({ length: count }, (_, i) => `TS_${i}`);
const truth = (count: number) => new Map(runs(count).map((run) => [run, row("ribosome", ...places)]));
const found = (count: number, particles: number) =>
  new Map(runs(count).map((run, i) => [run, row("ribosome", ...places.slice(0, particles - (i % 3)))]));

const compared = (count: number, a: number, b: number) => {
  const all = truth(count);
  return compareReports(
    scorePicks(all, found(count, a)),
    scorePicks(all, found(count, b)),
    challengeParticles,
  );
};

test("has the difference and the p of the comparison of the picks themselves", () => {
  const all = positionsOf(truth(8));
  const [a, b] = [positionsOf(found(8, 9)), positionsOf(found(8, 18))];
  const picks = compareSubmissions(pairSubmissions(all, a, b));
  const reports = compared(8, 9, 18);
  expect(reports.difference).toBe(picks.score.difference);
  expect(reports.p).toBe(picks.permutation.p);
  expect([reports.verdict, picks.verdict]).toEqual(["b", "b"]);
  expect(reports.interval.high - reports.interval.low).toBeGreaterThanOrEqual(
    picks.score.interval.high - picks.score.interval.low,
  );
});

test("says what can be told", () => {
  expect(reportedDifferenceText(compared(8, 9, 18))).toMatch(
    /^−0\.0\d+ \(−0\.\d+ to −0\.\d+\), p 0\.0078: distinguishable$/,
  );
  expect(reportedDifferenceText(compared(5, 9, 18))).toMatch(
    /; 5 of 5 runs differ, 6 needed: cannot be told$/,
  );
  expect(reportedDifferenceText(compared(1, 9, 18))).toMatch(/ over particles; one run: cannot be told$/);
  expect(reportedDifferenceText(compared(3, 9, 9))).toBe("same counts in every run");
});

test("differences that turn their sign from run to run are not distinguishable", () => {
  const all = truth(8);
  const mixed = (first: number, second: number) =>
    new Map(runs(8).map((run, i) => [run, row("ribosome", ...places.slice(0, i % 2 ? first : second))]));
  const { verdict, p } = compareReports(
    scorePicks(all, mixed(10, 14)),
    scorePicks(all, mixed(14, 10)),
    challengeParticles,
  );
  expect([verdict, p]).toEqual(["undecided", 1]);
});
