/** Sources of picks as `survey build` takes them: --picks [NAME=]PATH[@USER_SESSION], and --submissions. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { picksInside, sourceOf } from "../../formats/pickPlaces.js";
import { summarySource } from "../../survey/export/summaryStar.js";
import type { PickSource } from "../../survey/folder.js";
import { truthSource } from "../../survey/places.js";
import { PickbenchError } from "../../system/errors.js";
import { checkedName } from "../../system/paths/names.js";
import { isThere } from "../../system/paths/replacing.js";
import type { Reporter } from "../../system/reporter.js";
import { rootsOf } from "../shared/pickSources.js";

/**
 * Lists the sources, each with its name: as given, else that of the file or folder.
 *
 * @throws PickbenchError BadUsage where two have one name; BadDataset where one does not exist
 */
export async function sourcesAsked(
  picks: readonly string[],
  submissions: readonly string[],
  reporter: Reporter,
): Promise<PickSource[]> {
  const sources: PickSource[] = [];
  for (const given of picks) sources.push(await sourceAsked(given, reporter));
  for (const path of (await Promise.all(submissions.map(submissionsAt))).flat())
    sources.push(await sourceAsked(path, reporter));
  const names = new Set([truthSource, summarySource]);
  for (const { name, paths } of sources) {
    if (names.has(name))
      throw new PickbenchError(
        "BadUsage",
        `${paths[0]}: ${name} is the name of ${name === truthSource ? "the data set's own picks" : name === summarySource ? "Pom's summary" : "another source"}; give another, as in --picks NAME=${paths[0]}`,
      );
    names.add(name);
  }
  return sources;
}

async function sourceAsked(given: string, reporter: Reporter): Promise<PickSource> {
  const [, called, named] = (await isThere(given)) ? [] : (/^([^=/\\]+)=(.+)$/.exec(given) ?? []);
  const { path, author } = await sourceOf(named ?? given);
  if (!(await isThere(path)))
    throw new PickbenchError("BadDataset", `${path}: no such file or folder of picks; name another`, {
      path,
    });
  const paths = await rootsOf(await picksInside(path), reporter);
  const name = called ?? basename(resolve(path)).replace(/\.[^.]+$/, "");
  checkedName(name, { what: "source", tag: "BadUsage", remedy: "give one, as in --picks NAME=PATH" });
  return { name, paths: paths.map((each) => resolve(each)), author };
}

/** A CSV, a submission's folder, or a folder of such folders. */
async function submissionsAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return [path];
  const isSubmission = (folder: string): Promise<boolean> => isThere(join(folder, "submission.csv"));
  if (await isSubmission(path)) return [path];
  const inside: string[] = [];
  for (const name of (await readdir(path)).sort())
    if (await isSubmission(join(path, name))) inside.push(join(path, name));
  if (inside.length > 0) return inside;
  throw new PickbenchError(
    "BadDataset",
    `${path}: neither a submission's folder nor one of such folders, which hold submission.csv; name another`,
    { path },
  );
}
