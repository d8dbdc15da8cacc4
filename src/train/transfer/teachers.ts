/**
 * Lineages of teachers, the networks whose picks lie in a folder: what trains on their picks must not hold out a run that
 * they have seen.
 */
import { join } from "node:path";
import { parseJson } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { isThere } from "../../system/paths/replacing.js";
import { joined, type Lineage, lineageSchema } from "../checkpoint/lineage.js";
import type { Before } from "./ancestry.js";

const fileIn = (folder: string): string => join(folder, "lineage.json");

/** Writes the lineages of networks beside their picks, after those that are noted there. @throws as `readTeachers` */
export async function noteTeachers(folder: string, lineage: Lineage): Promise<void> {
  const noted = await readTeachers(folder);
  const all = joined(noted?.lineage ?? [], lineage);
  await writeWhole(fileIn(folder), `${JSON.stringify(all, null, 1)}\n`);
}

/**
 * Reads the lineages of the networks whose picks lie in a folder; null where none are noted.
 *
 * @throws PickbenchError BadDataset where the file holds no lineage
 */
export async function readTeachers(folder: string): Promise<Before | null> {
  const path = fileIn(folder);
  if (!(await isThere(path))) return null;
  const parsed = lineageSchema.safeParse(parseJson(await readText(path), { path }));
  if (parsed.success) return { path, lineage: parsed.data };
  throw new PickbenchError(
    "BadDataset",
    `${path}: got no lineage, wanted the trainings of the networks whose picks lie here, as pickbench pick writes them; pick again into an empty folder`,
    { path, cause: parsed.error },
  );
}
