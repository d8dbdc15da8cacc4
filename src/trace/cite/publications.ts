/** Publications that the metadata of data from the CryoET Data Portal name: their DOIs. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { readText } from "../../system/paths/opening.js";
import { isSidecar } from "../../system/paths/sidecar.js";
import type { Cited } from "./bibtex.js";
import { entryOf } from "./entry.js";

/** Files of metadata that are looked at, at most: those of a data set name few publications. */
const most = 500;

/** The portal writes DOIs and other accessions into one text. */
const metadataSchema = z.looseObject({ annotation_publications: z.string() });

/** Returns the publications that the annotations in a folder name; none where it is not of the portal. */
export async function publicationsIn(folder: string): Promise<Cited[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter(({ name, parentPath }) => /[/\\]Annotations([/\\]|$)/.test(parentPath) && name.endsWith(".json"))
    .filter(({ name }) => !isSidecar(name))
    .slice(0, most);
  const dois = new Set<string>();
  for (const { parentPath, name } of files)
    for (const doi of await doisIn(join(parentPath, name))) dois.add(doi);
  return [...dois]
    .sort()
    .map((doi) => ({ entry: publicationOf(doi), uses: ["annotations on the CryoET Data Portal"] }));
}

/** A broken file names none: that it is broken, `inspect` says. */
async function doisIn(path: string): Promise<string[]> {
  try {
    const parsed = metadataSchema.safeParse(parseJson(await readText(path), { path }));
    return parsed.success
      ? (parsed.data.annotation_publications.match(/\b10\.\d{4,9}\/[^\s,;"{}%\\]+/g) ?? [])
      : [];
  } catch {
    return [];
  }
}

/** The portal gives no more than the DOI. */
const publicationOf = (doi: string) =>
  entryOf({
    key: `doi${doi.toLowerCase().replace(/[^a-z0-9]/g, "")}`,
    author: "{Authors of annotations on the CryoET Data Portal}",
    title: `Publication of DOI ${doi}`,
    doi,
  });
