/** Reads log.jsonl of a run: for its report, and for other programs. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/paths/opening.js";

const stepSchema = z.looseObject({
  network: z.string(),
  step: z.int().nonnegative(),
  loss: z.number(),
  rate: z.number(),
  ms: z.number(),
  waitedMs: z.number(),
  /** Absent in older logs, as are the two below. */
  norm: z.number().optional(),
  parts: z.record(z.string(), z.number()).optional(),
  samplesPerSecond: z.number().optional(),
});
const lookSchema = z.looseObject({
  network: z.string(),
  step: z.int().nonnegative(),
  watch: z.looseObject({
    loss: z.number(),
    parts: z.record(z.string(), z.number()),
    f4: z.record(z.string(), z.number()),
    dice: z.record(z.string(), z.number()).optional(),
    crops: z.int().positive(),
  }),
  watchMs: z.number(),
});
const evaluationSchema = z.looseObject({
  network: z.string(),
  step: z.int().nonnegative(),
  tuneScore: z.number(),
  best: z.boolean(),
});

const miningSchema = z.looseObject({
  network: z.string(),
  step: z.int().nonnegative(),
  mined: z.record(z.string(), z.number()),
  minedMs: z.number(),
});

/** A training step of log.jsonl. */
export type TrainingStep = z.infer<typeof stepSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
/** A look at the crops of the tune runs. */
export type Look = z.infer<typeof lookSchema>;
/** A search for false picks in the runs that are trained on. */
export type Mining = z.infer<typeof miningSchema>;

/** Contents of log.jsonl, in order. */
export interface TrainingLog {
  readonly steps: readonly TrainingStep[];
  readonly evaluations: readonly Evaluation[];
  readonly looks: readonly Look[];
  readonly minings: readonly Mining[];
}

type LogLineKind = keyof TrainingLog;

/** A line of log.jsonl, and what it is. */
export type ReadLine = {
  readonly [Kind in LogLineKind]: { readonly kind: Kind; readonly line: TrainingLog[Kind][number] };
}[LogLineKind];

const schemas = {
  steps: stepSchema,
  evaluations: evaluationSchema,
  looks: lookSchema,
  minings: miningSchema,
};

/** Reads one line; undefined where it is none of a log, as one that is torn. */
export function logLineIn(text: string): ReadLine | undefined {
  const value = jsonIn(text);
  for (const [kind, schema] of Object.entries(schemas)) {
    const found = schema.safeParse(value);
    if (found.success) return { kind, line: found.data } as ReadLine;
  }
  return undefined;
}

/** Size limit in bytes: some two million steps. */
export const largestLog = 2 ** 28;

/**
 * Reads a run's log. The last line may be torn where the run was killed; a run of a network trained elsewhere has no
 * log.
 *
 * @throws PickbenchError BadExperiment, naming the first line that is none of these
 */
export async function readLog(path: string): Promise<TrainingLog> {
  const there = await stat(path).catch(() => undefined);
  if (!there) return { steps: [], evaluations: [], looks: [], minings: [] };
  if (there.size > largestLog)
    throw new PickbenchError(
      "BadExperiment",
      `${path} has ${there.size} bytes, wanted a log of at most ${largestLog}; shorten it`,
      { path },
    );
  const lines = (await readText(path)).split("\n");
  const log: Readonly<Record<LogLineKind, unknown[]>> = {
    steps: [],
    evaluations: [],
    looks: [],
    minings: [],
  };
  for (const [at, text] of lines.entries()) {
    if (text === "") continue;
    const found = logLineIn(text);
    if (found) log[found.kind].push(found.line);
    else if (at < lines.length - 1)
      throw new PickbenchError(
        "BadExperiment",
        `${path}: line ${at + 1} is neither a step, an evaluation, a look nor a search for false picks; take it out`,
        { path },
      );
  }
  return log as unknown as TrainingLog;
}
