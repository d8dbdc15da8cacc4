/** Tiny tomograms and maps as MRC files, to be surveyed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openDataset } from "../../src/data/dataset.js";
import { randomFor } from "../../src/domain/random.js";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3 } from "../../src/domain/volume.js";
import { createMrc, type MrcOptions } from "../../src/formats/mrc/writer.js";
import { buildSurvey } from "../../src/survey/build.js";
import type { SurveySettings } from "../../src/survey/folder.js";
import { silentReporter } from "../../src/system/reporter.js";

/** Å a voxel of all volumes here. */
const spacing = 10;

/** Writes a volume. */
export async function writeMrc(
  path: string,
  shape: Shape3,
  values: Float32Array,
  mode: MrcOptions["mode"] = 2,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const each = angstrom(spacing);
  const writer = await createMrc(path, { shape, spacing: [each, each, each], mode });
  await writer.writeSlab(0, values);
  await writer.close();
}

/** White noise of variance 1. */
export function whiteNoise(shape: Shape3, seed: number): Float32Array {
  const random = randomFor(seed, "survey-test", 0);
  return Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal());
}

export const tinyShape: Shape3 = [8, 16, 24];

/** Writes tomograms `TS_1.mrc`… in `tomograms`, maps of membrane in `maps`, and one CSV of picks. */
export async function tinyProject(folder: string, runs: number): Promise<void> {
  const lines = ["experiment,particle_type,x,y,z"];
  for (let run = 1; run <= runs; run++) {
    await writeTinyRun(folder, run);
    for (let pick = 0; pick < run; pick++) lines.push(`TS_${run},ribosome,${10 + 20 * pick},50,40`);
  }
  writeFileSync(join(folder, "picks.csv"), `${lines.join("\n")}\n`);
}

/** Writes a run's tomogram and map, of which the first `run` planes are membrane. */
export async function writeTinyRun(folder: string, run: number): Promise<void> {
  const plane = tinyShape[1] * tinyShape[2];
  await writeMrc(join(folder, "tomograms", `TS_${run}.mrc`), tinyShape, whiteNoise(tinyShape, run));
  const map = Float32Array.from({ length: tinyShape[0] * plane }, (_, at) => (at < run * plane ? 0.9 : 0));
  await writeMrc(join(folder, "maps", `TS_${run}__membrane.mrc`), tinyShape, map);
}

/** Builds the survey of a tiny project, in this thread. */
export async function buildTiny(
  folder: string,
  settings: Partial<SurveySettings> = {},
  reporter = silentReporter,
) {
  const dataset = await openDataset(join(folder, "tomograms"));
  return buildSurvey(
    join(folder, "survey"),
    dataset,
    {
      ...{
        version: 1,
        data: join(folder, "tomograms"),
        maps: [join(folder, "maps")],
        threshold: 0.5,
        dust: 0,
      },
      sources: [{ name: "mine", paths: [join(folder, "picks.csv")], author: {} }],
      ...settings,
    },
    { threads: 1, reporter },
  );
}

/** A statement that never has an answer. */
export const endlessSql =
  "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t";
