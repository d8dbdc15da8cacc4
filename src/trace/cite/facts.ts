/** Facts about a chain that a methods section tells: trainings, ensembles, commands, data and formats. */
import { extname } from "node:path";
import type { RunRecord } from "../../domain/record.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import { messageOf } from "../../system/errors.js";
import { readParts } from "../../train/checkpoint/checkpoint.js";
import type { EnsembleRecord } from "../../train/checkpoint/ensembleRecord.js";
import { modelNameOf, readModelCard } from "../../train/checkpoint/models.js";
import { experimentHash } from "../../train/experiment/experiment.js";
import { type Experiment, experimentSchema } from "../../train/experiment/schema.js";
import type { Chain, ChainNode } from "../chain.js";

/** Settings of picking by type. */
type Picking = ReadonlyMap<string, PickingSettings>;

/** An ensemble on the chain. */
export interface Ensemble extends EnsembleRecord {
  readonly picking: Picking;
}

/** A training on the chain. */
export interface Training {
  readonly experiment: Experiment;
  /** Absent where its checkpoint alone tells of it. */
  readonly record?: RunRecord | undefined;
  /** Settings of picking by type, as its checkpoint holds them; absent where that is gone. */
  readonly picking?: Picking | undefined;
  /** Title of the model that comes along. */
  readonly along?: string | undefined;
}

/** A command of the chain with its flags; one that was given several times stands once. */
export interface GivenCommand {
  readonly words: readonly string[];
  /** Values by flag; `true` for a flag alone. */
  readonly flags: ReadonlyMap<string, string>;
}

/** What a chain used. */
export interface Facts {
  readonly trainings: readonly Training[];
  readonly ensembles: readonly Ensemble[];
  readonly commands: readonly GivenCommand[];
  /** Endings of the files on the chain, without the dot, and names of position formats that flags name. */
  readonly formats: readonly string[];
  /** Words that say whom the models that come along are owed to. */
  readonly credits: readonly string[];
  readonly versions: readonly RunRecord["versions"][];
  /** Sentences on what cannot be told. */
  readonly notes: readonly string[];
}

/** Gathers what a chain used. */
export async function gatherFacts(chain: Chain): Promise<Facts> {
  const notes: string[] = [...chain.notes];
  const held = await Promise.all(chain.nodes.filter(isCheckpoint).map((node) => heldIn(node, notes)));
  const found = held.filter((each) => each !== undefined);
  const recorded = chain.steps.flatMap(({ record }) => (record ? trainingOf(record, notes) : []));
  const commands = chain.steps.map(({ command }) => givenCommand(command));
  return {
    trainings: distinct([...recorded, ...found.flatMap(({ training }) => (training ? [training] : []))]),
    ensembles: found.flatMap(({ ensemble }) => (ensemble ? [ensemble] : [])),
    commands: [...new Map(commands.map((each) => [each.words.join("\0"), each])).values()],
    formats: formatsOf(chain, commands),
    credits: [...new Set(found.flatMap(({ credits }) => credits))],
    versions: [...new Map(chain.steps.map(({ versions }) => [JSON.stringify(versions), versions])).values()],
    notes: [...new Set(notes)],
  };
}

const isCheckpoint = ({ kind, path, state }: ChainNode): boolean =>
  (kind === "file" || kind === "model") && state !== "gone" && extname(path) === ".safetensors";

interface Held {
  readonly training?: Training | undefined;
  readonly ensemble?: Ensemble | undefined;
  readonly credits: readonly string[];
}

/** Reads what a checkpoint itself tells; undefined of a file that is none. */
async function heldIn({ path }: ChainNode, notes: string[]): Promise<Held | undefined> {
  try {
    const { settings } = await readParts(path);
    const name = modelNameOf(path);
    const card = name === undefined ? undefined : (await readModelCard(name)).card;
    const { ensemble, experiment, picking } = settings;
    return ensemble
      ? { ensemble: { ...ensemble, picking }, credits: [] }
      : { training: { experiment, picking, along: card?.title }, credits: card?.credits ?? [] };
  } catch (error) {
    notes.push(messageOf(error));
    return undefined;
  }
}

function trainingOf(record: RunRecord, notes: string[]): Training[] {
  const parsed = experimentSchema.safeParse(record.experiment.resolved);
  if (parsed.success) return [{ experiment: parsed.data, record }];
  notes.push(
    `the record of ${record.name} holds an experiment of another version, whose settings are left out`,
  );
  return [];
}

/** Of a training that a record and its checkpoint tell of, the record counts. */
function distinct(trainings: readonly Training[]): Training[] {
  const all = new Map<string, Training>();
  for (const training of trainings) {
    const key = experimentHash(training.experiment);
    const known = all.get(key);
    all.set(key, known ? { ...known, picking: known.picking ?? training.picking } : training);
  }
  return [...all.values()];
}

/** Reads a command line's words; a flag's value follows it, or an equals sign. */
export function givenCommand(words: readonly string[]): GivenCommand {
  const flags = new Map<string, string>();
  for (const [at, word] of words.entries()) {
    const flag = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(word);
    if (!flag) continue;
    const next = words[at + 1];
    flags.set(flag[1]!, flag[2] ?? (next === undefined || next.startsWith("--") ? "true" : next));
  }
  return { words, flags };
}

function formatsOf({ nodes, steps }: Chain, commands: readonly GivenCommand[]): string[] {
  const paths = [
    ...nodes.map(({ path }) => path),
    ...steps.flatMap(({ outputs }) => outputs.map(({ path }) => path)),
  ];
  const endings = paths.map((path) => extname(path).slice(1).toLowerCase()).filter((ending) => ending !== "");
  const flagged = commands.flatMap(({ flags }) =>
    ["to-format", "from-format"].flatMap((flag) => flags.get(flag) ?? []),
  );
  return [...new Set([...endings, ...flagged])];
}
