/** What the page asks of suggestions and trainings. */
import { join, resolve } from "node:path";
import { z } from "zod";
import { findRun } from "../../data/dataset.js";
import type { Dataset, TomogramRef } from "../../data/model.js";
import { resolveTomogram } from "../../data/tomograms/omeZarr.js";
import { json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import { type Annotator, sessionHash } from "../annotations/places.js";
import { bodyOf } from "../annotations/routes.js";
import type { Annotations } from "../annotations/session.js";
import type { Opened } from "../opened.js";
import type { Jobs } from "./jobs.js";
import { knownModels, modelNamed, trainingsIn } from "./models.js";
import { suggestPlan } from "./suggesting.js";
import { curveOf, trainPlan } from "./training.js";

const wanted = {
  run: z.string(),
  /** Which of the run's tomograms: its reconstruction. */
  tomogram: z.string(),
};
const suggestSchema = z.strictObject({ ...wanted, model: z.string() });
const trainSchema = z.strictObject({
  ...wanted,
  model: z.string().optional(),
  budget: z.string().regex(/^\d{1,6}(?:\.\d{1,3})?(?:s|m|h| steps)$/, "a time such as 10m, or 200 steps"),
});

/** What jobs need. */
export interface Assisted {
  readonly opened: Opened;
  readonly dataset: Dataset;
  readonly annotations: Annotations;
  readonly jobs: Jobs;
  /** Flags of the commands besides. */
  readonly flags: readonly string[];
}

/** Routes of jobs. */
export const assistRoutes = (assisted: Assisted): Route[] => {
  const { opened, dataset, annotations, jobs, flags } = assisted;
  const shared = { annotations, data: dataset.root, flags };
  return [
    {
      method: "GET",
      path: "/api/assist",
      answer: async () => {
        const models = (await knownModels(opened)).map(({ name }) => name);
        const all = await Promise.all(
          jobs.list().map(async (job) => ({
            ...job,
            curve: job.kind === "train" ? await curveOf(jobs.plan(job.id).folder).catch(() => []) : [],
          })),
        );
        return json({ models, jobs: all });
      },
    },
    {
      method: "POST",
      path: "/api/assist/suggest",
      answer: async (call) => {
        const { run, tomogram, model } = await bodyOf(call, suggestSchema);
        const { tomoType } = tomogramOf(dataset, run, tomogram);
        const folder = await suggestionsFolder(opened.out, annotations.annotator);
        const chosen = await modelNamed(opened, model);
        const { particles } = dataset;
        const plan = suggestPlan({ ...shared, particles, run, tomogram: tomoType, model: chosen, folder });
        return json(jobs.start(plan));
      },
    },
    {
      method: "POST",
      path: "/api/assist/train",
      answer: async (call) => {
        const { run, tomogram, model, budget } = await bodyOf(call, trainSchema);
        jobs.checkFree();
        const ref = tomogramOf(dataset, run, tomogram);
        const { shape } = (await resolveTomogram(ref, dataset.access)).levels[0]!;
        const chosen = model === undefined ? undefined : await modelNamed(opened, model);
        const { name, folder } = await newTraining(opened.out);
        const request = { ...shared, tomogram: ref.tomoType, shape, model: chosen, budget, name, folder };
        return json(jobs.start(await trainPlan(request)));
      },
    },
    {
      method: "DELETE",
      path: "/api/assist/:id",
      answer: async ({ params }) => {
        await jobs.stop(params.id!);
        return json({ jobs: jobs.list() });
      },
    },
  ];
};

/** Finds a tomogram that the data set lists. */
function tomogramOf(dataset: Dataset, run: string, type: string): TomogramRef {
  const found = findRun(dataset, run).tomograms.find(({ tomoType }) => tomoType === type);
  if (found) return found;
  throw new PickbenchError("BadUsage", `${run} has no tomogram ${type.slice(0, 60)}`);
}

/** Returns the folder of a session's suggestions, which no other studio writes into, whatever it has as `--out`. */
const suggestionsFolder = async (out: string, annotator: Annotator): Promise<string> =>
  resolve(out, "suggestions", await sessionHash(annotator));

/** Returns name and folder of the next training. */
async function newTraining(out: string): Promise<{ name: string; folder: string }> {
  const [last] = await trainingsIn(out);
  const number = last === undefined ? 1 : Number(last.slice("train-".length)) + 1;
  const name = `train-${number}`;
  return { name, folder: resolve(join(out, name)) };
}
