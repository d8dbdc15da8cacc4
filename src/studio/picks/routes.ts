/** What the page asks of picks. */
import { bytes, json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { countAllRuns } from "./allRuns.js";
import { encodeAllRuns } from "./answer.js";
import { picksAnswer } from "./picksAnswer.js";
import type { PickSets } from "./sets.js";

/** Routes of picks: the sets of a run, one set's picks of it, and a set's counts over all runs of a truth. */
export const picksRoutes = (sets: PickSets, runs: readonly string[]): Route[] => [
  {
    method: "GET",
    path: "/api/runs/:run/picks",
    answer: async ({ params: { run } }) => json(await sets.list(run!)),
    still: async () => runs.map((run) => ({ run })),
  },
  {
    method: "GET",
    path: "/api/runs/:run/picks/:set",
    answer: async ({ params: { run, set } }) =>
      json(picksAnswer(await sets.nameOf(set!), await sets.read(set!, run!))),
    still: async () => (await Promise.all(runs.map((run) => readableSets(sets, run)))).flat(),
  },
  {
    method: "GET",
    path: "/api/verdicts/:truth/:set",
    answer: async ({ params: { truth, set }, signal }) =>
      bytes(encodeAllRuns(await countAllRuns(sets, { truth: truth!, set: set!, signal }))),
    still: () => judgedPairs(sets, runs),
  },
];

async function readableSets(sets: PickSets, run: string): Promise<{ run: string; set: string }[]> {
  const listed = await sets.list(run);
  return listed.filter(({ trouble }) => trouble === undefined).map(({ id }) => ({ run, set: id }));
}

/** Lists every set beside every truth. */
async function judgedPairs(
  sets: PickSets,
  runs: readonly string[],
): Promise<{ truth: string; set: string }[]> {
  const readable = await Promise.all(runs.map((run) => readableSets(sets, run)));
  const ids = [...new Set(readable.flat().map(({ set }) => set))];
  const isTruth = await Promise.all(ids.map(async (id) => (await sets.nameOf(id)).isTruth));
  const truths = ids.filter((_, at) => isTruth[at]);
  return truths.flatMap((truth) => ids.map((set) => ({ truth, set })));
}
