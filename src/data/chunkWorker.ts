/** The worker's side of chunkPool.ts. What reads other layouts than Blosc is loaded when first needed. */
import { serve } from "../threads.js";
import { type ChunkFailure, type ChunkJob, ChunkProgress, workOn } from "./chunkJob.js";

serve({
  work: ({ job, counts }: { readonly job: ChunkJob; readonly counts: Int32Array }) =>
    workOn(job, new ChunkProgress(counts), async () =>
      (await import("./zarrArray.js")).openZarrArray(job.folder),
    ) satisfies Promise<ChunkFailure | undefined>,
});
