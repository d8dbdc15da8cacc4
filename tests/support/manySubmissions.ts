/** Folders of submissions by the thousand, for tests of the leaderboard's time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { randomFor } from "../../src/domain/random.js";
import type { RunRecord } from "../../src/domain/record.js";
import { angstrom } from "../../src/domain/units.js";
import { runReport } from "../../src/score/report.js";
import { scorePicks } from "../../src/score/score.js";
import { canonicalJson, hashOf } from "../../src/system/files.js";

/** What the submissions are like. */
interface ManySubmissions {
  readonly count: number;
  /** Held-out runs of each. */
  readonly runs?: number;
  /** Data sets that they are spread over. */
  readonly dataSets?: number;
}

/** Writes records and reports of submissions that never ran, each of other scores, into `root`. */
export function writeManySubmissions(root: string, { count, runs = 7, dataSets = 1 }: ManySubmissions): void {
  const names = Array.from({ length: runs }, (_, at) => `TS_${at}`);
  const types = challengeParticles.map(({ name }) => name);
  const all = new Map(names.map((run) => [run, particlesOf(run, types)]));
  for (let at = 0; at < count; at++) {
    const random = randomFor(at, "many submissions");
    const skill = 0.3 + 0.6 * random.uniform();
    const picks = new Map(
      [...all].map(([run, truth]) => [run, truth.filter(() => random.uniform() < skill)]),
    );
    const holdout = scorePicks(all, picks);
    const name = `experiment-${Math.floor(at / 2)}${at % 2 ? "-seed1" : ""}`;
    const folder = join(root, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "report.json"), JSON.stringify(runReport(name, { holdout })));
    const files = names.map((run) => ({ path: `${at % dataSets}/${run}/denoised.zarr`, size: 1 }));
    const record = recordOf(name, at, names, files, holdout.score);
    writeFileSync(join(folder, "record.json"), JSON.stringify(record));
  }
}

const particlesOf = (run: string, types: readonly string[]): ParticlePick[] =>
  types.flatMap((type, t) => {
    const random = randomFor(t, run);
    return Array.from({ length: 20 }, () => ({
      type,
      x: angstrom(6000 * random.uniform()),
      y: angstrom(6000 * random.uniform()),
      z: angstrom(1800 * random.uniform()),
    }));
  });

function recordOf(
  name: string,
  at: number,
  runs: readonly string[],
  files: RunRecord["data"]["files"],
  score: number,
) {
  const own = name.replace("-seed1", "");
  const resolved = { name: own, seed: at % 2, optimiser: { rate: 1e-3 * (1 + Math.floor(at / 2)) } };
  return {
    recordVersion: 1,
    name: own,
    experiment: { hash: hashOf(canonicalJson(resolved)), resolved },
    code: { commit: null, dirty: null, lockfileHash: null },
    data: { hash: hashOf(canonicalJson(files)), files },
    runs: { train: ["TS_A"], tune: ["TS_B"], holdout: [...runs] },
    network: "unet3d",
    seed: at % 2,
    engine: "onnx-cpu",
    versions: { pickbench: "0.1.0", node: "20.20.2", onnxruntime: "1.30.0" },
    machine: { cpu: "a processor", cores: 2, memoryBytes: 8e9, os: "linux" },
    command: ["run", `${name}.yaml`],
    startedAt: "2026-11-21T06:14:27.501Z",
    result: {
      finishedAt: "2026-11-21T07:14:27.501Z",
      metrics: { score },
      durations: { train: 60 + at, predict: 70 },
      checkpointHash: null,
      parameters: 1_000_000 + at,
    },
  } satisfies RunRecord;
}
