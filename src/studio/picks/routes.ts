/** What the page asks of picks. */
import { bytes, json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { countAllRuns } from "./allRuns.js";
import { encodeAllRuns } from "./answer.js";
import { picksAnswer } from "./picksAnswer.js";
import type { PickSets } from "./sets.js";

/** Routes of picks: the sets of a run, one set's picks of it, and a set's counts over all runs of a truth. */
export const picksRoutes = (sets: PickSets): Route[] => [
  {
    method: "GET",
    path: "/api/runs/:run/picks",
    answer: async ({ params: { run } }) => json(await sets.list(run!)),
  },
  {
    method: "GET",
    path: "/api/runs/:run/picks/:set",
    answer: async ({ params: { run, set } }) =>
      json(picksAnswer(await sets.nameOf(set!), await sets.read(set!, run!))),
  },
  {
    method: "GET",
    path: "/api/verdicts/:truth/:set",
    answer: async ({ params: { truth, set }, signal }) =>
      bytes(encodeAllRuns(await countAllRuns(sets, { truth: truth!, set: set!, signal }))),
  },
];
