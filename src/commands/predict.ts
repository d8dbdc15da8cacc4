import { join } from "node:path";
import type { Dataset } from "../data/dataset.js";
import { createOmeZarr } from "../data/omeZarrWriter.js";
import { startCounting } from "../progress.js";
import { type Detector, openDetector } from "../train/detector.js";
import { defineCommand, report } from "./command.js";
import { engineOf, openRuns, tilingOf, withDetectorOptions } from "./detectorOptions.js";
import { checkWhole, checkWritable } from "./flagChecks.js";

export const command = defineCommand({
  usage: "<checkpoint..>",
  lists: ["checkpoint"],
  options: (argv) =>
    withDetectorOptions(argv)
      .option("out", {
        type: "string",
        demandOption: true,
        describe: "folder for one OME-Zarr a run, a channel a type",
      })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 predict runs/a/best.safetensors --data test --out probabilities",
        "probabilities, for pickbench pick or any Zarr viewer",
      ),
  run: async ({ checkpoint, data, runs: asked, tomogram, tile, overlap, engine, threads, ...flags }) => {
    const { precision, out, json } = flags;
    checkWhole("threads", threads, 1);
    const tiling = tilingOf(tile, overlap);
    await checkWritable("out", out, "folder");
    const { dataset, runs } = await openRuns(data, asked);
    const detector = await openDetector(checkpoint, {
      engine: await engineOf(engine),
      threads,
      precision,
      tomogram,
      tiling,
    });
    const written: string[] = [];
    try {
      for (const run of runs) await detector.find(dataset, run);
      for (const run of runs) written.push(await predictRun(detector, dataset, run, out));
    } finally {
      await detector.close();
    }
    report(json, { types: detector.types, volumes: written }, () => written.join("\n"));
  },
});

async function predictRun(detector: Detector, dataset: Dataset, run: string, out: string): Promise<string> {
  const views = await detector.read(dataset, run);
  const path = join(out, `${run}.zarr`);
  const { shape, spacing } = views[0]!;
  const writer = await createOmeZarr(path, { shape, spacing, channels: detector.types });
  const progress = startCounting(`predicting ${run}`, "tiles");
  try {
    await detector.predictor.predict(
      views,
      async ({ zStart, values }) => {
        for (const [channel, type] of detector.types.entries())
          await writer.writeSlab(zStart, values.get(type)!, channel);
      },
      progress.update,
    );
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    progress.stop();
  }
  return path;
}
