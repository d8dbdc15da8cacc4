/** The worker's side of chunkPool.ts. What reads other layouts than Blosc is loaded when first needed. */
import { serve } from "../threads.js";
import { type ChunkJob, ChunkProgress, workOn } from "./chunkJob.js";
import { countReceived } from "./sharedFloats.js";

serve({
  work({ job, counts }: { readonly job: ChunkJob; readonly counts: Int32Array }) {
    countReceived(job.target);
    const openArray = async () => (await import("./zarrArray.js")).openZarrArray(job.folder);
    return workOn(job, new ChunkProgress(counts), openArray);
  },
});
