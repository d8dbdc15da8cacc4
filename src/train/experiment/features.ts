/** The features of an experiment: defaults that they change, what they exclude, and paths of their masks. */
import { dirname } from "node:path";
import { type Feature, featureMistakes, featuresOf } from "../../data/masks/features.js";
import { isMapping } from "../../system/mapping.js";
import { rebased } from "../../system/paths/rebased.js";
import type { Experiment } from "./schema.js";

/** Returns an experiment's features, names alone with what they mean by default. */
export const experimentFeatures = ({ features }: Pick<Experiment, "features">): readonly Feature[] =>
  featuresOf(features);

/** Returns the names of an experiment's features. */
export const featureNames = (experiment: Pick<Experiment, "features">): readonly string[] =>
  experimentFeatures(experiment).map(({ name }) => name);

/** Returns an experiment's content with `output: sigmoid` where it has features and says nothing else. */
export function withFeatureOutput(content: unknown): unknown {
  if (typeof content !== "object" || content === null) return content;
  const { features, output } = content as { readonly features?: unknown; readonly output?: unknown };
  return Array.isArray(features) && output === undefined ? { ...content, output: "sigmoid" } : content;
}

/** Says what does not go with an experiment's features, or with none, a sentence each. */
export function featuresMistakes(experiment: Experiment): string[] {
  const { types, output, head } = experiment;
  const features = experimentFeatures(experiment);
  if (features.length === 0)
    return types?.length === 0
      ? ["types: got a list of 0, wanted one type or more, or features beside it"]
      : [];
  return [
    ...featureMistakes(features),
    ...(output === "sigmoid"
      ? []
      : [
          `output: ${output} does not go with features, of which a voxel may have several or none; wanted sigmoid`,
        ]),
    ...(head.offsets
      ? [
          "head.offsets: offsets lead to particles, and features have none; leave features or head.offsets out",
        ]
      : []),
    ...features.flatMap(({ name }) =>
      types?.includes(name)
        ? [`features: ${name} is among the types too; learn it as a type or as a feature`]
        : [],
    ),
  ];
}

type Path = (path: string) => string;

/** Returns features with all paths of their masks, boxes and annotated volumes changed; others' form is left as it is. */
function withPaths(features: unknown, change: Path): unknown {
  if (!Array.isArray(features)) return features;
  const changed = (value: unknown) => (typeof value === "string" ? change(value) : value);
  return features.map((feature: unknown) => {
    if (!isMapping(feature)) return feature;
    const { masks, annotated } = feature;
    const places = isMapping(annotated)
      ? {
          ...annotated,
          ...("boxes" in annotated ? { boxes: changed(annotated.boxes) } : {}),
          ...("mask" in annotated ? { mask: changed(annotated.mask) } : {}),
        }
      : annotated;
    return {
      ...feature,
      ...(masks === undefined ? {} : { masks: changed(masks) }),
      ...(annotated === undefined ? {} : { annotated: places }),
    };
  });
}

/** Rewrites paths of masks, given relative to the experiment's file, as relative to the working directory. */
export const featuresFromExperiment = (experimentPath: string, features: unknown): unknown =>
  withPaths(features, (path) => rebased(path, dirname(experimentPath), "."));

/** Rewrites paths of masks, given relative to the working directory, as relative to a folder. */
export const featuresForFolder = (folder: string, features: Experiment["features"]): unknown =>
  withPaths(features, (path) => rebased(path, ".", folder));

/** Returns features without the paths of files, whose content the data's manifest has. */
export const featuresByContent = (features: Experiment["features"]): unknown => withPaths(features, () => "");
