/** A worker thread that scores masks, so that the main one stays free for progress and signals. */
import { openPool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import type { MaskPair, MaskScore } from "./maskScore.js";

/** Scores masks one after another: two at once would take twice the memory. */
export interface MaskPool {
  /** Scores as `scoreMask` does; masks in shared memory are not copied. */
  score(pair: MaskPair): Promise<MaskScore>;
  /** Ends the thread once it is done. */
  close(): Promise<void>;
}

/** Opens a pool, whose thread starts with the first pair. */
export function openMaskPool(): MaskPool {
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads: 1, atOnce: 0 });
  return { score: (pair) => pool.run(pair), close: () => pool.close() };
}
