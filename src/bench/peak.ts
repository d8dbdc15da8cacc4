import { availableParallelism } from "node:os";
import { Emitter } from "../engines/onnx/graph/emitter.js";
import { openSession } from "../engines/onnx/session.js";
import { sharedFloats } from "../formats/sharedFloats.js";
import { builtModule, startThread } from "../system/threads.js";
import { timeOf } from "./medians.js";

/** What this machine can do at most, measured: other programs that run beside make it less. */
export interface Peak {
  /** 10⁹ operations a second of a large float32 matrix product. */
  readonly gflopPerS: number;
  /** 10⁶ bytes a second of a large copy, each byte counted once. */
  readonly copyMbPerS: number;
  /** Of both: as many as there are processors. */
  readonly threads: number;
}

interface PeakSizes {
  /** Rows and columns of both factors. */
  readonly matrix: number;
  /** Values that are copied. */
  readonly copied: number;
  /** Timed runs at most, of which the best counts. */
  readonly runs: number;
}

/** Far beyond every cache, and done in about a second. */
const usualSizes: PeakSizes = { matrix: 2048, copied: 2 ** 26, runs: 7 };
/** Of timed runs; a machine that is busy with other things does not get better by waiting. */
const enoughMs = 1000;

export async function measurePeak(sizes: PeakSizes = usualSizes): Promise<Peak> {
  const threads = availableParallelism();
  return {
    gflopPerS: await productSpeed(sizes, threads),
    copyMbPerS: await copySpeed(sizes, threads),
    threads,
  };
}

/** Through ONNX Runtime, which every network runs by. */
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

/** What one thread copies: a part of the values. */
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

/** The least milliseconds of several runs, after one that does not count; of fewer where they take long. */
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
