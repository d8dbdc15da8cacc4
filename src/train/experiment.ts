import { readFile } from "node:fs/promises";
import { type Document, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { SplitSpec } from "../data/splits.js";
import { targetSchema } from "../data/targets.js";
import { engineNames, precisions } from "../engines/engine.js";
import { messageOf, PickbenchError } from "../errors.js";
import { canonicalJson, hashOf } from "../files.js";
import { pickingSchema } from "../infer/picking.js";
import { architectureNamed } from "../nets/catalogue.js";
import { publicSplitSchema } from "../score/publicSplit.js";
import { parseBudget } from "./budget.js";
import { describeIssues } from "./experimentIssues.js";
import { checkExternal } from "./externalExperiment.js";
import { lossSchema } from "./losses.js";
import { fromExperiment, isExternal, networkSchema } from "./networkChoice.js";
import { checkSearch, type SearchParameter } from "./searchSpace.js";

const shape3 = z.tuple([z.number().int().min(4), z.number().int().min(4), z.number().int().min(4)]);
const fraction = z.number().min(0).max(1);
const overlap = z.number().int().min(0);

/** An experiment's keys, their defaults and bounds: the one home of what a YAML in experiments/ may say. */
export const experimentSchema = z.strictObject({
  /** Names the submission and the leaderboard's row. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dot, underscore and dash only"),
  question: z.string().default(""),
  network: networkSchema,
  /** What trains and predicts; `auto` takes the fastest that this machine has. Results agree to rounding. */
  engine: z.enum(["auto", ...engineNames]).default("auto"),
  /** `all`: one network for all types. `perType`: one network per type, the way Ais does. */
  networks: z.enum(["all", "perType"]).default("all"),
  seed: z.number().int().min(0).default(0),
  data: z
    .strictObject({
      /** Reconstruction that is predicted on. */
      tomogram: z.string().default("denoised"),
      /** Reconstructions trained on; the predicted one if absent. */
      trainOn: z.array(z.string()).min(1).optional(),
      /** As in the folder's name; needed only where a run has several. */
      voxelSpacing: z.number().positive().optional(),
      level: z.number().int().min(0).default(0),
      /** Å along x, y, z added to every predicted position. */
      offset: z.tuple([z.number(), z.number(), z.number()]).default([0, 0, 0]),
    })
    .prefault({}),
  splits: SplitSpec,
  /** Which held-out runs are the leaderboard's public part; both parts are scored from the same picks. */
  leaderboard: publicSplitSchema.optional(),
  /** Types to learn; all that the data set names if absent. */
  types: z.array(z.string()).min(1).optional(),
  /** Types whose voxels the loss leaves out, and which are not predicted. */
  ignore: z.array(z.string()).default(["beta-amylase"]),
  /** Softmax over background and types (`all` only), or an independent sigmoid or heat map a type. */
  output: z.enum(["softmax", "sigmoid", "heatmap"]).default("softmax"),
  head: z
    .strictObject({
      /** Voxels to an output voxel along each axis; 2 is half the work of most decoders. */
      stride: z.union([z.literal(1), z.literal(2)]).default(1),
      /** Learns, in every voxel of a ball, the way to its particle's centre, and picks from their votes. */
      offsets: z.boolean().default(false),
      offsetWeight: z.number().positive().default(1),
    })
    .prefault({}),
  target: targetSchema.prefault({ kind: "ball", fraction: 0.5 }),
  patch: z
    .strictObject({
      shape: shape3.default([64, 64, 64]),
      batch: z.number().int().min(1).max(64).default(1),
      backgroundShare: fraction.default(0.1),
    })
    .prefault({}),
  augment: z
    .strictObject({
      flip: z.boolean().default(true),
      rotate90: z.boolean().default(true),
      rotation: z.number().min(0).max(180).default(0),
      intensity: z
        .strictObject({
          scale: fraction.default(0.1),
          shift: z.number().min(0).default(0.1),
          noise: z.number().min(0).default(0.1),
        })
        .prefault({}),
      mixup: z.number().min(0).default(0),
    })
    .prefault({}),
  /** What is made small, one term or more; none for an external network, which is not trained. */
  loss: z.array(lossSchema).default([]),
  optimiser: z
    .strictObject({
      rate: z.number().positive().default(1e-3),
      warmupSteps: z.number().int().min(0).default(50),
      /** The cosine's end as a share of the rate. */
      floor: fraction.default(0.01),
      weightDecay: z.number().min(0).default(0.01),
      beta1: z.number().min(0).lt(1).default(0.9),
      beta2: z.number().min(0).lt(1).default(0.999),
      epsilon: z.number().positive().default(1e-8),
      clipNorm: z.number().positive().default(1),
      /** Decay of the weights' exponential moving average; 0 keeps the last weights. */
      average: z.number().min(0).lt(1).default(0.995),
    })
    .prefault({}),
  /** How long is trained, in steps or time; empty for an external network. */
  budget: z.string().default(""),
  evaluate: z
    .strictObject({
      /** How many times the tune runs are scored while training, evenly over the part after `from`. */
      times: z.number().int().min(1).default(3),
      from: fraction.default(0.6),
      /** Stop after this many evaluations without a better one. */
      patience: z.number().int().min(1).optional(),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      /** How often last.safetensors is written while training; 0 writes it after every step. */
      everySeconds: z.number().min(0).default(30),
      /** Keeps the moving average of every evaluation too, as a checkpoint in snapshots/: what soups are made of. */
      keep: z.boolean().optional(),
    })
    .prefault({}),
  predict: z
    .strictObject({
      tile: shape3.default([96, 96, 96]),
      /** Voxels that neighbouring tiles share, along every axis or along z, y, x. */
      overlap: z.union([overlap, z.tuple([overlap, overlap, overlap])]).default(16),
      /** Averages with the tomogram turned by 180° about z, which keeps hand and tilt axis: twice the work. */
      halfTurn: z.boolean().default(false),
      /** Averages over mirror images in x and y: four times the work. */
      flips: z.boolean().default(false),
      /** Averages over rotations by 90° about z: four times the work; with flips eight times. */
      rotations: z.boolean().default(false),
      /**
       * float32 if absent. int8 is about twice as fast; a norm's statistics are then the tomogram's, not the tile's.
       * Engine onnx-cpu, networks of its kinds of layers.
       */
      precision: z.enum(precisions).optional(),
    })
    .prefault({}),
  picking: z
    .strictObject({
      method: pickingSchema.shape.method.default("watershed"),
      /** Tried on the tune runs, per type. */
      thresholds: z
        .array(z.number())
        .min(1)
        .default([
          0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
        ]),
      /** Tried on the tune runs: least volume of a pick as a share of the target ball's. */
      minVolumes: z.array(z.number().min(0)).min(1).default([0.15]),
      /** Least distance between two picks as a share of the radius. */
      minSpacing: z.number().min(0).default(1),
      /** Used as it is where there is no run to tune on. */
      fallbackThreshold: z.number().default(0.5),
    })
    .prefault({}),
});
export type Experiment = z.infer<typeof experimentSchema>;

/** What the command line may set over the file. */
export interface Overrides {
  readonly seed?: number | undefined;
  readonly budget?: string | undefined;
  readonly engine?: Experiment["engine"] | undefined;
  readonly splits?: Experiment["splits"] | undefined;
}

/** Reads, checks and freezes an experiment. */
export const readExperiment = async (path: string, overrides: Overrides = {}): Promise<Experiment> =>
  (await readSearched(path, overrides)).experiment;

/** An experiment, and what its key `search` names for `pickbench search`: no part of the experiment or its hash. */
export interface Searched {
  readonly experiment: Experiment;
  /** Null where it names no search. */
  readonly parameters: readonly SearchParameter[] | null;
}

/** Reads, checks and freezes an experiment and its search. */
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

/** The document's content; aliases that unfold to very much are refused. */
function plainContent(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (error) {
    throw bad(path, `its YAML aliases cannot be resolved (${messageOf(error)}); write the values out`, error);
  }
}

/** Checks an experiment given as plain data; `origin` names it in errors. */
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
    throw bad(
      origin,
      `loss: got ${got}, wanted a list of one loss or more; see the experiment reference in the README`,
    );
  }
  if (budget === "")
    throw bad(
      origin,
      "budget: got nothing, wanted how long to train, such as 600 steps or 20m; see the experiment reference in the README",
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

/** What a run's folder and its submission are called, so that other seeds stand beside the first. */
export const runName = ({ name, seed }: Experiment): string => (seed === 0 ? name : `${name}-seed${seed}`);

/** The experiment written out in full. */
export const experimentText = (experiment: Experiment): string => canonicalJson(experiment);
/** What a run must share with the one it goes on with: all but the engine, which may change on the way. */
export const experimentHash = ({ engine: _, ...experiment }: Experiment): string =>
  hashOf(canonicalJson(experiment));
