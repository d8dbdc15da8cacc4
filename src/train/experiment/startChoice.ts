/** The key `from` of an experiment: the trained network that training begins with. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { rebased } from "../../system/paths/rebased.js";

/** The checkpoint, ONNX model or name of a model that comes along, and how its weights are trained on. */
export const startSchema = z.union([
  z
    .string()
    .min(1)
    .transform((checkpoint) => ({ checkpoint, rate: 1, freeze: 0 })),
  z.strictObject({
    /** Path relative to the experiment's own file, or the name of a model that comes along. */
    checkpoint: z.string().min(1),
    /** Of the file's bytes, which are refused where they differ; set by a run where it is absent. */
    sha256: z.string().optional(),
    /** Factor of the learning rate for weights that were taken. */
    rate: z.number().min(0).default(1),
    /** Number of steps in which weights that were taken do not move. */
    freeze: z.number().int().min(0).default(0),
  }),
]);

/** What training begins with, all defaults filled in. */
export interface StartChoice {
  readonly checkpoint: string;
  readonly sha256?: string | undefined;
  readonly rate: number;
  readonly freeze: number;
}

/** Tells whether weights that are taken, if any, are trained otherwise than those made anew. */
export const hasOwnRate = (start: StartChoice | undefined): start is StartChoice =>
  start !== undefined && (start.rate !== 1 || start.freeze > 0);

/** Returns a start without the path of its file where the file's content has a hash. */
export function startByContent({ checkpoint, sha256, ...rest }: StartChoice): object {
  return sha256 === undefined ? { checkpoint, ...rest } : { sha256, ...rest };
}

/** Names of models that come along: no path, and not a file's name. */
const modelName = /^(?!.*\.(safetensors|onnx)$)[A-Za-z0-9][\w.-]*$/i;

/** Tells whether text may be the name of a model that comes along. */
const mayBeName = (text: string): boolean => modelName.test(text);

/** Tells whether text means a file, not a model that comes along; a folder of a model's name is in nobody's way. */
export const meansFile = (text: string, path = text): boolean =>
  !mayBeName(text) || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);

/**
 * Rewrites the path of a start, given relative to the experiment's file, as relative to the working directory. The name
 * of a model that comes along stays where no file of that name lies beside the experiment.
 */
export function startFromExperiment(experimentPath: string, start: unknown): unknown {
  if (typeof start === "string") return fromFolder(dirname(experimentPath), start);
  if (typeof start !== "object" || start === null || !("checkpoint" in start)) return start;
  const { checkpoint } = start;
  return typeof checkpoint === "string"
    ? { ...start, checkpoint: fromFolder(dirname(experimentPath), checkpoint) }
    : start;
}

const fromFolder = (folder: string, given: string): string =>
  meansFile(given, resolve(folder, given)) ? rebased(given, folder, ".") : given;

/** What stands for random weights in place of the experiment's start. */
const noStart = "none";

/** Returns the start of an experiment's file, or what is given in its place; undefined for `none`. */
export function startOf(experimentPath: string, start: unknown, given: string | undefined): unknown {
  if (given === undefined) return startFromExperiment(experimentPath, start);
  return given === noStart ? undefined : startWith(start, given);
}

/** Returns a start, as a file in `folder` names it. */
export function startForFolder(folder: string, start: StartChoice): StartChoice {
  const { checkpoint } = start;
  return meansFile(checkpoint) ? { ...start, checkpoint: rebased(checkpoint, ".", folder) } : start;
}

/** Returns a file's start with another checkpoint, whose rate and freeze stay. */
function startWith(start: unknown, checkpoint: string): object {
  const kept = typeof start === "object" && start !== null ? start : {};
  const { sha256: _, ...rest } = kept as { readonly sha256?: unknown };
  return { ...rest, checkpoint };
}
