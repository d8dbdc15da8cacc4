/**
 * Reads and checks experiments. The room `experiment` defines what an experiment's YAML may say: network, data, losses,
 * training, picking.
 */
import { readFile } from "node:fs/promises";
import { type Document, LineCounter, parseDocument } from "yaml";
import { architectureNamed } from "../../nets/library/catalogue.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { parseBudget } from "./budget.js";
import { describeIssues } from "./experimentIssues.js";
import { checkExternal } from "./externalExperiment.js";
import { fromExperiment, isExternal } from "./networkChoice.js";
import { type Experiment, experimentSchema } from "./schema.js";
import { checkSearch, type SearchParameter } from "./searchSpace.js";

/** Keys that the command line sets in place of the file's. */
interface Overrides {
  readonly seed?: number | undefined;
  readonly budget?: string | undefined;
  readonly engine?: Experiment["engine"] | undefined;
  readonly splits?: Experiment["splits"] | undefined;
}

/** Reads, checks and freezes an experiment. @throws PickbenchError BadExperiment, naming the key */
export const readExperiment = async (path: string, overrides: Overrides = {}): Promise<Experiment> =>
  (await readSearched(path, overrides)).experiment;

/** An experiment and the parameters under its key `search`, which are no part of the experiment or its hash. */
interface Searched {
  readonly experiment: Experiment;
  /** Null where the experiment has no search. */
  readonly parameters: readonly SearchParameter[] | null;
}

/** Reads, checks and freezes an experiment and its search. @throws PickbenchError BadExperiment, naming the key */
export async function readSearched(path: string, overrides: Overrides = {}): Promise<Searched> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw bad(
      path,
      `it cannot be read (${messageOf(error)}); give the path of an experiment's YAML, such as experiments/quickstart.yaml`,
      error,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken)
    throw bad(
      path,
      `line ${lines.linePos(broken.pos[0]).line} is not valid YAML (${broken.message})`,
      broken,
    );
  const content = plainContent(document, path);
  if (content === null || typeof content !== "object" || Array.isArray(content))
    throw bad(path, "it holds no keys; wanted an experiment such as experiments/quickstart.yaml");
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const { search, ...whole }: Record<string, unknown> = { ...content, ...given };
  const experiment = checkExperiment({ ...whole, network: fromExperiment(path, whole.network) }, path);
  return { experiment, parameters: search === undefined ? null : checkSearch(search, path) };
}

/** Returns the document's content; aliases that unfold to very much are refused. */
function plainContent(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (error) {
    throw bad(path, `its YAML aliases cannot be resolved (${messageOf(error)}); write the values out`, error);
  }
}

/**
 * Checks and freezes an experiment given as plain data; `origin` names it in errors. @throws PickbenchError
 * BadExperiment
 */
export function checkExperiment(content: unknown, origin: string): Experiment {
  const parsed = experimentSchema.safeParse(content);
  if (!parsed.success) throw bad(origin, describeIssues(parsed.error.issues, content), parsed.error);
  const experiment = parsed.data;
  const { name, network, splits } = experiment;
  if (isExternal(network))
    checkExternal(experiment, experimentSchema.parse({ name, network, splits }), network, origin);
  else checkTrained(experiment, origin, content);
  return deepFreeze(experiment);
}

function checkTrained(experiment: Experiment, origin: string, content: unknown): void {
  const { network, loss, budget } = experiment;
  if (typeof network === "string") architectureNamed(network);
  else if ("architecture" in network) architectureNamed(network.architecture);
  if (loss.length === 0) {
    const got = (content as { readonly loss?: unknown }).loss === undefined ? "nothing" : "a list of 0";
    throw bad(origin, `loss: got ${got}, wanted a list of one loss or more; see docs/experiments.md#keys`);
  }
  if (budget === "")
    throw bad(
      origin,
      "budget: got nothing, wanted how long to train, such as 600 steps or 20m; see docs/experiments.md#keys",
    );
  parseBudget(budget);
  checkCombination(experiment, origin);
}

function checkCombination(experiment: Experiment, origin: string): void {
  const { networks, output, loss, types, ignore, target } = experiment;
  if (networks === "perType" && output === "softmax")
    throw bad(
      origin,
      "output: softmax needs the other types as classes; wanted sigmoid or heatmap with networks: perType",
    );
  for (const { kind } of loss) {
    const fits =
      output === "heatmap"
        ? kind === "squaredError" || kind === "absoluteError"
        : output === "softmax"
          ? kind === "crossEntropy" || kind === "tversky"
          : kind !== "crossEntropy";
    if (!fits) throw bad(origin, `loss: ${kind} does not go with output: ${output}`);
  }
  checkHead(experiment, origin);
  if (output === "heatmap" && target.kind === "ball")
    throw bad(origin, "target: ball does not go with output: heatmap; wanted gaussian");
  if (types?.every((type) => ignore.includes(type)))
    throw bad(origin, "types: all of them are ignored; leave one to learn");
}

function checkHead({ head, target, augment, picking }: Experiment, origin: string): void {
  if (!head.offsets) return;
  if (target.kind !== "ball") throw bad(origin, `head.offsets: got target ${target.kind}, wanted a ball`);
  if (augment.mixup > 0)
    throw bad(origin, "head.offsets: mixed examples have no one centre; set augment.mixup to 0");
  if (picking.method !== "peaks")
    throw bad(origin, `head.offsets: got picking.method ${picking.method}, wanted peaks, which votes make`);
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
export const runName = ({ name, seed }: Experiment): string => (seed === 0 ? name : `${name}-seed${seed}`);

/** Writes an experiment out in full as canonical JSON. */
export const experimentText = (experiment: Experiment): string => canonicalJson(experiment);
/** Hash that a run shares with the one it resumes: over everything but the engine, which may change in between. */
export const experimentHash = ({ engine: _, ...experiment }: Experiment): string =>
  hashOf(canonicalJson(experiment));
