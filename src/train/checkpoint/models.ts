/** Trained networks that come along with the package: each a checkpoint with a card that says what it is. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { suggestion } from "../../system/nearest.js";
import { readText } from "../../system/paths/opening.js";
import { meansFile } from "../experiment/startChoice.js";

/** The package's own folder of models. */
export const ownModels = fileURLToPath(new URL("../../../models", import.meta.url));

const text = z.string().min(1);

/** A model's card, `NAME.json` beside `NAME.safetensors`. */
const cardSchema = z.strictObject({
  name: text,
  /** What it is, in one line. */
  title: text,
  /** Data that it was trained on. */
  madeOf: text,
  /** Commands that make it again, in order. */
  commands: z.array(text).min(1),
  /** Scores, each with what was scored. */
  scores: z.array(z.strictObject({ of: text, metric: text, value: z.number() })),
  /** What it is for, and what not. */
  use: text,
  licence: text,
  /** Works to cite or thank. */
  credits: z.array(text),
});
/** What a model is made of, what it is for and how good it is. */
export type ModelCard = z.infer<typeof cardSchema>;

/** A model that comes along. */
export interface Model {
  readonly card: ModelCard;
  /** Path of its checkpoint. */
  readonly path: string;
  /** Size of its checkpoint. */
  readonly bytes: number;
}

/** Lists the names of the models in a folder, sorted; none where there is no folder. */
export async function modelNames(folder = ownModels): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const ending = ".safetensors";
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** Returns the name of the model whose checkpoint a path is; undefined for any other file. */
export function modelNameOf(path: string, folder = ownModels): string | undefined {
  const ending = ".safetensors";
  const isModel = resolve(dirname(path)) === resolve(folder) && path.endsWith(ending);
  return isModel ? basename(path, ending) : undefined;
}

/**
 * Reads a model's card.
 *
 * @throws PickbenchError BadUsage for a name that there is not, BadCheckpoint for a broken card
 */
export async function readModelCard(name: string, folder = ownModels): Promise<Model> {
  const known = await modelNames(folder);
  if (!known.includes(name))
    throw new PickbenchError("BadUsage", `no model ${JSON.stringify(name)} comes along${there(name, known)}`);
  const path = join(folder, `${name}.safetensors`);
  const card = join(folder, `${name}.json`);
  const bad = (what: string, cause: unknown) =>
    new PickbenchError("BadCheckpoint", `${card}: ${what}; install the package again`, { path: card, cause });
  const content = await readText(card).catch((error: unknown) => {
    throw bad(`the model's card cannot be read (${messageOf(error)})`, error);
  });
  const what = "the model's card is";
  const parsed = cardSchema.safeParse(parseJson(content, { path: card, what, tag: "BadCheckpoint" }));
  if (!parsed.success)
    throw bad(`${what} not whole (${parsed.error.issues[0]!.path.join(".")})`, parsed.error);
  return { card: parsed.data, path, bytes: (await stat(path)).size };
}

/**
 * Returns the file that a path or a model's name means: what lies at the path, else the model of that name. Text that can
 * be no name is returned as it is, for its reader to refuse.
 *
 * @throws PickbenchError BadCheckpoint where neither is there
 */
export async function modelPath(given: string, folder = ownModels): Promise<string> {
  if (meansFile(given)) return given;
  const known = await modelNames(folder);
  if (known.includes(given)) return join(folder, `${given}.safetensors`);
  throw new PickbenchError(
    "BadCheckpoint",
    `${given}: there is no such file, and no model of that name comes along${there(given, known)}`,
    { path: given },
  );
}

/** Returns the files that paths and models' names mean. @throws as `modelPath` */
export const modelPaths = (given: readonly string[]): Promise<string[]> =>
  Promise.all(given.map((each) => modelPath(each)));

function there(name: string, known: readonly string[]): string {
  const meant = suggestion(name, known);
  if (meant !== "") return meant;
  return known.length === 0 ? "; this package holds none" : `; there is ${known.join(", ")}`;
}
