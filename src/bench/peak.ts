/** The machine's peak: a matrix product and a memory copy, measured. */
import { availableParallelism } from "node:os";
import { Emitter } from "../engines/onnx/graph/emitter.js";
import { openSession } from "../engines/onnx/session.js";
import { sharedFloats } from "../formats/sharedFloats.js";
import { builtModule, startThread } from "../system/threads/threads.js";
import { timeOf } from "./medians.js";

/** Measured peak of this machine; other programs that run beside lower it. */
export interface Peak {
  /** Speed of a large float32 matrix product, 10⁹ operations a second. */
  readonly gflopPerS: number;
  /** Speed of a large copy, 10⁶ bytes a second, each byte counted once. */
  readonly copyMbPerS: number;
  /** Threads of both measurements: as many as there are processors. */
  readonly threads: number;
}

interface PeakSizes {
  /** Number of rows and columns of both factors. */
  readonly matrix: number;
  /** Number of values to copy. */
  readonly copied: number;
  /** Greatest number of timed runs, of which the best counts. */
  readonly runs: number;
}

/** Sizes far beyond every cache, finished in about a second. */
const usualSizes: PeakSizes = { matrix: 2048, copied: 2 ** 26, runs: 7 };
/** Total of timed runs that is enough; a machine busy with other work does not improve by waiting. */
const enoughMs = 1000;

/** Measures the machine's peak on all processors. */
export async function measurePeak(sizes: PeakSizes = usualSizes): Promise<Peak> {
  const threads = availableParallelism();
  return {
    gflopPerS: await productSpeed(sizes, threads),
    copyMbPerS: await copySpeed(sizes, threads),
    threads,
  };
}

/** Measures the matrix product through ONNX Runtime, which runs every network. */
async function productSpeed({ matrix, runs }: PeakSizes, threads: number): Promise<number> {
  const e = new Emitter();
  const dims = [matrix, matrix];
  e.output("c", e.op("MatMul", [e.input("a", dims), e.input("b", dims)], dims));
  const session = await openSession(e.parts(), { threads });
  const factor = { data: new Float32Array(matrix * matrix).fill(0.5), dims };
  const ms = await least(runs, () => session.run({ a: factor, b: factor }));
  await session.release();
  return (2 * matrix ** 3) / 1e6 / ms;
}

/** The part of the values that one thread copies. */
export interface CopyRequest {
  readonly from: Float32Array;
  readonly to: Float32Array;
}

async function copySpeed({ copied, runs }: PeakSizes, threads: number): Promise<number> {
  const [from, to] = [sharedFloats(copied), sharedFloats(copied)];
  const copiers = Array.from({ length: threads }, () =>
    startThread(builtModule(import.meta.url, "./copyWorker.js")),
  );
  try {
    await Promise.all(
      copiers.map((copier, k) => {
        const part = [Math.floor((k * copied) / threads), Math.floor(((k + 1) * copied) / threads)] as const;
        return copier.call("open", {
          from: from.subarray(...part),
          to: to.subarray(...part),
        } satisfies CopyRequest);
      }),
    );
    const ms = await least(runs, () => Promise.all(copiers.map((copier) => copier.call("copy", null))));
    return from.byteLength / 1e3 / ms;
  } finally {
    await Promise.all(copiers.map((copier) => copier.close()));
  }
}

/** Returns the least milliseconds of several runs after one warm-up run; of fewer where they take long. */
async function least(runs: number, run: () => Promise<unknown>): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  for (let done = 0; done < runs && spent < enoughMs; done++) {
    const ms = await timeOf(run);
    best = Math.min(best, ms);
    spent += ms;
  }
  return best;
}
