/** pickbench predict: probability maps of a data set's tomograms. */
import { join } from "node:path";
import { labelled } from "../../data/layouts/copickProject.js";
import { tomogramStamp } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { spacingDoubts } from "../../data/spacings.js";
import {
  createProbabilities,
  type MrcVoxels,
  mrcVoxels,
  type ProbabilityFormat,
  type ProbabilityTarget,
  probabilityFormats,
  probabilityPaths,
} from "../../infer/predict/probabilityFiles.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { type Reporter, startCounting } from "../../system/reporter.js";
import { modelPaths } from "../../train/checkpoint/models.js";
import { type DetectionSettings, detectionSettings } from "../../train/submit/detectionSettings.js";
import { type Detector, openDetector } from "../../train/submit/detector.js";
import { oddities } from "../../train/submit/oddities.js";
import { isInParts, withPredictedRuns } from "../../train/submit/predictedRuns.js";
import { featureSetAmong, segmentQueued, segmentSet } from "../features/segmentSet.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, threadsOf } from "../shared/flags.js";
import { planChunks } from "../shared/queue/chunks.js";
import { doQueued } from "../shared/queue/doing.js";
import { partAsked, partOption, type Queue, queueAsked, withChunkFlags } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { engineOf, openRuns, tilingOf, toldAndNoted, withDetectorOptions } from "./detectorOptions.js";

export const command = defineCommand({
  usage: "<checkpoint..>",
  lists: ["checkpoint", "allow-code"],
  reads: ["checkpoint", "data"],
  writes: ["out"],
  options: (argv) =>
    withChunkFlags(withDetectorOptions(argv))
      .option("out", {
        type: "string",
        demandOption: true,
        describe: "folder for one OME-Zarr a run, a channel a type; or what --format says",
      })
      .option("format", {
        choices: probabilityFormats,
        default: "zarr" as const,
        describe:
          "mrc: RUN__TYPE.mrc as Ais names them; copick: OUT/ExperimentRuns/RUN/Segmentations, and labels beside",
      })
      .option("voxels", {
        choices: mrcVoxels,
        describe:
          "of MRC files: bytes, 255·p rounded, as Ais reads them (the default); or float32, which loses nothing",
      })
      .option("zarr", {
        choices: [2, 3] as const,
        default: 2 as const,
        describe: "Zarr v2 (OME-NGFF 0.4) or v3 (0.5)",
      })
      .option("session", {
        type: "string",
        default: "predict",
        describe: "copick session in the files' names",
      })
      .option("part", partOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 predict runs/a/best.safetensors --data test --out probabilities",
        "probabilities, for pickbench pick or any Zarr viewer",
      )
      .example(
        "$0 predict best.safetensors --data DIR --format copick --out DIR/overlay",
        "segmentations that copick and its viewers show",
      )
      .example(
        "$0 predict best.safetensors --data test --out probabilities --devices 0,1",
        "the same on two cards of this machine",
      ),
  run: async (args, making) => {
    const { checkpoint: given, data, runs: asked, tomogram, engine, ...flags } = args;
    const queue = await queueAsked(args);
    const part = partAsked(args);
    const set = featureSetAmong(given);
    if (set !== undefined) return predictSet(set, args, queue);
    const checkpoint = await modelPaths(given);
    const { precision, out, json, format, voxels, zarr, session, overwrite, quiet } = flags;
    if (voxels !== undefined && format !== "mrc")
      throw new PickbenchError(
        "BadUsage",
        `--voxels is of MRC files, and --format ${format} writes float32; leave it out, or add --format mrc`,
      );
    const threads = threadsOf(flags.threads);
    const tiling = tilingOf(flags);
    await checkWritable("out", out, "folder");
    const reporter = terminalReporter({ quiet });
    const { dataset, runs } = await openRuns(data, asked, reporter, flags.spacing);
    const options = {
      ...{ engine: await engineOf(engine), threads, precision, tomogram, nan: flags.nan, tiling },
      allowCode: flags.allowCode,
      onSmallerTiles: toldAndNoted(reporter, making),
    };
    const detector = await openDetector(checkpoint, options);
    const target = { format, folder: out, session, zarr, voxels, reporter };
    const written: string[] = [];
    const planned: string[] = [];
    try {
      const settings = await detectionSettings(checkpoint, detector, { ...options, spacing: flags.spacing });
      const plan = await planRuns(detector, dataset, runs, target, settings);
      planned.push(...plan.flatMap(({ files }) => files));
      if (queue === undefined)
        written.push(...(await predictRuns(detector, dataset, plan, { ...target, overwrite, part })));
      else if (!isInParts(out)) await checkFree(planned, overwrite);
    } finally {
      await detector.close();
    }
    if (queue !== undefined)
      return doQueued(queue, {
        ...{ command: "predict", out, overwrite, json, reporter },
        ...planChunks(queue, runs, planned),
      });
    if (format === "mrc" && voxels !== "float32")
      reporter.note(
        "the volumes hold 255·p rounded to whole numbers, as Ais reads them; picks that turn on less than 0.002 of a probability can differ: --voxels float32 keeps all",
      );
    const { types, features } = detector;
    const kinds = { types, ...(features.size > 0 ? { features: Object.fromEntries(features) } : {}) };
    report(json, { ...kinds, volumes: written }, () => written.join("\n"));
  },
});

