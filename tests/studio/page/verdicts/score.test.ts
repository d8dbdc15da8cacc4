// The page's counts and score beside those that `pickbench score` prints for the picks above each threshold.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDataset } from "../../../../src/data/dataset.js";
import { readPickedTruth } from "../../../../src/data/picks.js";
import { challengeParticles, type ParticlePick } from "../../../../src/domain/particles.js";
import { randomFor } from "../../../../src/domain/random.js";
import { angstrom } from "../../../../src/domain/units.js";
import type { MatchDefinition } from "../../../../src/score/match/steps.js";
import type { ScoreReport } from "../../../../src/score/score.js";
import { countAllRuns } from "../../../../src/studio/picks/allRuns.js";
import { decodeAllRuns, encodeAllRuns } from "../../../../src/studio/picks/answer.js";
import { PickSets } from "../../../../src/studio/picks/sets.js";
import { silentReporter } from "../../../../src/system/reporter.js";
import {
  type CountTable,
  countTable,
  type Thresholds,
} from "../../../../src/web/studio/verdicts/counting.js";
import { createJudge } from "../../../../src/web/studio/verdicts/verdict.js";
import { pickbench } from "../../../support/commandLine.js";
import { type ScoredPick, scoredCsv, scoredPicks } from "../../../support/scoredPicks.js";

const phantom = fileURLToPath(new URL("../../../../../shared/data/czii-phantom/train", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "verdicts-"));
afterAll(() => rmSync(folder, { recursive: true }));

const definitions: readonly MatchDefinition[] = ["challenge", "one-to-one"];
const types = challengeParticles.map(({ name }) => name);

/** Twenty settings of the sliders: fifteen of all types at once, five of each type on its own. */
const settings: readonly Thresholds[] = [
  ...Array.from({ length: 15 }, (_, at) => new Map(types.map((type) => [type, at * 0.07]))),
  ...Array.from({ length: 5 }, (_, at) => {
    const random = randomFor(7, "sliders", at);
    return new Map(types.map((type) => [type, random.uniform()]));
  }),
];

/** Scores the picks above thresholds by the command. */
async function scored(
  picks: ReadonlyMap<string, readonly ScoredPick[]>,
  thresholds: Thresholds,
  ...truth: string[]
): Promise<ScoreReport> {
  const csv = join(folder, "kept.csv");
  const kept = [...picks].map(
    ([run, list]) => [run, list.filter(({ type, score }) => score >= thresholds.get(type)!)] as const,
  );
  writeFileSync(csv, scoredCsv(new Map(kept)));
  const { stdout, code } = await pickbench("score", csv, "--truth", ...truth, "--json", "--quiet");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** What the command says, in the page's words. */
function tableOf({ score, strictScore, perType }: ScoreReport, definition: MatchDefinition): CountTable {
  const isStrict = definition === "one-to-one";
  const rows = Object.entries(perType).map(([type, of]) => {
    const { tp, fp, fn, fbeta } = isStrict ? of.strict : of;
    return { type, weight: of.weight, tp, fp, fn, fbeta };
  });
  return { rows, score: isStrict ? strictScore : score };
}

const flatTruth = (seed: number): Map<string, ParticlePick[]> => {
  const random = randomFor(seed, "crowded truth");
  const at = () => angstrom(Math.round(random.between(0, 900)));
  return new Map(
    ["TS_1", "TS_2", "TS_3"].map((run, of) => [
      run,
      types
        .slice(of)
        .flatMap((type) => Array.from({ length: 25 }, () => ({ type, x: at(), y: at(), z: at() }))),
    ]),
  );
};

/** A crowded truth as a CSV, whose particles lie so close that picks reach several. */
async function crowd() {
  const truth = flatTruth(3);
  const path = join(folder, "truth.csv");
  const all = [...truth].map(([run, list]) => [run, list.map((pick) => ({ ...pick, score: 1 }))] as const);
  writeFileSync(path, scoredCsv(new Map(all)));
  const csv = join(folder, "crowd.csv");
  const picks = scoredPicks(truth, challengeParticles, 1);
  writeFileSync(csv, scoredCsv(picks));
  const sets = new PickSets({ picks: [path, csv], submissions: [], reporter: silentReporter });
  return { path, truth, picks, sets, ids: { truth: "p0", set: "p1" } };
}

async function phantomData() {
  const dataset = await openDataset(phantom);
  const truth = await readPickedTruth(dataset);
  const picks = scoredPicks(truth, challengeParticles, 2);
  const csv = join(folder, "phantom.csv");
  writeFileSync(csv, scoredCsv(picks));
  const sets = new PickSets({ dataset, picks: [csv], submissions: [], reporter: silentReporter });
  return { path: phantom, truth, picks, sets, ids: { truth: "truth", set: "p0" } };
}

describe.each([
  { name: "a crowded truth in a CSV", make: crowd, isCrowded: true, isThere: true },
  { name: "the phantom data set", make: phantomData, isCrowded: false, isThere: existsSync(phantom) },
])("of $name", ({ make, isCrowded, isThere }) => {
  describe.skipIf(!isThere)("the counts and scores", () => {
    let scene: Awaited<ReturnType<typeof make>>;
    const reports: ScoreReport[] = [];
    const first: ScoreReport[] = [];
    let run = "";
    beforeAll(async () => {
      scene = await make();
      run = [...scene.truth.keys()][0]!;
      for (const setting of settings) {
        reports.push(await scored(scene.picks, setting, scene.path));
        first.push(await scored(scene.picks, setting, scene.path, "--runs", run));
      }
    });

    test.each(definitions)(
      "over all runs are those of the command at twenty settings: %s",
      async (definition) => {
        const sent = encodeAllRuns(await countAllRuns(scene.sets, scene.ids));
        const { runs, steps, unknown } = decodeAllRuns(sent.slice().buffer as ArrayBuffer);
        expect([runs, unknown]).toEqual([reports[0]!.experiments, []]);
        for (const [at, setting] of settings.entries())
          expect(countTable(steps, challengeParticles, setting, definition)).toEqual(
            tableOf(reports[at]!, definition),
          );
      },
    );

    test.each(definitions)("of one run are those of the command at twenty settings: %s", (definition) => {
      const judge = createJudge(challengeParticles, scene.truth.get(run)!, scene.picks.get(run)!);
      for (const [at, setting] of settings.entries()) {
        const table = countTable(judge.steps, challengeParticles, setting, definition);
        expect(table).toEqual(tableOf(first[at]!, definition));
        for (const { type, tp, fp, fn } of table.rows) {
          const { picks, truths, counts, shared } = judge.verdicts(type, setting.get(type)!, definition);
          expect(counts).toEqual({ tp, fp, fn });
          const number = (verdict: string) => picks.filter((pick) => pick.verdict === verdict).length;
          expect(number("true") + shared).toBe(tp);
          expect(number("double") + number("false") - shared).toBe(fp);
          expect(truths.filter(({ match }) => match === undefined)).toHaveLength(fn);
        }
      }
    });

    test("change with the threshold, and by definition in a crowd", () => {
      expect(new Set(reports.map(({ score }) => score)).size).toBeGreaterThan(15);
      expect(reports.some(({ score, strictScore }) => score !== strictScore)).toBe(isCrowded);
    });
  });
});
