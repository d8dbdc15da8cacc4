/** The worker's side of chunkPool.ts. What reads other layouts than Blosc is loaded when first needed. */
import { serve } from "../../system/threads.js";
import { countReceived } from "../sharedFloats.js";
import { type ChunkJob, ChunkProgress, workOn } from "./chunkJob.js";

serve({
  work({ job, counts }: { readonly job: ChunkJob; readonly counts: Int32Array }) {
    countReceived(job.target);
    const openArray = async () => (await import("./array.js")).openZarrArray(job.folder);
    return workOn(job, new ChunkProgress(counts), openArray);
  },
});