/** Writes the conditioned maps of a feature set. */
async function predictSet(set: string, args: SetArguments, queue: Queue | undefined): Promise<void> {
  const { format, session, zarr, voxels, quiet, json, part: isPart } = args;
  const form = { format, session, zarr, ...(voxels ? { voxels } : {}) };
  const reporter = terminalReporter({ quiet });
  if (queue !== undefined) return segmentQueued(queue, "predict", set, args, reporter);
  const { runs } = await segmentSet(set, args, { form, labels: false, reporter, isPart });
  const volumes = runs.flatMap(({ files }) => files.map((file) => join(args.out, file)));
  report(json, { volumes }, () => volumes.join("\n"));
}

type SetArguments = Parameters<typeof segmentSet>[1] &
  Pick<ProbabilityTarget, "session" | "zarr"> & {
    readonly format: ProbabilityFormat;
    readonly voxels: MrcVoxels | undefined;
    readonly quiet: boolean;
    readonly json: boolean | undefined;
    readonly part: boolean;
  };

interface Target extends Pick<ProbabilityTarget, "folder" | "session" | "zarr"> {
  readonly voxels: MrcVoxels | undefined;
  readonly format: ProbabilityFormat;
  readonly reporter: Reporter;
}

/** A tomogram that exists, and where its maps go. */
interface PlannedRun {
  readonly run: string;
  readonly voxelSpacing: number;
  readonly files: readonly string[];
  /** Hash of all that the maps depend on. */
  readonly key: string;
}

/** Checks all tomograms before any is predicted. */
async function planRuns(
  detector: Detector,
  dataset: Dataset,
  runs: readonly string[],
  { reporter, ...target }: Target,
  settings: DetectionSettings,
): Promise<PlannedRun[]> {
  const kinds = { types: detector.predictor.types, features: [...detector.features.keys()] };
  const { format, folder: _, ...form } = target;
  const plan: PlannedRun[] = [];
  for (const run of runs) {
    const reader = await detector.find(dataset, run);
    const { ref, spacing } = reader;
    for (const doubt of spacingDoubts(ref, ref.levels[0]!.spacing)) reporter.note(`warning: ${doubt}`);
    const voxelSpacing = ref.voxelSpacing ?? spacing[2];
    const files = probabilityPaths(format, { ...target, run, voxelSpacing, ...kinds });
    const key = hashOf(canonicalJson([{ ...settings }, format, { ...form }, await tomogramStamp(reader)]));
    plan.push({ run, voxelSpacing, files, key });
  }
  return plan;
}

/** Predicts the runs, but for those of an earlier part; returns all files. */
async function predictRuns(
  detector: Detector,
  dataset: Dataset,
  plan: readonly PlannedRun[],
  { overwrite, part, ...target }: Target & Overwriting,
): Promise<string[]> {
  return withPredictedRuns(target.folder, part, async (predicted) => {
    const before = await Promise.all(plan.map(({ run, key }) => predicted.find(run, key)));
    const places = plan.flatMap(({ files }, at) => (before[at] ? [] : files));
    await checkFree(places, overwrite);
    await checkLinks(target.folder, places);
    const written: string[] = [];
    for (const [at, each] of plan.entries()) {
      const files = before[at] ?? (await predictRun(detector, dataset, each, target));
      if (!before[at]) await predicted.write(each.run, each.key, files);
      written.push(...files);
    }
    if (part === undefined) await predicted.remove();
    return written;
  });
}

interface Overwriting {
  readonly overwrite: boolean;
  /** Runs that alone are predicted, while other processes predict others; undefined for all. */
  readonly part: readonly string[] | undefined;
}

async function predictRun(
  detector: Detector,
  dataset: Dataset,
  { run, voxelSpacing }: PlannedRun,
  { format, voxels, reporter, ...target }: Target,
): Promise<readonly string[]> {
  const views = await detector.read(dataset, run);
  const { shape, spacing } = views[0]!;
  for (const line of oddities(run, views[0]!, detector.contrast)) reporter.note(line);
  const files = await createProbabilities(format, {
    ...{ ...target, run, voxelSpacing },
    ...(voxels ? { voxels } : {}),
    types: detector.predictor.types,
    features: [...detector.features.keys()],
    particles: labelled(dataset.particles),
    shape,
    spacing,
  });
  const progress = startCounting(reporter, `predicting ${run}`, "tiles");
  try {
    await detector.predictor.predict(
      views,
      ({ zStart, values }) => files.writeSlab(zStart, values),
      progress.update,
    );
    await files.close();
  } catch (error) {
    await files.discard();
    throw error;
  } finally {
    progress.stop();
  }
  return files.paths;
}
