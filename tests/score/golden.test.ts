import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { type ScoreReport, scorePicks } from "../../src/score/score.js";
import { pickbench } from "../support/commandLine.js";

interface Row {
  experiment: string;
  particle_type: string;
  x: number;
  y: number;
  z: number;
}
interface Case {
  name: string;
  truth: Row[];
  submission: Row[];
  score: number;
  perType: Record<string, { tp: number; fp: number; fn: number; f: number }>;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../golden/metric_cases.json", import.meta.url), "utf8"),
) as { cases: Case[] };

function byExperiment(rows: readonly Row[]): Map<string, ParticlePick[]> {
  const picks = new Map<string, ParticlePick[]>();
  for (const { experiment, particle_type, x, y, z } of rows) {
    const list = picks.get(experiment) ?? [];
    list.push({ type: particle_type, x: angstrom(x), y: angstrom(y), z: angstrom(z) });
    picks.set(experiment, list);
  }
  return picks;
}

function expectCase(report: ScoreReport, { score, perType }: Case): void {
  expect(Object.keys(report.perType).sort()).toEqual(Object.keys(perType).sort());
  for (const [type, expected] of Object.entries(perType)) {
    const { tp, fp, fn, fbeta } = report.perType[type]!;
    expect({ tp, fp, fn }).toEqual({ tp: expected.tp, fp: expected.fp, fn: expected.fn });
    expect(Math.abs(fbeta - expected.f)).toBeLessThanOrEqual(1e-12);
  }
  expect(Math.abs(report.score - score)).toBeLessThanOrEqual(1e-12);
}

test("there are 40 cases", () => expect(cases).toHaveLength(40));

test.each(cases)("scorePicks: $name", (golden) => {
  expectCase(scorePicks(byExperiment(golden.truth), byExperiment(golden.submission)), golden);
});

describe("pickbench score --json", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pickbench-golden-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.concurrent.each(cases)("$name", async (golden) => {
    const name = cases.indexOf(golden);
    const write = (file: string, rows: readonly Row[]): string => {
      const lines = rows.map((row, i) =>
        [i, row.experiment, row.particle_type, row.x, row.y, row.z].join(","),
      );
      const path = join(folder, file);
      writeFileSync(path, `${["id,experiment,particle_type,x,y,z", ...lines].join("\n")}\n`);
      return path;
    };
    const truth = write(`truth ${name}.csv`, golden.truth);
    const submission = write(`submission ${name}.csv`, golden.submission);
    const { stdout, code } = await pickbench("score", submission, "--truth", truth, "--json");
    expect(code).toBe(0);
    expectCase(JSON.parse(stdout) as ScoreReport, golden);
  });
});
