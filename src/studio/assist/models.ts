/** Trained networks that suggestions and trainings may begin with: those that come along, of runs that are shown, and of this studio's own trainings. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { isThere } from "../../system/paths/replacing.js";
import { modelNames, modelPath } from "../../train/checkpoint/models.js";
import { runFolder } from "../../train/run/runFolder.js";
import type { Opened } from "../opened.js";

/** A network by the name that the page shows. */
export interface KnownModel {
  readonly name: string;
  readonly path: string;
}

/** Lists them, the newest of this studio's trainings first. */
export async function knownModels({
  runFolders,
  out,
}: Pick<Opened, "runFolders" | "out">): Promise<KnownModel[]> {
  const found: KnownModel[] = [];
  for (const name of await trainingsIn(out))
    found.push({ name, path: runFolder(join(out, name, "run")).best });
  for (const folder of runFolders) found.push({ name: basename(folder), path: runFolder(folder).best });
  for (const name of await modelNames()) found.push({ name, path: await modelPath(name) });
  const there = await Promise.all(found.map(({ path }) => isThere(path)));
  const seen = new Set<string>();
  return found.filter(({ name }, at) => there[at] && !seen.has(name) && seen.add(name));
}

/** Names of the folders of this studio's trainings, the newest first. */
export async function trainingsIn(out: string): Promise<string[]> {
  const names = await readdir(out).catch(() => []);
  const numbers = names.flatMap((name) => /^train-(\d{1,6})$/.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => b - a).map((number) => `train-${number}`);
}

/** Returns the network of a name. @throws BadUsage where there is none: nothing but listed files is opened */
export async function modelNamed(
  opened: Pick<Opened, "runFolders" | "out">,
  name: string,
): Promise<KnownModel> {
  const known = await knownModels(opened);
  const model = known.find((each) => each.name === name);
  if (model) return model;
  throw new PickbenchError(
    "BadUsage",
    `there is no trained network ${name.slice(0, 60)}; there is ${known.map((each) => each.name).join(", ") || "none"}`,
  );
}
