/** Growth of `segment`: the number of features in a set, each with a network of its own. */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { challengeParticles } from "../../domain/particles.js";
import { voxelCount } from "../../domain/volume.js";
import { describeCheckpoints, writeFirstCheckpoint } from "../detector.js";
import { tomogramBytes } from "../particleVolume.js";
import { runMeasured } from "../submitProcess.js";
import type { Series, SeriesContext } from "./series.js";
import { shapeOf, writtenTomogram } from "./submissions.js";

const voxelsOfTomogram = 1e6;
/** Greatest size of a checkpoint's file, bytes. */
const checkpointBytes = 1e7;
/** Raw maps, conditioned maps and labels, in copies of a map's floats. */
const mapsOfFeature = 3;

/** Makes the series of `segment` with sets of that many features, which all compete. */
export function featureSets(points: readonly number[], context: SeriesContext): Series {
  const shape = context.volume ?? shapeOf(voxelsOfTomogram);
  const { folder, engine, threads, reporter } = context;
  const data = join(folder, "features");
  return {
    axis: "features",
    command: "segment",
    points,
    bytes: (features) => (1 + mapsOfFeature * features) * tomogramBytes(shape) + checkpointBytes * features,
    prepare: async (features, signal) => {
      await writtenTomogram(data, shape, signal);
      const models = await writeModels(folder, features, signal);
      const { networks, gflopPerVoxel } = await describeCheckpoints(models.slice(0, 1), { allowCode: [] });
      const set = join(folder, `features-${features}.yaml`);
      await writeFile(set, setOf(models));
      const out = join(folder, `segmented-${features}`);
      const voxels = voxelCount(shape);
      const flags = ["--data", data, "--out", out, "--engine", engine, "--threads", String(threads)];
      return {
        facts: { net: networks, engine, threads, voxels, features },
        work: { gflop: gflopPerVoxel && gflopPerVoxel * voxels * features },
        run: async (signal) => {
          await rm(out, { recursive: true, force: true });
          return runMeasured("segment", [set, ...flags, "--labels", "--quiet"], reporter, signal);
        },
        release: () => rm(out, { recursive: true, force: true }),
      };
    },
  };
}

/** Writes the networks that are not there yet, each with weights of its own seed. */
async function writeModels(folder: string, count: number, signal: AbortSignal): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, at) => join(folder, `feature-${at + 1}.safetensors`));
  for (const [at, path] of paths.entries()) {
    signal.throwIfAborted();
    if (!existsSync(path)) await writeFirstCheckpoint(path, at + 1);
  }
  return paths;
}

const output = challengeParticles[0]!.name;

/** Makes the YAML of a set in which every feature competes with all others. */
const setOf = (models: readonly string[]): string =>
  [
    "features:",
    ...models.map(
      (model, at) =>
        `  - { name: feature${at + 1}, model: ${JSON.stringify(model)}, output: ${output}, emit: true, absorb: true }`,
    ),
    "",
  ].join("\n");
