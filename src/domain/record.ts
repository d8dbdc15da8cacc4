/** Records of runs, record.json: code, data, settings, versions, machine and result of an experiment. */
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { canonicalJson, hashOf, writeWhole } from "../system/files.js";
import { withoutHome } from "../system/paths/home.js";
import { readText } from "../system/paths/opening.js";
import { codeVersion, machine, versions } from "./environment.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "wanted a SHA-256 in hex");
const time = z.iso.datetime();
const jsonObject = z.record(z.string(), z.json());
const runsByRole = {
  train: z.array(z.string()),
  tune: z.array(z.string()),
  holdout: z.array(z.string()),
};

/** An experiment with every default filled in. */
const experimentSchema = z.strictObject({ hash, resolved: jsonObject });

/** What made a run, or a part of it. */
const makingShape = {
  /** Version of the code: commit and dirty are null outside a git checkout, lockfileHash in an installed package. */
  code: z.strictObject({
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    lockfileHash: hash.nullable(),
  }),
  versions: z.strictObject({ pickbench: z.string(), node: z.string(), onnxruntime: z.string().nullable() }),
  /** The machine, without its host name. */
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.int(),
    os: z.string(),
  }),
  command: z.array(z.string()),
};

/** A part of a run that was stopped, and resumed by what the record names itself. */
const partSchema = z.strictObject({
  ...makingShape,
  engine: z.string(),
  threads: z.int().positive().optional(),
  startedAt: time,
});

/** Ways to predict that were tried on the tune runs, the experiment's own first; one of them is in the checkpoint. */
const triedSchema = z
  .array(
    z.strictObject({
      tile: z.array(z.int()).length(3),
      overlap: z.union([z.int(), z.array(z.int()).length(3)]),
      precision: z.string(),
      /** By estimate, where 1 is to compute every voxel of a full tomogram once in float32. */
      work: z.number(),
      /** Tune score with thresholds that were tuned with it. */
      score: z.number(),
      seconds: z.number().nonnegative(),
      chosen: z.boolean(),
    }),
  )
  .min(1);

/** A tuning of a finished run's picking, which wrote best.safetensors anew. */
const tuningSchema = z.strictObject({
  ...makingShape,
  experiment: experimentSchema,
  finishedAt: time,
  /** SHA-256 of best.safetensors before and after it. */
  before: hash,
  after: hash,
  tuneScore: z.number().nullable(),
});

/** What a training began with, and what became of its weights. */
const beginningSchema = z.strictObject({
  /** Path or name, as the experiment gives it. */
  checkpoint: z.string(),
  sha256: hash,
  /** Experiment that trained it; null where it is not known. */
  experiment: z.string().nullable(),
  experimentHash: z.string().nullable(),
  networks: z.array(
    z.strictObject({
      name: z.string(),
      /** Network that its weights are of; null where it took none. */
      from: z.string().nullable(),
      /** Count of weights that were taken, of all. */
      taken: z.int().nonnegative(),
      of: z.int().nonnegative(),
      /** What the outputs predict that kept their weights, and that were made anew. */
      channels: z.strictObject({ taken: z.array(z.string()), anew: z.array(z.string()) }),
      /** Parameters of which nothing was taken. */
      anew: z.array(z.string()),
      /** Arrays of which nothing was taken. */
      leftOver: z.array(z.string()),
    }),
  ),
});

/** Schema of the facts known before the first step. */
const startSchema = z.strictObject({
  name: z.string().min(1),
  experiment: experimentSchema,
  code: makingShape.code,
  data: z.strictObject({
    hash,
    files: z.array(
      z.strictObject({ path: z.string(), size: z.int().nonnegative(), sha256: hash.optional() }),
    ),
  }),
  /** Path of the data set as it was given; absent in older records. */
  dataset: z.string().optional(),
  /** Runs by role; in an experiment in folds all runs are held out, each by one of the folds. */
  runs: z.strictObject({ ...runsByRole, folds: z.array(z.strictObject(runsByRole)).min(2).optional() }),
  /** Runs of the data that have no role, and why; absent where there is none and in older records. */
  leftOut: z.array(z.strictObject({ run: z.string(), why: z.string() })).optional(),
  network: z.string(),
  seed: z.int(),
  engine: z.string(),
  /** Threads of the engine; absent in older records. */
  threads: z.int().positive().optional(),
  /** Score weights of all the data set's types by name, found in the truth or not; absent in older records. */
  weights: z.record(z.string(), z.number().nonnegative()).optional(),
  /** Contrast of each run's picks; absent in older records. */
  contrast: z.record(z.string(), z.enum(["dark", "bright", "unknown"])).optional(),
  /** Share of blank voxels of the runs that have any; absent in older records. */
  blank: z.record(z.string(), z.number().min(0).max(1)).optional(),
  /** What the training began with; absent where all weights were drawn at random. */
  start: beginningSchema.optional(),
  versions: makingShape.versions,
  machine: makingShape.machine,
  command: makingShape.command,
  startedAt: time,
  /** Parts that came before a resumption, the first one first; absent where the run was never stopped. */
  earlier: z.array(partSchema).min(1).optional(),
});

