/** Whether networks fit the memory of the card that they are to run on, and what would fit. */
import type { Shape3 } from "../domain/volume.js";
import { loadNetwork } from "../nets/library/catalogue.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { type Card, cardText, findCards } from "./cards.js";
import type { EngineName } from "./engine.js";
import { plain } from "./faults.js";
import { providers } from "./onnx/graph/emitter.js";
import { type EstimatedTraining, trainingMiB } from "./onnx/memory.js";
import type { LossBuilder } from "./trainable.js";

/**
 * Returns the card that an engine computes on, where that is known: CUDA's first; WebGPU's where the machine has one and
 * Vulkan is told of no other device.
 */
export async function cardOf(engine: EngineName): Promise<Card | null> {
  if (engine === "onnx-cpu" || engine === "tfjs") return null;
  if (engine === "onnx-webgpu" && (process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES)) return null;
  const { cards } = await findCards();
  const isClear = engine === "onnx-cuda" || cards.length === 1;
  return isClear ? (cards[0] ?? null) : null;
}

/** A training as it was asked for, on an engine. */
export interface AskedTraining {
  readonly engine: EngineName;
  readonly spec: EstimatedTraining;
  readonly buildLoss: LossBuilder;
}

/**
 * Refuses a training that takes more memory than the card has, before its graph is loaded. The estimate is of what lives at
 * least: what it lets through may still not fit.
 *
 * @throws PickbenchError OutOfMemory with what would fit
 */
export async function checkTrainingFits(asked: AskedTraining, card: Card | null): Promise<void> {
  if (card === null) return;
  const needed = await neededMiB(asked);
  if (needed <= card.memoryMiB) return;
  const why = `takes at least ${Math.ceil(needed)} MiB, and the card is ${cardText(card)}`;
  throw await trainingFault(asked, why, card.memoryMiB);
}

/** Returns the error of a training for which memory did not suffice, with a batch or patch that should fit. */
export async function outgrownTraining(
  asked: AskedTraining,
  thrown: unknown,
  card: Card | null,
): Promise<PickbenchError> {
  const why = `does not fit the memory of ${asked.engine} (${plain(messageOf(thrown))})`;
  const limit = card === null ? Number.POSITIVE_INFINITY : card.memoryMiB;
  return trainingFault(asked, why, Math.min(limit, (await neededMiB(asked)) / spare), thrown);
}

/** How many times less memory is advised than what was too much by an unknown amount. */
const spare = 1.5;

async function trainingFault(
  asked: AskedTraining,
  why: string,
  limitMiB: number,
  cause?: unknown,
): Promise<PickbenchError> {
  const { network, samples, patch } = asked.spec;
  const fitting = await fittingTraining(asked, limitMiB);
  const advice =
    fitting === null
      ? "take another engine, such as onnx-cpu, or a smaller network"
      : `set ${changes(asked.spec, fitting)}, which takes at least ${Math.ceil(fitting.mebibytes)} MiB`;
  return new PickbenchError(
    "OutOfMemory",
    `a training step of ${network.architecture} on ${samples} × ${patch.join("×")} voxels ${why}: ${advice}`,
    { cause },
  );
}

const changes = (given: EstimatedTraining, { samples, patch }: Fitting): string =>
  [
    ...(samples === given.samples ? [] : [`patch.batch=${samples}`]),
    ...(String(patch) === String(given.patch) ? [] : [`patch.shape=[${patch.join(",")}]`]),
  ].join(" and ");

/** Batch and patch that should fit, and the least memory that a step on them takes. */
export interface Fitting {
  readonly samples: number;
  readonly patch: Shape3;
  readonly mebibytes: number;
}

/** Finds a smaller batch that fits, else, a patch at a time, a smaller patch; null where none does. */
export async function fittingTraining(asked: AskedTraining, limitMiB: number): Promise<Fitting | null> {
  const { multiple } = await loadNetwork(asked.spec.network);
  let { samples, patch } = asked.spec;
  for (;;) {
    if (samples > 1) samples = Math.floor(samples / 2);
    else {
      const smaller = halved(patch, multiple);
      if (smaller === null) return null;
      patch = smaller;
    }
    const mebibytes = await neededMiB({ ...asked, spec: { ...asked.spec, samples, patch } });
    if (mebibytes <= limitMiB) return { samples, patch, mebibytes };
  }
}

/** Halves the longest axis that can be, to a multiple; null where none can be. */
function halved(patch: Shape3, multiple: Shape3): Shape3 | null {
  const smaller = patch.map((size, axis) => Math.ceil(size / 2 / multiple[axis]!) * multiple[axis]!);
  const able = [2, 1, 0].filter((axis) => smaller[axis]! < patch[axis]!);
  const longest = able.reduce<number | null>(
    (best, axis) => (best === null || patch[axis]! > patch[best]! ? axis : best),
    null,
  );
  if (longest === null) return null;
  return patch.map((size, axis) => (axis === longest ? smaller[axis]! : size)) as unknown as Shape3;
}

/** Least memory of a step; of TensorFlow.js, whose operations are about the same, by CUDA's graph. */
const neededMiB = ({ engine, spec, buildLoss }: AskedTraining): Promise<number> =>
  trainingMiB(spec, buildLoss, providers[engine] ?? "cuda");
