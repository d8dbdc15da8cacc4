/** A survey of as many tomograms as wanted, none of which was ever measured. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomFor } from "../../src/domain/random.js";
import type { SurveyEntry } from "../../src/survey/entry.js";

const features = ["membrane", "microtubule", "void"];

/**
 * Writes the entries; the database is made by whoever opens the survey.
 *
 * @param data the data set that it names
 */
export function writeLargeSurvey(folder: string, count: number, data: string): void {
  for (const name of ["entries", "picks"]) mkdirSync(join(folder, name), { recursive: true });
  const settings = { version: 1, data, maps: [], threshold: 0.5, dust: 1000, sources: [] };
  writeFileSync(join(folder, "survey.json"), JSON.stringify(settings));
  for (let at = 0; at < count; at++) {
    const run = `TS_${String(at).padStart(5, "0")}`;
    writeFileSync(join(folder, "entries", `${run}.json`), JSON.stringify(entryOf(run, at)));
  }
}

function entryOf(run: string, at: number): SurveyEntry {
  const random = randomFor(at, "large survey");
  const share = () => 20 * random.uniform();
  return {
    version: 1,
    run,
    tomogram: {
      ...{
        stamp: "",
        path: `/data/${run}.mrc`,
        type: "denoised",
        shape: [184, 630, 630],
        spacing: [10, 10, 10],
      },
      ...{
        volume: 7.3e10,
        blank: 0,
        thickness: 1840,
        sample: 1000 + 800 * random.uniform(),
        contrast: "dark",
      },
      ...{ least: -1, largest: 1, mean: 0, median: 0, scale: 1, skewness: 0, kurtosis: 0 },
      noise: random.uniform(),
    },
    features: features.map((name) => ({
      ...{ name, stamp: "", path: "", scale: null, voxelType: null, size: null, softPercent: share() },
      ...{ softVolume: null, percent: share(), volume: null, components: null, largest: null },
    })),
    picks: { stamp: "", rows: 0 },
    particles: [
      {
        ...{ source: "truth", type: "ribosome", count: Math.floor(100 * random.uniform()), score: null },
        ...{ verdicts: null, context: [] },
      },
    ],
  };
}
