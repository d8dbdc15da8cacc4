/** Workflows that come along, to begin with. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PickbenchError } from "../system/errors.js";
import { suggestion } from "../system/nearest.js";
import { readText } from "../system/paths/opening.js";
import type { CommandCatalogue } from "./catalogue.js";
import { readWorkflow, type Workflow } from "./workflow.js";

const ownTemplates = fileURLToPath(new URL("../../workflows", import.meta.url));
const ending = ".yaml";

/** Lists the templates, sorted by name. */
export async function templates(catalogue: CommandCatalogue): Promise<Workflow[]> {
  const names = (await readdir(ownTemplates)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(names.map((name) => readWorkflow(join(ownTemplates, name), catalogue)));
}

/** Returns a template's YAML. @throws PickbenchError BadUsage for a name that there is not */
export async function templateText(name: string): Promise<string> {
  const names = (await readdir(ownTemplates)).flatMap((file) =>
    file.endsWith(ending) ? [file.slice(0, -ending.length)] : [],
  );
  if (names.includes(name)) return readText(join(ownTemplates, `${name}${ending}`));
  throw new PickbenchError(
    "BadUsage",
    `there is no template ${JSON.stringify(name)}${suggestion(name, names) || `; there is ${names.sort().join(", ")}`}`,
  );
}