/** Schema of the facts known at the end. */
const resultSchema = z.strictObject({
  finishedAt: time,
  /** Metrics by name; `score` is that on the held-out runs. */
  metrics: z.record(z.string(), z.number()),
  /** Durations in seconds by stage. */
  durations: z.record(z.string(), z.number().nonnegative()),
  /** Of the checkpoint as it stands; absent in older records and where the experiment does not choose how to predict. */
  tried: triedSchema.optional(),
  /** SHA-256 of best.safetensors as it stands; null for folds, each of which has its own record. */
  checkpointHash: hash.nullable(),
  /** SHA-256 of submission.csv; absent in older records and where nothing was held out. */
  submissionHash: hash.optional(),
  /** Count of trainable parameters of all networks together. */
  parameters: z.int().nonnegative(),
  /** What was done otherwise than the experiment says, in sentences; absent where nothing was. */
  notes: z.array(z.string()).optional(),
});

const recordSchema = z.strictObject({
  recordVersion: z.literal(1),
  ...startSchema.shape,
  result: resultSchema.nullable(),
  /**
   * Tunings after the run was finished, the first one first: its score and submission.csv are of the checkpoint before
   * them. Absent where there was none.
   */
  tunings: z.array(tuningSchema).min(1).optional(),
});

/** An experiment's record: the origin of its numbers. `result` is null until the run is finished. */
export type RunRecord = z.infer<typeof recordSchema>;
/** A run's result as it is added to its record. */
export type RecordResult = DeepReadonly<Omit<z.infer<typeof resultSchema>, "finishedAt">>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

type Start = DeepReadonly<z.infer<typeof startSchema>>;
type OwnFacts = "name" | "dataset" | "runs" | "leftOut" | "network" | "seed" | "engine" | "threads";
type DataFacts = "weights" | "contrast" | "blank" | "start";

/** Facts from which a record is begun; of the runs left out an empty list too. */
export interface RecordStart extends Pick<Start, OwnFacts | DataFacts> {
  readonly experiment: Readonly<Record<string, unknown>>;
  readonly data: Start["data"]["files"];
  /** Arguments of the command line, by default the process's own. */
  readonly command?: readonly string[];
  /** Record of the part of the run that is resumed. */
  readonly resumed?: RunRecord | undefined;
}

/** Writes the record of a run that is about to begin, and returns it. */
export async function startRecord(path: string, start: RecordStart): Promise<RunRecord> {
  const resolved: unknown = JSON.parse(canonicalJson(start.experiment));
  const record = recordSchema.parse({
    recordVersion: 1,
    name: start.name,
    experiment: { hash: hashOf(canonicalJson(start.experiment)), resolved },
    code: await codeVersion(),
    data: { hash: hashOf(canonicalJson(start.data)), files: start.data },
    ...(start.dataset === undefined ? {} : { dataset: withoutHome(start.dataset) }),
    runs: start.runs,
    ...(start.leftOut && start.leftOut.length > 0 ? { leftOut: start.leftOut } : {}),
    network: start.network,
    seed: start.seed,
    engine: start.engine,
    threads: start.threads,
    weights: start.weights,
    contrast: start.contrast,
    blank: start.blank,
    ...(start.start && { start: { ...start.start, checkpoint: withoutHome(start.start.checkpoint) } }),
    versions: await versions(),
    machine: machine(),
    command: commandOf(start.command),
    startedAt: new Date().toISOString(),
    ...(start.resumed && { earlier: [...(start.resumed.earlier ?? []), partOf(start.resumed)] }),
    result: null,
  });
  await writeRecord(path, record);
  return record;
}

const commandOf = (given: readonly string[] = process.argv.slice(2)): string[] => given.map(withoutHome);

const partOf = ({ code, versions: used, machine: on, command, engine, threads, startedAt }: RunRecord) => ({
  ...{ code, versions: used, machine: on, command, engine, startedAt },
  ...(threads === undefined ? {} : { threads }),
});

