/** The worker of a patch stream: receives its sources once, over shared memory, then makes one step at a time. */
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import { isPickbenchError } from "../../system/errors.js";
import { makeBatch } from "./batch.js";
import type { PatchAnswer, PatchWork } from "./stream.js";

/** The work set by `openPatchStream`; piscina types it as any. */
const work: PatchWork = workerData;

/** Returns a batch, its buffers moved instead of copied, or a PickbenchError's parts, because a clone loses its tag. */
export default function answer(step: number): unknown {
  if (Atomics.load(work.closed, 0) !== 0)
    throw new Error(`step ${step} was still queued when its patch stream closed`);
  try {
    const batch = makeBatch(work.spec, work.sources, step);
    const moved: PatchAnswer = { batch };
    return move({
      get [transferableSymbol]() {
        return [batch.input.buffer, batch.target.buffer, batch.weight.buffer];
      },
      get [valueSymbol]() {
        return moved;
      },
    });
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    const failed: PatchAnswer = { tag: error.tag, message: error.message, path: error.path };
    return failed;
  }
}
