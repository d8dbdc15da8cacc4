/** Subsets: text files with a run a line, which every `--runs @NAME` takes. A line may be a tomogram's path, as in Pom's. */
import { existsSync, readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { volumeStem } from "../data/volumeNames.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { suggestion } from "../system/nearest.js";
import { checkedName, inside } from "../system/paths/names.js";
import { readBytesSync } from "../system/paths/opening.js";
import { namesAmong, placesIn, usualSurvey } from "./places.js";

const ending = ".txt";

/** Returns the file of a subset. @throws PickbenchError BadUsage for a name that no file can have */
export const subsetPath = (folder: string, name: string): string =>
  inside(placesIn(folder).subsets, `${name}${ending}`, {
    what: "subset",
    tag: "BadUsage",
    remedy: "give another name",
  });

/** Lists the names of a survey's subsets, sorted. */
export const subsetNames = async (folder: string): Promise<string[]> =>
  namesAmong(await readdir(placesIn(folder).subsets).catch(() => []), ending);

/**
 * Returns where a new subset is written.
 *
 * @throws PickbenchError BadUsage for a name that no file can have, or that `--runs` would not find again
 */
export function newSubsetPath(folder: string, name: string): string {
  if (name.endsWith(ending) || /,|^\s|\s$/.test(name))
    throw new PickbenchError(
      "BadUsage",
      `survey subset: --runs @${name} would not mean the subset ${JSON.stringify(name)}; give a name without commas, without spaces at its ends and without .txt`,
    );
  return subsetPath(folder, name);
}

/** Writes a subset, with a comment of what it is. */
export async function writeSubset(path: string, runs: readonly string[], comment: string): Promise<void> {
  await writeWhole(path, `# ${comment.replaceAll(/\s+/g, " ")}\n${runs.map((run) => `${run}\n`).join("")}`);
}

/**
 * Reads the runs of a subset: a name or path a line, each once; `#` begins a comment.
 *
 * @throws PickbenchError BadUsage where there is no such file, it names no run, or a line is no name
 */
export function readSubset(path: string): string[] {
  const runs = new Set<string>();
  for (const line of textOf(path).split(/\r?\n/)) {
    const text = line.replace(/(^|\s)#.*$/, "").trim();
    if (text === "") continue;
    const run = volumeStem(basename(text.replaceAll("\\", "/")));
    runs.add(checkedName(run, { what: "run", path, tag: "BadUsage", remedy: "mend the subset" }));
  }
  if (runs.size > 0) return [...runs];
  throw new PickbenchError("BadUsage", `${path} names no run, wanted one a line; mend the subset`, { path });
}

function textOf(path: string): string {
  try {
    return readBytesSync(path).toString("utf8");
  } catch (error) {
    throw new PickbenchError(
      "BadUsage",
      `${path} cannot be read (${messageOf(error)}); name another subset`,
      { path },
    );
  }
}

/**
 * Returns the runs that `@NAME` means: a subset of the survey in `PICKBENCH_SURVEY` or ./survey; with a slash or .txt, a file.
 *
 * @throws PickbenchError BadUsage where there is none, with the nearest name
 */
export function runsOfSubset(name: string): string[] {
  const path = subsetFile(name);
  if (path === name || existsSync(path)) return readSubset(path);
  const folder = usedSurvey();
  const { subsets } = placesIn(folder);
  const names = existsSync(subsets) ? namesAmong(readdirSync(subsets), ending) : [];
  throw new PickbenchError(
    "BadUsage",
    `@${name}: no subset ${path}${suggestion(name, names, "@")}; make it with pickbench survey subset ${name} --where EXPRESSION, or name a file as @DIR/FILE.txt`,
    { path },
  );
}

/**
 * Returns the file that `@NAME` means, which need not be there.
 *
 * @throws PickbenchError BadUsage for a name that no file can have
 */
export const subsetFile = (name: string): string =>
  /[/\\]/.test(name) || name.endsWith(ending) ? name : subsetPath(usedSurvey(), name);

const usedSurvey = (): string => process.env.PICKBENCH_SURVEY || usualSurvey;
