/** Subsets of a survey: read to be chosen, and made of what was chosen, as `survey subset` does. */
import { newSubsetPath, readSubset, subsetNames, subsetPath, writeSubset } from "../../survey/subsets.js";
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

/** Returns the runs of a subset. @throws PickbenchError BadUsage where the survey has none of that name */
export async function runsOfSubset({ folder, kind }: Catalogue, name: string): Promise<string[]> {
  const names = kind === "survey" ? await subsetNames(folder) : [];
  if (names.includes(name)) return readSubset(subsetPath(folder, name));
  throw new PickbenchError("BadUsage", `${folder} has no subset ${name}; load the page again`);
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
