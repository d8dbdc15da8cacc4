/**
 * Reads and checks experiments. The room `experiment` defines what an experiment's YAML may say: network, data, losses,
 * training, picking.
 */
import { existsSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Document, LineCounter } from "yaml";
import { architectureNamed } from "../../nets/library/catalogue.js";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { describeIssues, meantKeys, mistakesText } from "../../system/schema/issues.js";
import { plainContent, syntaxFault, yamlDocument } from "../../system/schema/yaml.js";
import { parseBudget } from "./budget.js";
import { reference } from "./experimentYaml.js";
import { checkExternal } from "./externalExperiment.js";
import {
  featuresByContent,
  featuresFromExperiment,
  featuresMistakes,
  withFeatureOutput,
} from "./features.js";
import { alsoMistakes, furtherByContent, furtherFromExperiment } from "./furtherData.js";
import { byContent, fromExperiment, isExternal } from "./networkChoice.js";
import { type Experiment, experimentSchema } from "./schema.js";
import { checkSearch, type SearchParameter } from "./searchSpace.js";
import { withSettings } from "./settings.js";
import { startByContent, startOf } from "./startChoice.js";
import { namesAsText } from "./yamlNames.js";

/** Keys that the command line sets in place of the file's. */
export interface ExperimentOverrides {
  readonly seed?: number | undefined;
  readonly budget?: string | undefined;
  readonly engine?: Experiment["engine"] | undefined;
  readonly splits?: Experiment["splits"] | undefined;
  /** Å per voxel of all tomograms, over what their files say. */
  readonly spacing?: number | undefined;
  /** What to begin with: a path from the working directory, or a model's name. */
  readonly from?: string | undefined;
  /** KEY.PATH=VALUE each, as if the value stood there in the file. */
  readonly set?: readonly string[] | undefined;
}

/** Reads, checks and freezes an experiment. @throws PickbenchError BadExperiment, naming the key */
export const readExperiment = async (
  path: string,
  overrides: ExperimentOverrides = {},
): Promise<Experiment> => (await readSearched(path, overrides)).experiment;

/** An experiment and the parameters under its key `search`, which are no part of the experiment or its hash. */
interface Searched {
  readonly experiment: Experiment;
  /** Null where the experiment has no search. */
  readonly parameters: readonly SearchParameter[] | null;
}

/** Reads, checks and freezes an experiment and its search. @throws PickbenchError BadExperiment, naming the key */
export async function readSearched(given: string, overrides: ExperimentOverrides = {}): Promise<Searched> {
  const path = experimentFile(given);
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    throw bad(
      path,
      `it cannot be read (${messageOf(error)}); give the path of an experiment's YAML, such as experiments/quickstart.yaml`,
      error,
    );
  }
  const lines = new LineCounter();
  const document = documentOf(text, lines, path);
  const fault = syntaxFault(document, lines);
  if (fault !== undefined) throw bad(path, fault, document.errors[0]);
  namesAsText(document);
  const content = contentOf(document, path);
  if (content === null || typeof content !== "object" || Array.isArray(content))
    throw bad(path, "it holds no keys; wanted an experiment such as experiments/quickstart.yaml");
  const { set = [], spacing, from, ...flags } = overrides;
  const over = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const settings = spacing === undefined ? set : [...set, `data.spacing=${spacing}`];
  const {
    search,
    from: named,
    ...whole
  }: Record<string, unknown> = {
    ...withSettings(content, settings),
    ...over,
  };
  const network = fromExperiment(path, whole.network);
  const start = startOf(path, named, from);
  const { data, features } = whole;
  const placed = {
    ...(start === undefined ? {} : { from: start }),
    ...(data === undefined ? {} : { data: furtherFromExperiment(path, data) }),
    ...(features === undefined ? {} : { features: featuresFromExperiment(path, features) }),
  };
  const experiment = checkExperiment({ ...whole, network, ...placed }, path);
  return { experiment, parameters: search === undefined ? null : checkSearch(search, path) };
}

