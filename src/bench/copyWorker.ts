/** The worker thread of the memory copy that peak.ts measures. */
import { serve } from "../system/threads/threads.js";
import type { CopyRequest } from "./peak.js";

let part: CopyRequest;

serve({
  open(given: CopyRequest) {
    part = given;
  },
  copy() {
    part.to.set(part.from);
  },
});
