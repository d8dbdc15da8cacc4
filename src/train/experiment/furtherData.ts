/** The key `data.also` of an experiment: further data sets that training patches are drawn from. */
import { dirname } from "node:path";
import { z } from "zod";
import { isRemote } from "../../data/remote/address.js";
import { isMapping } from "../../system/mapping.js";
import { rebased } from "../../system/paths/rebased.js";

const furtherSchema = z.strictObject({
  /** Path relative to the experiment's own file, or an address. */
  data: z.string().min(1),
  /** Share of all patches. */
  share: z.number().gt(0).lt(1),
  /** Copick user whose picks are taken for the truth, such as `pickbench`; if absent, those of people. */
  user: z.string().min(1).optional(),
  /** Copick session of these picks. */
  session: z.string().min(1).optional(),
});

/** Further data sets, each with its share of the patches. */
export const alsoSchema = z
  .array(furtherSchema)
  .min(1)
  .optional()
  .describe(
    "further data sets to train on, such as simulated tomograms: `[{data: DIR, share: 0.3}]`, paths relative to the experiment's own file; this share of the patches is of their runs, all of which are trained on and none scored; types are mapped by name; `user` and `session` name picks to take for the truth, as in `user: pickbench` for those of a network",
  );

type Further = z.infer<typeof alsoSchema>;

/** Says what does not go with further data sets, a sentence each. */
export function alsoMistakes(also: Further, features: readonly unknown[] | undefined): string[] {
  if (!also) return [];
  const sum = also.reduce((total, { share }) => total + share, 0);
  return [
    ...(sum < 1
      ? []
      : [
          `data.also: got shares of ${sum} together, wanted less than 1, which the data set itself has the rest of`,
        ]),
    ...(features
      ? ["data.also: masks are read from the data set itself alone; leave features or data.also out"]
      : []),
  ];
}

/** Returns data with the paths of further data sets changed; what has another form is left as it is. */
function withPaths(data: unknown, change: (path: string) => string): unknown {
  if (!isMapping(data) || !Array.isArray(data.also)) return data;
  const also = data.also.map((each: unknown) =>
    isMapping(each) && typeof each.data === "string" ? { ...each, data: change(each.data) } : each,
  );
  return { ...data, also };
}

const moved = (from: string, to: string) => (path: string) =>
  isRemote(path) ? path : rebased(path, from, to);

/** Rewrites paths of further data sets, given relative to the experiment's file, as relative to the working directory. */
export const furtherFromExperiment = (experimentPath: string, data: unknown): unknown =>
  withPaths(data, moved(dirname(experimentPath), "."));

/** Rewrites paths of further data sets, given relative to the working directory, as relative to a folder. */
export const furtherForFolder = (folder: string, data: object): unknown =>
  withPaths(data, moved(".", folder));

/** Returns data without the paths of further data sets, whose files the manifest has. */
export const furtherByContent = (data: object): unknown => withPaths(data, () => "");
