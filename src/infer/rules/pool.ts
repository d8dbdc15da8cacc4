/** Dilation in several threads. */
import { availableParallelism } from "node:os";
import { openPool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import { type Bits, makeBits } from "./bits.js";
import { type Dilate, makeReaches, type Reach, type Reaches } from "./dilation.js";

/** Threads that dilate. */
export interface Dilation {
  readonly dilate: Dilate;
  close(): Promise<void>;
}

/** Part of a dilation: the reaches of some slices, or the rows that reaches cover. */
export interface DilationWork {
  readonly bits: Bits;
  readonly reach: Reach | null;
  readonly range: readonly [number, number];
  readonly reaches: Reaches;
}

/** Starts threads with the first work; as many as processors unless said otherwise. */
export function openDilation(threads: number = availableParallelism()): Dilation {
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads, atOnce: 0 });
  const share = (length: number, work: Omit<DilationWork, "range">): Promise<unknown> =>
    Promise.all(
      rangesOf(length, 4 * threads).map((range) => pool.run({ ...work, range } satisfies DilationWork)),
    );
  return {
    async dilate(bits, reach) {
      const reaches = makeReaches(bits.shape);
      await share(bits.shape[0], { bits, reach, reaches });
      const out = makeBits(bits.shape);
      await share(bits.shape[1], { bits: out, reach: null, reaches });
      return out;
    },
    close: () => pool.close(),
  };
}

/** Cuts a length into at most so many ranges. */
function rangesOf(length: number, count: number): [number, number][] {
  const step = Math.ceil(length / count);
  return Array.from({ length: Math.ceil(length / step) }, (_, at) => [
    at * step,
    Math.min(length, (at + 1) * step),
  ]);
}
