import { join } from "node:path";
import { z } from "zod";
import { challengeParticles, type Pick } from "../particles.js";
import { randomFor } from "../random.js";
import { readPositions, scoreSubmission, writeSubmission } from "../score/submissionCsv.js";
import { angstrom } from "../units.js";
import { alternatingMedians } from "./medians.js";
import { type BenchPart, ratio, rounded } from "./part.js";
import { findPython, runPeer } from "./peer.js";
import { withScratchFolder } from "./scratch.js";

/** As many as the challenge's hidden test had. */
const experiments = 500;
const picksPerType = 40;
/** Å, of a tomogram along z, y, x. */
const extent = [1842, 6308, 6308] as const;
const answer = z.object({ seconds: z.number().positive(), score: z.number() });

type Picks = Map<string, Pick[]>;

/** A submission scored against a truth, both CSVs, from the first byte read to the score. */
export const part: BenchPart = {
  async run({ steps, peers, note }) {
    const python = peers ? await findPython(["numpy", "scipy"]) : null;
    if (peers && python === null)
      note("no python3 with scipy is installed: scoring is timed without its peer");
    const rows = experiments * picksPerType * challengeParticles.length;
    note(`score: ${rows} rows`);
    return withScratchFolder(async (folder) => {
      const [truth, submission] = [join(folder, "truth.csv"), join(folder, "submission.csv")];
      const particles = randomPicks();
      await writeSubmission(truth, particles);
      await writeSubmission(submission, jittered(particles));
      let score = 0;
      const ours = async () => {
        const read = await readPositions(truth, { kind: "truth" });
        score = (await scoreSubmission(submission, read)).score;
      };
      const peer =
        python === null
          ? null
          : async () => {
              const result = answer.parse(await runPeer(python, "score_scipy.py", [truth, submission]));
              if (score !== 0 && Math.abs(result.score - score) > 1e-9)
                throw new Error(`the score is ${score}, the peer's ${result.score}`);
              return result.seconds * 1000;
            };
      const median = await alternatingMedians(steps, ours, peer);
      return [
        {
          rows,
          score: rounded(score, 6),
          score_ms: rounded(median.ours, 1),
          peer: python && "scipy",
          peer_score_ms: median.peer && rounded(median.peer, 1),
          score_ratio: ratio(median.ours, median.peer),
        },
      ];
    });
  },
};

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

/** Each pick moved by some tens of Å, so that some miss. */
function jittered(picks: Picks): Picks {
  const random = randomFor(0, "bench/jitter");
  const moved = (value: number) => angstrom(value + 30 * random.normal());
  const list = (of: Pick[]) =>
    of.map(({ type, x, y, z }) => ({ type, x: moved(x), y: moved(y), z: moved(z) }));
  return new Map([...picks].map(([experiment, of]) => [experiment, list(of)]));
}
