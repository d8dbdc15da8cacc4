/** Times one engine's training step or inference, in a process of its own: a driver may take the process down, or never return. */
import { Worker } from "node:worker_threads";
import { type EngineName, engineNames } from "../../engines/engine.js";
import { deviceFault } from "../../engines/faults.js";
import { builtModule } from "../../system/threads/threads.js";
import { openInference, openTraining } from "../training.js";

/** What is timed. */
export interface MeasureJob {
  readonly engine: EngineName;
  readonly net: string;
  readonly outputs: number;
  /** Edge of the cubic patch, voxels. */
  readonly size: number;
  readonly threads: number;
  readonly work: "train" | "infer";
  /** Most timed runs, and the time in ms after which no further one begins; one is timed at least. */
  readonly runs: number;
  readonly enoughMs: number;
}

/** What came of it. */
export type MeasureAnswer =
  | {
      /** Time until the graph was loaded, and of the first run, in which engines make themselves ready, ms. */
      readonly openMs: number;
      readonly firstMs: number;
      readonly times: readonly number[];
    }
  | { readonly failure: string };

async function timed({ work, net, outputs, size, threads, engine, runs, enoughMs }: MeasureJob) {
  const clock = () => performance.now();
  const from = clock();
  const open = work === "train" ? openTraining : openInference;
  const workload = await open({ architecture: net, outputs }, [size, size, size], threads, engine);
  const openMs = clock() - from;
  const run = async (): Promise<number> => {
    const begun = clock();
    await workload.run();
    return clock() - begun;
  };
  const firstMs = await run();
  const times: number[] = [];
  const begun = clock();
  do times.push(await run());
  while (times.length < runs && clock() - begun < enoughMs);
  return { openMs, firstMs, times };
}

const { parent, ...job } = JSON.parse(process.argv[2]!) as MeasureJob & { readonly parent: number };
new Worker(builtModule(import.meta.url, "./parentWorker.js"), { workerData: parent }).unref();
if (!engineNames.includes(job.engine)) throw new TypeError(`${job.engine} is no engine`);
const answer: MeasureAnswer = await timed(job).catch((error: unknown) => ({
  failure: deviceFault(job.engine, error).reason,
}));
process.send!(answer, () => process.exit(0));
