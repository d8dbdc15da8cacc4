/** Bench part: scoring a submission, beside SciPy. */
import { join } from "node:path";
import { z } from "zod";
import { rounded } from "../../domain/numbers.js";
import { challengeParticles, type ParticlePick } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import { angstrom } from "../../domain/units.js";
import { readPositions, scoreSubmission, writeSubmission } from "../../score/submissionCsv.js";
import type { Reporter } from "../../system/reporter.js";
import { type BenchPart, measured } from "../measured.js";
import { alternatingMedians, timeOf } from "../medians.js";
import { findPython, peerModules, runPeer } from "../peer.js";
import { withScratchFolder } from "../scratch.js";
import { ownProcess } from "./start.js";

/** Number of experiments, as in the challenge's hidden test, with 300 predictions each. */
const experiments = 500;
const picksPerType = 50;
/** Size of a tomogram in Å along z, y, x. */
const extent = [1842, 6308, 6308] as const;
const answer = z.object({ seconds: z.number().positive(), score: z.number() });

type Picks = Map<string, ParticlePick[]>;

/**
 * Times scoring a submission against a truth, both CSVs: the whole process from start to end, which is what a user
 * waits for, and the part from the first byte read to the score, as each program times itself.
 */
export const part: BenchPart = {
  async run({ steps, peers, reporter, peak }) {
    const python = peers ? await findPython(peerModules.scipy) : null;
    if (peers && python === null)
      reporter.note("no python3 with scipy is installed: scoring is timed without its peer");
    const rows = experiments * picksPerType * challengeParticles.length;
    reporter.note(`score: ${rows} rows`);
    return withScratchFolder(reporter, async (folder) => {
      const files: Files = { truth: join(folder, "truth.csv"), submission: join(folder, "submission.csv") };
      const particles = randomPicks();
      await writeSubmission(files.truth, particles);
      await writeSubmission(files.submission, jittered(particles));
      const score = await scoreOf(files);
      const whole = await alternatingMedians(
        steps,
        () => ownProcess(["score", files.submission, "--truth", files.truth]),
        python === null ? null : () => timeOf(() => peerTime(reporter, python, files, score)),
        { ours: true, peer: true },
      );
      const inside = await alternatingMedians(
        steps,
        async () => void (await scoreOf(files)),
        python === null ? null : () => peerTime(reporter, python, files, score),
        { peer: true },
      );
      return [
        {
          rows,
          score: rounded(score, 6),
          peer: python && "scipy",
          ...measured("process", whole, {}, peak),
          ...measured("score", inside, {}, peak),
        },
      ];
    });
  },
};

interface Files {
  readonly truth: string;
  readonly submission: string;
}

async function scoreOf({ truth, submission }: Files): Promise<number> {
  const positions = await readPositions(truth, { kind: "truth" });
  return (await scoreSubmission(submission, positions)).score;
}

/**
 * Returns the milliseconds by the peer's own clock, which starts when its modules are loaded. @throws Error for another
 * score
 */
async function peerTime(
  reporter: Reporter,
  python: string,
  { truth, submission }: Files,
  score: number,
): Promise<number> {
  const result = answer.parse(await runPeer(reporter, python, "score_scipy.py", [truth, submission]));
  if (Math.abs(result.score - score) > 1e-9)
    throw new Error(`the score is ${score}, the peer's ${result.score}`);
  return result.seconds * 1000;
}

function randomPicks(): Picks {
  const picks: Picks = new Map();
  for (let experiment = 0; experiment < experiments; experiment++) {
    const random = randomFor(0, "bench/picks", experiment);
    const list = challengeParticles.flatMap(({ name }) =>
      Array.from({ length: picksPerType }, () => ({
        type: name,
        z: angstrom(random.between(0, extent[0])),
        y: angstrom(random.between(0, extent[1])),
        x: angstrom(random.between(0, extent[2])),
      })),
    );
    picks.set(`TS_${experiment}`, list);
  }
  return picks;
}

/** Moves each pick by some tens of Å, so that some miss. */
function jittered(picks: Picks): Picks {
  const random = randomFor(0, "bench/jitter");
  const moved = (value: number) => angstrom(value + 30 * random.normal());
  const list = (of: ParticlePick[]) =>
    of.map(({ type, x, y, z }) => ({ type, x: moved(x), y: moved(y), z: moved(z) }));
  return new Map([...picks].map(([experiment, of]) => [experiment, list(of)]));
}