/** A tuning of a finished run, as it is added to its record. */
interface Tuning {
  readonly experiment: Readonly<Record<string, unknown>>;
  /** SHA-256 of best.safetensors before and after. */
  readonly before: string;
  readonly after: string;
  readonly tuneScore: number | null;
  /** Ways to predict that were tried. */
  readonly tried?: RecordResult["tried"];
}

/** Adds a tuning of a finished run to its record, which then names the checkpoint as it stands; returns the record. */
export async function recordTuning(
  path: string,
  { experiment, tried, ...tuning }: Tuning,
): Promise<RunRecord> {
  const record = await readRecord(path);
  const made = {
    ...{ code: await codeVersion(), versions: await versions(), machine: machine(), command: commandOf() },
    experiment: { hash: hashOf(canonicalJson(experiment)), resolved: JSON.parse(canonicalJson(experiment)) },
    finishedAt: new Date().toISOString(),
    ...tuning,
  };
  const { tuneScore: _, ...metrics } = record.result?.metrics ?? {};
  const scored = tuning.tuneScore === null ? metrics : { ...metrics, tuneScore: tuning.tuneScore };
  const changed = recordSchema.parse({
    ...record,
    result: record.result && { ...record.result, metrics: scored, checkpointHash: tuning.after, tried },
    tunings: [...(record.tunings ?? []), made],
  });
  await writeRecord(path, changed);
  return changed;
}

/** Returns the SHA-256 of best.safetensors as the run left it, before it was tuned again; null where there is none. */
export const trainedHash = ({ tunings, result }: RunRecord): string | null =>
  tunings?.[0]?.before ?? result?.checkpointHash ?? null;

/** Adds a result to the record at `path`, and returns the record. */
export async function completeRecord(path: string, result: RecordResult): Promise<RunRecord> {
  const record = await readRecord(path);
  const complete = recordSchema.parse({
    ...record,
    result: { finishedAt: new Date().toISOString(), ...result },
  });
  await writeRecord(path, complete);
  return complete;
}

const writeRecord = (path: string, record: RunRecord): Promise<void> =>
  writeWhole(path, `${JSON.stringify(record, null, 2)}\n`);

/**
 * Reads a record strictly.
 *
 * @throws PickbenchError BadExperiment where the record is missing, broken, altered or of another version
 */
export async function readRecord(path: string): Promise<RunRecord> {
  const refuse = (why: string, cause?: unknown) => {
    const text = `${path} is no record that can be used: ${why}; run the experiment again`;
    return new PickbenchError("BadExperiment", text, { path, cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(await readText(path));
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  try {
    return checkedRecord(value, refuse);
  } catch (error) {
    throw error instanceof RangeError ? refuse("it is nested too deeply", error) : error;
  }
}

const versionSchema = z.looseObject({ recordVersion: z.number() });

/** Checks a record's content by its schema and its hashes. @throws what `refuse` makes of the first fault */
function checkedRecord(value: unknown, refuse: (why: string, cause?: unknown) => PickbenchError): RunRecord {
  const version = versionSchema.safeParse(value);
  if (version.success && version.data.recordVersion !== 1)
    throw refuse(`its recordVersion is ${version.data.recordVersion}, wanted 1`);
  const { data: given } = (value ?? {}) as Partial<RunRecord>;
  const text = JSON.stringify(given);
  const isWhole = given !== undefined && text === wholeManifest;
  const parsed = recordSchema.safeParse(isWhole ? { ...(value as RunRecord), data: noManifest } : value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refuse(`${issue.path.join(".") || "the document"}: ${issue.message}`, parsed.error);
  }
  const { experiment, data } = parsed.data;
  if (hashOf(canonicalJson(experiment.resolved)) !== experiment.hash)
    throw refuse("its experiment was altered after the run, for the hash differs");
  if (isWhole) return { ...parsed.data, data: given };
  if (hashOf(canonicalJson(data.files)) !== data.hash)
    throw refuse("its data manifest was altered after the run, for the hash differs");
  wholeManifest = text;
  return parsed.data;
}

/**
 * Text of the manifest that was checked and found whole last. Records of one data set, read one after another, hold the same
 * one, which is most of them: it is checked once.
 */
let wholeManifest = "";

/** Stands for a manifest that need not be checked. */
const noManifest: RunRecord["data"] = { hash: "0".repeat(64), files: [] };

/** Returns the path of the data set that a run was given, by its record or in older ones its command; undefined for none. */
export function datasetOf({ dataset, command }: Pick<RunRecord, "dataset" | "command">): string | undefined {
  if (dataset !== undefined) return dataset;
  const at = command.findIndex((word) => word === "--data" || word.startsWith("--data="));
  return at < 0 ? undefined : (/^--data=(.*)$/s.exec(command[at]!)?.[1] ?? command[at + 1]);
}
