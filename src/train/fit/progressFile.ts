/** last.safetensors: the progress of a training, complete enough to resume it bit by bit. */
import { existsSync } from "node:fs";
import { z } from "zod";
import type { HardPlaces } from "../../data/patches/stream.js";
import { stateNames, type TrainingState } from "../../engines/trainable.js";
import { parseJson } from "../../formats/json.js";
import { readTensors, writeTensors } from "../../formats/safetensors.js";
import { PickbenchError } from "../../system/errors.js";
import type { EvaluationsPlanned } from "./evaluations.js";

/** Contents of last.safetensors: all that training needs to continue as if it had never stopped. */
export interface TrainingProgress {
  readonly experimentHash: string;
  readonly dataHash: string;
  /** Finished networks in order, with the weights chosen for each. */
  readonly done: readonly {
    readonly name: string;
    readonly weights: Float32Array;
    readonly score: number | null;
  }[];
  /** The network in training; null when all are done. */
  readonly current: {
    readonly name: string;
    readonly state: TrainingState;
    /** Number of steps done. */
    readonly step: number;
    /** Number of evaluations done; `sinceBest` of them since the best. */
    readonly evaluations: number;
    /** Plan of the evaluations, where it follows from the clock. */
    readonly planned?: EvaluationsPlanned | undefined;
    readonly sinceBest: number;
    /** Number of rungs passed, where the training is a trial of a search. */
    readonly rungs: number;
    readonly best: { readonly score: number; readonly weights: Float32Array } | null;
    /** Hard places that were found last, and for how many of the times at which they are to be found. */
    readonly mined?: { readonly times: number; readonly places: HardPlaces } | undefined;
    /**
     * Training time in ms, kept only for a budget in minutes: a budget in steps must end in the same bytes at any
     * speed.
     */
    readonly elapsedMs: number;
  } | null;
}

const metadataSchema = z.looseObject({
  format: z.literal("pickbench progress 1"),
  experimentHash: z.string(),
  dataHash: z.string(),
  done: z.string(),
  current: z.string(),
});
const doneSchema = z.array(z.strictObject({ name: z.string(), score: z.number().nullable() }));
const currentSchema = z
  .strictObject({
    name: z.string(),
    step: z.number().int().min(0),
    evaluations: z.number().int().min(0),
    planned: z.strictObject({ times: z.number().int().min(0), spentMs: z.number().min(0) }).optional(),
    sinceBest: z.number().int().min(0),
    rungs: z.number().int().min(0).default(0),
    bestScore: z.number().nullable(),
    mined: z.number().int().min(1).optional(),
    elapsedMs: z.number().min(0),
  })
  .nullable();

const vector = (data: Float32Array) => ({ shape: [data.length], data });

/** Writes last.safetensors. */
export async function writeProgress(path: string, progress: TrainingProgress): Promise<void> {
  const { current, done } = progress;
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, weights } of done) tensors.set(`done/${name}`, vector(weights));
  if (current) {
    for (const name of stateNames) tensors.set(`current/${name}`, vector(current.state[name]));
    if (current.best) tensors.set("best", vector(current.best.weights));
    if (current.mined) tensors.set("mined", vector(current.mined.places));
  }
  const summary = current && {
    name: current.name,
    step: current.step,
    evaluations: current.evaluations,
    ...(current.planned && { planned: current.planned }),
    sinceBest: current.sinceBest,
    rungs: current.rungs,
    bestScore: current.best?.score ?? null,
    ...(current.mined && { mined: current.mined.times }),
    elapsedMs: current.elapsedMs,
  };
  await writeTensors(path, {
    tensors,
    metadata: {
      format: "pickbench progress 1",
      experimentHash: progress.experimentHash,
      dataHash: progress.dataHash,
      done: JSON.stringify(done.map(({ name, score }) => ({ name, score }))),
      current: JSON.stringify(summary),
    },
  });
}

/**
 * Reads last.safetensors; null where it does not exist yet. @throws PickbenchError BadCheckpoint where it is damaged
 */
export async function readProgress(path: string): Promise<TrainingProgress | null> {
  if (!existsSync(path)) return null;
  const file = await readTensors(path);
  try {
    const metadata = metadataSchema.parse(file.metadata);
    const tensor = (name: string): Float32Array => {
      const found = file.tensors.get(name);
      if (!found) throw new TypeError(`tensor ${name} is missing`);
      return found.data;
    };
    const summary = currentSchema.parse(parseJson(metadata.current, { path }));
    const state = () =>
      Object.fromEntries(
        stateNames.map((name) => [name, tensor(`current/${name}`)]),
      ) as unknown as TrainingState;
    return {
      experimentHash: metadata.experimentHash,
      dataHash: metadata.dataHash,
      done: doneSchema
        .parse(parseJson(metadata.done, { path }))
        .map((entry) => ({ ...entry, weights: tensor(`done/${entry.name}`) })),
      current: summary && {
        name: summary.name,
        step: summary.step,
        evaluations: summary.evaluations,
        ...(summary.planned && { planned: summary.planned }),
        sinceBest: summary.sinceBest,
        rungs: summary.rungs,
        elapsedMs: summary.elapsedMs,
        state: state(),
        ...(summary.mined !== undefined && {
          mined: { times: summary.mined, places: tensor("mined") },
        }),
        best: summary.bestScore === null ? null : { score: summary.bestScore, weights: tensor("best") },
      },
    };
  } catch (error) {
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: not the progress of a training run; start anew with another --out`,
      { path, cause: error },
    );
  }
}
