/** The worker of a patch stream: receives its sources once, over shared memory, then makes one step at a time. */
import { answering, heldByPool } from "../../system/threads/pool.js";
import { Transfer } from "../../system/threads/threads.js";
import { makeBatch } from "./batch.js";
import type { PatchTask, PatchWork } from "./stream.js";

const { spec, sources } = heldByPool<PatchWork>();

/** A batch, its buffers moved and not copied. */
export default answering(({ step, places }: PatchTask) => {
  const batch = makeBatch(spec, sources, step, places);
  const buffers = [batch.input.buffer, batch.target.buffer, batch.weight.buffer] as ArrayBuffer[];
  return new Transfer(batch, buffers);
});
