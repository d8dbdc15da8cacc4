/**
 * Reads, checks and writes feature sets. The room `set` says what a set of features is: where each one's map comes from,
 * and the rules between them.
 */
import { dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { suggestion } from "../../system/nearest.js";
import { nameFault } from "../../system/paths/names.js";
import { rebased } from "../../system/paths/rebased.js";
import { describeIssues, mistakesText } from "../../system/schema/issues.js";
import { readYaml } from "../../system/schema/yaml.js";
import { repeatedIn } from "../../system/unique.js";
import { meansFile } from "../../train/experiment/startChoice.js";
import { knownParticle } from "./particles.js";
import { type Feature, type FeatureSet, featureSetSchema } from "./schema.js";

/** Where every key is explained, for the end of a message. */
const reference = "docs/features.md explains every key";

/**
 * Reads a feature set; paths in it become relative to the working directory.
 *
 * @throws PickbenchError BadUsage that names every mistake in it
 */
export async function readFeatureSet(path: string): Promise<FeatureSet> {
  const content = await readYaml(path, { file: "a feature set's YAML", reference });
  return checkFeatureSet(withPaths(content, dirname(path), "."), path);
}

/**
 * Checks a feature set given as plain data, with paths relative to the working directory; `origin` names it in errors.
 *
 * @throws PickbenchError BadUsage that names every mistake in it
 */
export function checkFeatureSet(content: unknown, origin: string): FeatureSet {
  const parsed = featureSetSchema.safeParse(content);
  if (!parsed.success) {
    const issues = describeIssues(parsed.error.issues, content, featureSetSchema);
    throw bad(origin, mistakesText(issues, reference), parsed.error);
  }
  const mistakes = [...featureMistakes(parsed.data), ...ruleMistakes(parsed.data)];
  if (mistakes.length > 0) throw bad(origin, mistakesText(mistakes, reference));
  return parsed.data;
}

/** Returns a feature set whose paths are relative to a folder, as a file in it would name them. */
export const setForFolder = (set: FeatureSet, folder: string): FeatureSet =>
  withPaths(set, ".", folder) as FeatureSet;

/** Writes a feature set as YAML for a file in `folder`, with comment lines above; defaults are left out. */
export function featureSetYaml(set: FeatureSet, folder: string, comment: readonly string[] = []): string {
  const given = setForFolder(set, folder);
  const plain = featureSetSchema.parse({ features: [{ name: "a", maps: "b" }] });
  const feature = plain.features[0]!;
  const changed = {
    features: given.features.map((each) => ({ name: each.name, ...unlike(each, feature) })),
    ...unlike({ ...given, features: undefined }, plain),
  };
  return `${comment.map((line) => `# ${line}\n`).join("")}${stringify(changed)}`;
}

/** Returns the entries that differ from the defaults. */
const unlike = (values: object, defaults: object): object =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([key, value]) =>
        value !== undefined &&
        canonicalJson(value) !== canonicalJson((defaults as Readonly<Record<string, unknown>>)[key] ?? null),
    ),
  );

/** Returns a feature set without the paths of its files, whose contents are known by hashes. */
export const setByContent = (set: FeatureSet): unknown => ({
  ...set,
  features: set.features.map(({ model, maps, ...rest }) => ({
    ...rest,
    ...(model === undefined ? {} : { model: "" }),
    ...(maps === undefined ? {} : { maps: "" }),
  })),
});

/** Returns the files and folders that a set's features come from, and names of models that come along. */
export const placesInSet = ({ features }: FeatureSet): string[] => [
  ...new Set(features.flatMap(({ model, maps }) => model ?? maps ?? [])),
];

/** Hash of what a feature set says, its files' places aside. */
export const featureSetHash = (set: FeatureSet): string => hashOf(canonicalJson(setByContent(set)));

/** Rewrites the paths of a set's files from one folder to another, whatever else the content is. */
function withPaths(content: unknown, from: string, to: string): unknown {
  if (content === null || typeof content !== "object" || !("features" in content)) return content;
  const { features } = content;
  if (!Array.isArray(features)) return content;
  const placed = features.map((feature: unknown) => {
    if (feature === null || typeof feature !== "object") return feature;
    const { model, maps } = feature as { readonly model?: unknown; readonly maps?: unknown };
    const isFile = typeof model === "string" && model !== "" && meansFile(model, resolve(from, model));
    return {
      ...feature,
      ...(isFile ? { model: rebased(model, from, to) } : {}),
      ...(typeof maps === "string" && maps !== "" ? { maps: rebased(maps, from, to) } : {}),
    };
  });
  return { ...content, features: placed };
}

/** Names that mean something else: the label 0, and a channel that maps leave out. */
const reserved = ["unknown", "background"];

function featureMistakes({ features }: FeatureSet): string[] {
  const names = features.map(({ name }) => name);
  return [
    ...repeatedIn(names).map((name) => `features: ${name} stands there several times; name each once`),
    ...features.flatMap((feature, at) => sourceMistakes(feature, `features.${at}`)),
    ...features.flatMap(({ name, picking }, at) =>
      picking === undefined || picking.minSpacing !== undefined || knownParticle(name) !== undefined
        ? []
        : [
            `features.${at}.picking.minSpacing: ${name} is no particle whose radius is known; give the least Å between two of it`,
          ],
    ),
    ...features.flatMap(({ name }, at) => {
      const fault =
        nameFault(name) ?? (reserved.includes(name.toLowerCase()) ? "it means no feature" : undefined);
      return fault === undefined
        ? []
        : [`features.${at}.name: ${JSON.stringify(name)} cannot name a feature: ${fault}; name it otherwise`];
    }),
  ];
}

function sourceMistakes({ name, model, maps, output, channel, scale }: Feature, at: string): string[] {
  if ((model === undefined) === (maps === undefined))
    return [
      `${at}: ${name} has ${model === undefined ? "neither" : "both"} model ${model === undefined ? "nor" : "and"} maps; wanted one of them`,
    ];
  const unfit = model === undefined ? { output } : { channel, scale };
  return Object.entries(unfit).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [
          `${at}.${key}: ${name} comes from ${model === undefined ? "ready maps" : "a model"}, which has no ${key}; leave it out`,
        ],
  );
}

function ruleMistakes({ features, interactions, identity }: FeatureSet): string[] {
  const names = features.map(({ name }) => name);
  const unknown = (at: string, name: string): string[] =>
    names.includes(name)
      ? []
      : [
          `${at}: there is no feature ${JSON.stringify(name)}${suggestion(name, names) || `; there is ${names.join(", ")}`}`,
        ];
  const texts = interactions.map((each) => canonicalJson(each));
  return [
    ...interactions.flatMap((each, at) => [
      ...unknown(`interactions.${at}.feature`, each.feature),
      ...unknown(`interactions.${at}.with`, each.with),
      ...(each.feature === each.with
        ? [`interactions.${at}: ${each.feature} interacts with itself; wanted two features`]
        : []),
      ...(texts.indexOf(texts[at]!) < at
        ? [`interactions.${at}: says what interactions.${texts.indexOf(texts[at]!)} says; leave one out`]
        : []),
    ]),
    ...identity.priorities.flatMap((name, at) => unknown(`identity.priorities.${at}`, name)),
  ];
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadUsage", `${path}: ${what}`, { path, cause });
