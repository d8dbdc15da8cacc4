/** Training on what was annotated: the experiment, its run, and its curve. */
import { join, resolve } from "node:path";
import type { Feature } from "../../data/masks/features.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { readSettings } from "../../train/checkpoint/checkpoint.js";
import { runFolder } from "../../train/run/runFolder.js";
import { readLog } from "../../train/watch/readLog.js";
import type { Annotations } from "../annotations/session.js";
import type { JobPlan } from "./jobs.js";
import type { KnownModel } from "./models.js";

/** What a training is made of. */
export interface TrainRequest {
  readonly annotations: Annotations;
  readonly data: string;
  readonly tomogram: string;
  /** Voxels of the tomogram that is looked at, which patches must fit into. */
  readonly shape: Shape3;
  /** What to begin with; random weights if absent. */
  readonly model: KnownModel | undefined;
  /** As `budget` of an experiment. */
  readonly budget: string;
  readonly name: string;
  readonly folder: string;
  readonly flags: readonly string[];
}

/** What was annotated, by run. */
interface Annotated {
  readonly runs: readonly string[];
  readonly types: readonly string[];
  readonly features: readonly Feature[];
}

/** Finds out what there is to train on. @throws BadUsage where there is nothing */
async function annotatedIn(annotations: Annotations): Promise<Annotated> {
  const runs: string[] = [];
  const types = new Set<string>();
  for (const { name, run } of await annotations.begun()) {
    const { picks, masks } = run.state();
    const kept = picks.filter(({ status }) => status === "kept");
    for (const { type } of kept) types.add(type);
    if (kept.length > 0 || masks.some(({ boxes }) => boxes.length > 0)) runs.push(name);
  }
  if (runs.length > 0) return { runs, types: [...types], features: await annotations.features() };
  throw new PickbenchError("BadUsage", "there is nothing to train on: add picks, or paint a mask");
}

const sideMost = 64;
/** Voxels that patches are multiples of: what four halvings need. */
const multiple = 16;

/** Returns the shape of patches and tiles: what fits into the tomogram. */
const patchFor = (shape: Shape3, most: number): number[] =>
  shape.map((size) => Math.max(multiple, Math.min(most, Math.floor(size / multiple) * multiple)));

/** The experiment as it is written, in JSON, which YAML takes. */
async function experimentOf(request: TrainRequest): Promise<object> {
  const { annotations, tomogram, shape, model, budget, name } = request;
  const { runs, types, features } = await annotatedIn(annotations);
  const { userId: user, sessionId } = annotations.annotator;
  const network = model === undefined ? "baseline" : (await readSettings(model.path)).experiment.network;
  if (typeof network !== "string")
    throw new PickbenchError(
      "BadUsage",
      `${model?.name} is no network of pickbench's own by its name alone; train it by pickbench run`,
    );
  const isSegmenting = features.length > 0;
  return {
    name,
    question: `what was annotated by ${user}, ${sessionId}`,
    network,
    ...(model && { from: resolve(model.path) }),
    splits: { train: runs, tune: [], holdout: [] },
    data: { tomogram, picks: { user, session: sessionId } },
    types,
    ignore: [],
    ...(isSegmenting && { features: features.map(absoluteBoxes), output: "sigmoid" }),
    patch: { shape: patchFor(shape, sideMost) },
    loss: isSegmenting
      ? [{ kind: "binaryCrossEntropy", positiveWeight: 5 }, { kind: "tversky" }]
      : [
          { kind: "crossEntropy", backgroundWeight: 0.1 },
          { kind: "tversky", alpha: 0.3, beta: 0.7 },
        ],
    evaluate: { times: 0 },
    predict: { tile: patchFor(shape, 96), overlap: 8 },
    picking: { fallbackThreshold: 0.3 },
    budget,
  };
}

const absoluteBoxes = (feature: Feature): Feature => {
  const { annotated } = feature;
  if (typeof annotated === "string" || !("boxes" in annotated) || typeof annotated.boxes !== "string")
    return feature;
  return { ...feature, annotated: { boxes: resolve(annotated.boxes) } };
};

/** Plans a training on what is annotated now. @throws BadUsage where there is nothing to train on */
export async function trainPlan(request: TrainRequest): Promise<JobPlan> {
  const { annotations, data, folder, name, flags } = request;
  await annotations.fold();
  const path = join(folder, "experiment.yaml");
  await writeWhole(path, `${JSON.stringify(await experimentOf(request), null, 1)}\n`);
  const run = join(folder, "run");
  const submissions = join(folder, "submissions");
  const args = ["run", path, "--data", data, "--out", run, "--submissions", submissions, "--quiet", ...flags];
  return {
    kind: "train",
    title: name,
    folder,
    calls: [{ sentence: "trains", args }],
    done: async () => {
      const { steps } = await readLog(runFolder(run).log);
      return `trained for ${steps.length} steps; suggest picks with ${name}`;
    },
  };
}

/** Most points of a curve. */
const mostPoints = 200;

/** Reads a training's curve: steps and their losses, means over neighbours where there are many. */
export async function curveOf(folder: string): Promise<{ readonly step: number; readonly loss: number }[]> {
  const { steps } = await readLog(runFolder(join(folder, "run")).log);
  const per = Math.max(1, Math.ceil(steps.length / mostPoints));
  return Array.from({ length: Math.ceil(steps.length / per) }, (_, at) => {
    const part = steps.slice(at * per, (at + 1) * per);
    return { step: part.at(-1)!.step, loss: part.reduce((sum, { loss }) => sum + loss, 0) / part.length };
  });
}
