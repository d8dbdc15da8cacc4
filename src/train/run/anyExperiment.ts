/** Reads the experiment of whatever holds one: a YAML, a record, a run's folder, a checkpoint. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { readRecord } from "../../domain/record.js";
import { PickbenchError } from "../../system/errors.js";
import { readSettings } from "../checkpoint/checkpoint.js";
import { checkExperiment, readExperiment } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";
import { runFolder } from "./runFolder.js";

/**
 * Reads an experiment with all defaults filled in.
 *
 * @param path of an experiment's YAML, a record.json, a safetensors checkpoint, or the folder of a run or a submission
 * @throws PickbenchError BadExperiment or BadCheckpoint where it holds no experiment; BadUsage for a folder without a run
 */
export async function readAnyExperiment(path: string): Promise<Experiment> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) return experimentIn(path);
  if (path.endsWith(".safetensors")) return (await readSettings(path)).experiment;
  if (basename(path) === "record.json") return recorded(path);
  return readExperiment(path);
}

async function experimentIn(folder: string): Promise<Experiment> {
  const { record, best } = runFolder(folder);
  if (existsSync(record)) return recorded(record);
  if (existsSync(best)) return (await readSettings(best)).experiment;
  throw new PickbenchError(
    "BadUsage",
    `${folder}: no run is in this folder, neither record.json nor best.safetensors; name a run's folder or an experiment's YAML`,
    { path: folder },
  );
}

const recorded = async (path: string): Promise<Experiment> =>
  checkExperiment((await readRecord(path)).experiment.resolved, path);