const packageRoot = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Returns the file that an experiment's path means: what lies there, else the recipe of that path that comes with the
 * package, such as `experiments/quickstart.yaml`.
 */
export function experimentFile(path: string): string {
  const packaged = resolve(packageRoot, path);
  const isRecipe = !isAbsolute(path) && packaged.startsWith(join(packageRoot, "experiments", sep));
  return isRecipe && !existsSync(path) && existsSync(packaged) ? packaged : path;
}

/** @throws PickbenchError BadExperiment where the YAML nests too deeply */
function documentOf(text: string, lines: LineCounter, path: string): Document {
  try {
    return yamlDocument(text, lines);
  } catch (error) {
    throw error instanceof RangeError ? bad(path, `${error.message}; write it flatter`, error) : error;
  }
}

/** Returns the document's content; aliases that unfold to very much are refused. */
function contentOf(document: Document, path: string): unknown {
  try {
    return plainContent(document);
  } catch (error) {
    throw bad(path, `its YAML aliases cannot be resolved (${messageOf(error)}); write the values out`, error);
  }
}

/**
 * Checks and freezes an experiment given as plain data; `origin` names it in errors. @throws PickbenchError
 * BadExperiment
 */
export function checkExperiment(given: unknown, origin: string): Experiment {
  const content = withFeatureOutput(given);
  const parsed = experimentSchema.safeParse(content);
  if (!parsed.success) {
    const found = describeIssues(parsed.error.issues, content, experimentSchema);
    const missing = missingTraining(content, meantKeys(parsed.error.issues, experimentSchema));
    throw bad(origin, mistakesText([...found, ...missing], reference), parsed.error);
  }
  const experiment = parsed.data;
  const { name, network, splits } = experiment;
  if (isExternal(network)) {
    checkExternal(experiment, experimentSchema.parse({ name, network, splits }), network, origin);
    return deepFreeze(experiment);
  }
  const mistakes = [...missingTraining(content), ...trainingMistakes(experiment)];
  if (mistakes.length > 0) throw bad(origin, mistakesText(mistakes, reference));
  return deepFreeze(experiment);
}

/** What must be there to train, and is not; save for keys that misspelt ones were meant for. */
function missingTraining(content: unknown, meant: ReadonlySet<string> = new Set()): string[] {
  const { network, loss, budget } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof network === "object" && network !== null && "onnx" in network) return [];
  const hasNoLoss = loss === undefined ? !meant.has("loss") : Array.isArray(loss) && loss.length === 0;
  const hasNoBudget = budget === undefined ? !meant.has("budget") : budget === "";
  return [
    ...(hasNoLoss
      ? [`loss: got ${loss === undefined ? "nothing" : "a list of 0"}, wanted a list of one loss or more`]
      : []),
    ...(hasNoBudget ? ["budget: got nothing, wanted how long to train, such as 600 steps or 20m"] : []),
  ];
}

function trainingMistakes(experiment: Experiment): string[] {
  const { network, budget } = experiment;
  const name = typeof network === "object" && "architecture" in network ? network.architecture : network;
  return [
    ...(typeof name === "string" ? mistakeOf(() => architectureNamed(name)) : []),
    ...(budget === "" ? [] : mistakeOf(() => parseBudget(budget))),
    ...combinationMistakes(experiment),
    ...featuresMistakes(experiment),
    ...headMistakes(experiment),
    ...patchMistakes(experiment),
    ...alsoMistakes(experiment.data.also, experiment.features),
  ];
}

/** The message of what `check` throws for the user. */
function mistakeOf(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (isPickbenchError(error)) return [error.message];
    throw error;
  }
}

/** Losses that go with each output. */
const lossesOf: Readonly<Record<Experiment["output"], readonly string[]>> = {
  softmax: ["crossEntropy", "tversky"],
  sigmoid: ["binaryCrossEntropy", "tversky", "focal", "squaredError", "absoluteError"],
  heatmap: ["squaredError", "absoluteError"],
};

