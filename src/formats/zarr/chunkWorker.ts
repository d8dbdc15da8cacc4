/** Worker entry of chunkPool.ts. The reader of layouts other than Blosc is loaded on first use. */
import { serve } from "../../system/threads/threads.js";
import { countReceived } from "../sharedFloats.js";
import { type ChunkJob, ChunkProgress, workOn } from "./chunkJob.js";

serve({
  work({ job, counts }: { readonly job: ChunkJob; readonly counts: Int32Array }) {
    countReceived(job.target);
    const openArray = async () => (await import("./array.js")).openZarrArray(job.folder);
    return workOn(job, new ChunkProgress(counts), openArray);
  },
});
