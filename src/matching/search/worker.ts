/** The thread that searches a share of the rotations. */
import { serve, Transfer } from "../../system/threads/threads.js";
import type { SearchJob } from "./best.js";
import type { Batch } from "./plan.js";
import { Search, type Share } from "./search.js";

let search: Search | undefined;

serve({
  async open(job: SearchJob) {
    await search?.close();
    search = await Search.open(job);
  },
  begin: (batch: Batch) => search!.begin(batch),
  async run(share: Share) {
    const squares = await search!.run(share);
    return new Transfer(squares, [squares.buffer as ArrayBuffer]);
  },
  best: () => search!.best(),
});