function combinationMistakes(experiment: Experiment): string[] {
  const { networks, output, loss, types, ignore, target, features } = experiment;
  const unfit = loss.filter(({ kind }) => !lossesOf[output].includes(kind));
  return [
    ...(networks === "perType" && output === "softmax"
      ? ["output: softmax needs the other types as classes; wanted sigmoid or heatmap with networks: perType"]
      : []),
    ...unfit.map(
      ({ kind }) => `loss: ${kind} does not go with output: ${output}; wanted ${lossesOf[output].join(", ")}`,
    ),
    ...(output === "heatmap" && target.kind === "ball"
      ? ["target: ball does not go with output: heatmap; wanted gaussian"]
      : []),
    ...(!features && types && types.length > 0 && types.every((type) => ignore.includes(type))
      ? ["types: all of them are ignored; leave one to learn"]
      : []),
  ];
}

function headMistakes({ head, target, augment, picking }: Experiment): string[] {
  if (!head.offsets) return [];
  return [
    ...(target.kind === "ball" ? [] : [`head.offsets: got target ${target.kind}, wanted a ball`]),
    ...(augment.mixup > 0 ? ["head.offsets: mixed examples have no one centre; set augment.mixup to 0"] : []),
    ...(picking.method === "peaks"
      ? []
      : [`head.offsets: got picking.method ${picking.method}, wanted peaks, which votes make`]),
  ];
}

function patchMistakes({ networks, types, patch, augment, data }: Experiment): string[] {
  return [
    ...(patch.weights && networks === "perType"
      ? [
          "patch.weights: with networks: perType each network draws patches of its own type alone; leave one of them out",
        ]
      : []),
    ...((patch.hardShare ?? 0) + patch.backgroundShare > 1
      ? [
          `patch.hardShare: got ${patch.hardShare} beside patch.backgroundShare ${patch.backgroundShare}, wanted at most 1 together`,
        ]
      : []),
    ...(patch.mineAt && !patch.hardShare
      ? ["patch.mineAt: false picks are not drawn; wanted patch.hardShare above 0 beside it"]
      : []),
    ...(patch.hardShare && types?.length === 0
      ? ["patch.hardShare: no type is learned, and features have no picks; leave it out"]
      : []),
    ...(augment.mixReconstructions && (data.trainOn ?? []).length < 2
      ? [
          `augment.mixReconstructions: got ${data.trainOn?.length ?? 1} reconstruction to train on, wanted two or more in data.trainOn, or leave it out`,
        ]
      : []),
  ];
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadExperiment", `${path}: ${what}`, { path, cause });

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === "object") {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

/** Name of a run's folder and its submission: the experiment's name, with the seed unless that is 0. */
export const runName = ({ name, seed }: Pick<Experiment, "name" | "seed">): string =>
  seed === 0 ? name : `${name}-seed${seed}`;

/** Returns an experiment without the keys that say what is watched, which change no weights and no choice. */
export const withoutWatching = <Keys extends Partial<Pick<Experiment, "watch" | "tensorboard">>>({
  watch: _,
  tensorboard: __,
  ...experiment
}: Keys): Omit<Keys, "watch" | "tensorboard"> => experiment;

/** Writes an experiment out in full as canonical JSON. */
export const experimentText = (experiment: Experiment): string => canonicalJson(experiment);

/**
 * What a run shares with the one it resumes: everything but the engine, which may change in between, what is watched, and
 * the path of a file whose content has a hash of its own.
 */
export const experimentContent = ({ engine: _, network, from, ...experiment }: Experiment) => ({
  ...withoutWatching(experiment),
  data: furtherByContent(experiment.data),
  network: byContent(network),
  from: from && startByContent(from),
  ...(experiment.features && { features: featuresByContent(experiment.features) }),
});

/** Hash of `experimentContent`. */
export const experimentHash = (experiment: Experiment): string =>
  hashOf(canonicalJson(experimentContent(experiment)));
