/** Subsets made by clicking: the file that `survey subset` writes, or its text where nothing may be written. */
import { newSubsetPath, writeSubset } from "../../survey/subsets.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Catalogue } from "./catalogue.js";

/** What a subset is made of: the runs that an expression finds, or chosen ones. */
export interface SubsetAsked {
  readonly name: string;
  readonly where?: string | undefined;
  readonly sort?: string | undefined;
  readonly runs?: readonly string[] | undefined;
}

/** A subset that was written. */
export interface MadeSubset {
  readonly path: string;
  readonly runs: number;
}

/**
 * Writes a subset of a survey, as `pickbench survey subset NAME --where EXPRESSION` does; of chosen runs in the given order.
 *
 * @throws PickbenchError BadUsage for a name that no file can have or that is taken, for no run, or for one that the survey
 * has not
 */
export async function makeSubset(catalogue: Catalogue, asked: SubsetAsked): Promise<MadeSubset> {
  const { name, where, sort, runs: chosen } = asked;
  if (catalogue.kind !== "survey")
    throw new PickbenchError(
      "BadUsage",
      "a data set without a survey has no place for subsets; copy the names, or make a survey with pickbench survey build",
    );
  const path = newSubsetPath(catalogue.folder, name);
  await checkFree(path, false, "another name");
  const runs = chosen ?? (await catalogue.order(where, sort));
  if (runs.length === 0)
    throw new PickbenchError("BadUsage", "no tomogram is chosen, so there is nothing to write; choose some");
  if (chosen) await checkRuns(catalogue, chosen);
  await writeSubset(path, runs, `${name}: ${chosen ? "chosen in the studio" : (where ?? "all")}`);
  return { path, runs: runs.length };
}

async function checkRuns(catalogue: Catalogue, runs: readonly string[]): Promise<void> {
  const known = new Set(await catalogue.order());
  const strange = runs.find((run) => !known.has(run));
  if (strange !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `${catalogue.folder} has no run ${strange}; load the page again, and choose anew`,
    );
}
