/** Whole commands on every engine: a tomogram by `submit`, and a `run` of fixed steps. */
import { join } from "node:path";
import { z } from "zod";
import { rounded } from "../../domain/numbers.js";
import { challengeShape, type Shape3, voxelCount } from "../../domain/volume.js";
import { checkpointsToMeasure, describeCheckpoints } from "../detector.js";
import { type BenchRow, measured } from "../measured.js";
import { mediansOf } from "../medians.js";
import { tomogramPath, writeNoiseTomogram } from "../particleVolume.js";
import { runMeasured, runSubmit } from "../submitProcess.js";
import { inferenceSpeed } from "./networks.js";
import type { CardScene, MeasuredEngine, Outcome } from "./scene.js";
import { scaledShape, type TrainedSubject, writeTrained } from "./subjects.js";

/** Share of a submission's time that its tomogram is scaled to take: the rest is for starting, reading, picking and doubt. */
const planned = 0.35;
/** Share of tiles that is not computed twice, about. */
const useful = 0.6;
/** Voxels per s where no inference of that network was measured. */
const unknownSpeed = 50_000;

/** Steps of a run: as many in a short bench as show that it runs. */
const stepsOfRun = { short: 8, usual: 40 } as const;
const shortMs = 240_000;

/** Times a tomogram from Zarr to CSV on every engine, scaled so that it should end in time. */
export async function measureSubmissions(scene: CardScene, folder: string): Promise<void> {
  const { options, engines, timetable } = scene;
  timetable.begin(0.8, engines.length);
  if (scene.isStopped) return;
  const checkpoints = await checkpointsToMeasure(options.checkpoints, folder);
  const { networks } = await describeCheckpoints(checkpoints, options);
  const written = new Map<string, string>();
  for (const engine of engines) {
    const what = `${engine.engine}, submit`;
    let shape: Shape3 = challengeShape;
    const outcome = await scene.attempt(what, async (limitMs, signal) => {
      const speed = inferenceSpeed(scene, engine.engine, networks) ?? unknownSpeed;
      const voxels = speed * useful * planned * (limitMs / 1000);
      shape = scaledShape(options.volume ?? challengeShape, voxels);
      const data = written.get(String(shape)) ?? join(folder, shape.join("x"));
      if (!written.has(String(shape))) await writeNoiseTomogram(tomogramPath(data, "TS_1"), shape, signal);
      written.set(String(shape), data);
      const { allowCode, threads } = options;
      const out = join(folder, `${engine.engine}.csv`);
      const request = { checkpoints, allowCode, data, run: "TS_1", out, engine: engine.engine, threads };
      return runSubmit(request, scene.reporter, signal);
    });
    add(scene, engine, "submit", outcome, { net: networks, tomogram: shape.join("×") }, (cost) => {
      const work = { voxels: voxelCount(shape) };
      return {
        ...measured("submit", mediansOf([cost.ms], null), work, options.peak),
        picks: cost.picks,
        voxels: voxelCount(shape),
        ...used(cost),
      };
    });
  }
}

const ran = z.object({ durations: z.record(z.string(), z.number()) });

/** Times a whole run of the same steps on every engine: training, thresholds, prediction, picks, score. */
export async function measureRuns(scene: CardScene, folder: string): Promise<void> {
  const { options, engines, timetable } = scene;
  timetable.begin(1, engines.length);
  if (scene.isStopped) return;
  const [net, size] = [options.nets[0]!, Math.min(...options.sizes)];
  const steps = options.limitMs < shortMs ? stepsOfRun.short : stepsOfRun.usual;
  let subject: TrainedSubject | undefined;
  for (const engine of engines) {
    const outcome = await scene.attempt(`${engine.engine}, run of ${steps} steps`, async (_, signal) => {
      subject ??= await writeTrained(folder, { net, size, steps, most: options.volume });
      const { experiment, data } = subject;
      const flags = {
        ...{ data, engine: engine.engine, threads: options.threads },
        out: join(folder, `run-${engine.engine}`),
        submissions: join(folder, `submissions-${engine.engine}`),
      };
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
      return runMeasured("run", [experiment, ...args, "--quiet"], scene.reporter, signal);
    });
    add(scene, engine, "run", outcome, { net, size }, ({ stdout, ...cost }) => {
      const { train = 0 } = ran.parse(JSON.parse(stdout)).durations;
      return {
        ...measured("run", mediansOf([cost.ms], null), {}, options.peak),
        steps,
        run_train_s: rounded(train, 1),
        ...used(cost),
      };
    });
  }
}

const used = ({ cpuMs, peakMb }: { readonly cpuMs: number; readonly peakMb: number }): BenchRow => ({
  cpu_s: rounded(cpuMs / 1000, 1),
  peak_mb: rounded(peakMb, 0),
});

/** Adds a row of a whole command, or of why it failed. */
function add<T>(
  scene: CardScene,
  engine: MeasuredEngine,
  what: string,
  outcome: Outcome<T> | undefined,
  about: BenchRow,
  fields: (result: T) => BenchRow,
): void {
  if (outcome === undefined) return;
  scene.rows.push({
    what,
    ...about,
    engine: engine.engine,
    runs_on: engine.runsOn,
    ...engine.card,
    threads: scene.options.threads,
    ...("result" in outcome
      ? { ...fields(outcome.result), [`${what}_card_mib`]: scene.cardMiB(engine), failed: null }
      : { failed: outcome.failed }),
  });
}
