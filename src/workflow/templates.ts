/** Workflows that come along, to begin with. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PickbenchError } from "../system/errors.js";
import { meantOrThere } from "../system/nearest.js";
import { readText } from "../system/paths/opening.js";
import type { CommandCatalogue } from "./catalogue.js";
import { readWorkflow, type Workflow } from "./workflow.js";

const ownTemplates = fileURLToPath(new URL("../../workflows", import.meta.url));
const ending = ".yaml";
const fileOf = (name: string): string => join(ownTemplates, `${name}${ending}`);

/** Names of the templates, sorted. */
const names = async (): Promise<string[]> =>
  (await readdir(ownTemplates))
    .flatMap((file) => (file.endsWith(ending) ? [file.slice(0, -ending.length)] : []))
    .sort();

/** Reads the templates, sorted by name. */
export const templates = async (catalogue: CommandCatalogue): Promise<Workflow[]> =>
  Promise.all((await names()).map((name) => readWorkflow(fileOf(name), catalogue)));

/** Returns a template's YAML. @throws PickbenchError BadUsage for a name that there is not */
export async function templateText(name: string): Promise<string> {
  const known = await names();
  if (known.includes(name)) return readText(fileOf(name));
  throw new PickbenchError(
    "BadUsage",
    `there is no template ${JSON.stringify(name)}${meantOrThere(name, known)}`,
  );
}
