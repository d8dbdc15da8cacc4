/** `FileSet`s of a manifest: files here that it names by patterns, found below one folder and nowhere else. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { limits } from "../../system/limits.js";
import { isHidden, isSidecar } from "../../system/paths/sidecar.js";
import { checkedPath, isRemote } from "../remote/address.js";
import { type Resource, refusal } from "./resource.js";

/** Files that a manifest's sets name. */
interface FoundSets {
  /** Paths below the base, sorted. */
  readonly paths: readonly string[];
  /** A sentence on each set. */
  readonly notes: readonly string[];
}

/**
 * Finds the files of sets. A pattern is one of `*` and `?` within a name, `[…]`, and `**` over any number of folders.
 *
 * @param place of the manifest
 * @param base folder to look in
 * @throws PickbenchError BadDataset for a pattern that finds no file there or leads out of it, for sets in archives or on servers,
 * and for links, behind which anything may lie
 */
export async function findSets(
  place: string,
  base: string,
  resources: readonly Resource[],
): Promise<FoundSets> {
  const all = new Set<string>();
  const notes: string[] = [];
  for (const set of resources.filter(isFileSet)) {
    const { name, includes, excludes } = patternsOf(place, set, resources);
    const left = excludes.map(matcher);
    const own = new Set<string>();
    for (const pattern of includes) {
      const paths = await filesOf(place, base, pattern);
      const found = paths.filter((path) => !left.some((exclude) => exclude.test(path)));
      if (found.length === 0)
        throw refusal(
          place,
          `its FileSet ${name} has no file ${pattern} in ${base}; bring the data set whole, or mend includes`,
        );
      for (const path of found) own.add(checkedPath(place, path));
    }
    for (const path of own) all.add(path);
    notes.push(`${place}: ${name} has ${own.size.toLocaleString("en-US")} files, of which no hash is known`);
  }
  return { paths: [...all].sort(), notes };
}

/** Tells whether a resource is a set of files. */
export const isFileSet = ({ "@type": type = "" }: Resource): boolean => /(?:^|[:/])FileSet$/.test(type);

interface Patterns {
  readonly name: string;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

function patternsOf(place: string, set: Resource, resources: readonly Resource[]): Patterns {
  const name = set["@id"] ?? "without @id";
  const below = folderOf(place, name, set, resources);
  const whole = (pattern: string) => [...below, pattern.replace(/^\.\//, "")].join("/");
  const includes = [set.includes ?? []].flat().map(whole);
  const excludes = [set.excludes ?? []].flat().map(whole);
  if (includes.length === 0)
    throw refusal(place, `its FileSet ${name} has no includes; name its files by one`);
  for (const pattern of [...includes, ...excludes])
    if (isRemote(pattern) || pattern.startsWith("/") || /(?:^|[/\\])\.\.(?:[/\\]|$)|\\|:/.test(pattern))
      throw refusal(
        place,
        `its FileSet ${name} includes ${JSON.stringify(pattern.slice(0, 80))}, wanted a pattern of paths below one folder`,
      );
  return { name, includes, excludes };
}

/** Names of the folders that a set lies in. @throws PickbenchError BadDataset for what is no folder here */
function folderOf(place: string, name: string, set: Resource, resources: readonly Resource[]): string[] {
  const ids = [set.containedIn ?? []].flat().map((each) => (typeof each === "string" ? each : each["@id"]));
  return ids.flatMap((id) => {
    const around = resources.find((each) => each["@id"] === id);
    const folder = around?.contentUrl?.replace(/^\.\//, "").replace(/\/+$/, "");
    const isFolder =
      /directory|folder/i.test([around?.encodingFormat].join()) || around?.contentUrl?.endsWith("/");
    if (ids.length > 1 || folder === undefined || isRemote(folder) || !isFolder)
      throw refusal(
        place,
        `its FileSet ${name} is contained in ${ids.join(" and ")}, wanted a folder here, whose contentUrl ends in /; unpack archives, and leave containedIn out`,
      );
    return folder === "" || folder === "." ? [] : [checkedPath(place, folder)];
  });
}

/** Files that a pattern names, searched for from the last folder on that it names without a wildcard. */
async function filesOf(place: string, base: string, pattern: string): Promise<string[]> {
  const steps = pattern.split("/");
  const wild = steps.findIndex((step) => /[*?[]/.test(step));
  const start = steps.slice(0, wild < 0 ? -1 : wild);
  const matches = matcher(pattern);
  const found: string[] = [];
  const visit = async (below: readonly string[]): Promise<void> => {
    const entries = await readdir(join(base, ...below), { withFileTypes: true }).catch(nothing);
    for (const entry of entries) {
      const path = [...below, entry.name].join("/");
      if (isHidden(entry.name) || isSidecar(entry.name)) continue;
      if (entry.isSymbolicLink()) await refuseLink(place, base, path, matches);
      else if (entry.isDirectory()) await visit([...below, entry.name]);
      else if (entry.isFile() && matches.test(path)) found.push(path);
      if (found.length > limits.listedFiles.most)
        throw refusal(place, `${pattern} names more than ${limits.listedFiles.most} files; narrow it`);
    }
  };
  await visit(start);
  return found;
}

const nothing = (error: NodeJS.ErrnoException): Dirent[] => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
  throw error;
};

/** @throws PickbenchError BadDataset for a link to a folder, or to a file that a pattern names */
async function refuseLink(place: string, base: string, path: string, matches: RegExp): Promise<void> {
  const isFolder = (await stat(join(base, path)).catch(() => undefined))?.isDirectory() === true;
  if (isFolder || matches.test(path))
    throw refusal(
      place,
      `the files of its FileSets are looked for beside ${join(base, path)}, which is a link; put there what it leads to`,
    );
}

/** Returns what a pattern matches, whole paths. */
function matcher(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|[\s\S]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return part.replace(/[.+^$(){}|[\]\\/]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}
