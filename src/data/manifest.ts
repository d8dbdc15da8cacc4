import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { messageOf, PickbenchError } from "../errors.js";
import { canonicalJson, hashFile, hashOf } from "../files.js";
import type { Dataset } from "./dataset.js";
import { bringHere } from "./remote/mirror.js";

/** A file that a result rests on. */
export interface ManifestEntry {
  /** `static/ExperimentRuns/…` or `overlay/ExperimentRuns/…`, with slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hex; left out where hashing was not asked for. */
  readonly sha256?: string;
}

/** Every file of the named runs, tomograms and picks, sorted by path; or those alone whose path `only` takes. */
export async function dataManifest(
  dataset: Dataset,
  runs: readonly string[],
  options: { hash: boolean; only?: (path: string) => boolean },
): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (const root of dataset.roots) {
    const label = root === dataset.overlayRoot ? "overlay" : "static";
    for (const run of new Set(runs)) {
      const folder = join(root, "ExperimentRuns", run);
      const pathOf = (full: string): string => [label, ...relative(root, full).split(/[/\\]/)].join("/");
      const isWanted = (full: string): boolean => options.only?.(pathOf(full)) !== false;
      await bringHere(folder, isWanted);
      for (const name of await filesUnder(folder, [])) {
        const full = join(folder, name);
        const path = pathOf(full);
        if (!isWanted(full)) continue;
        entries.push({
          path,
          size: (await stat(full)).size,
          ...(options.hash ? { sha256: await hashFile(full) } : {}),
        });
      }
    }
  }
  for (const { name, sources = [] } of dataset.runs)
    if (runs.includes(name))
      for (const source of sources) entries.push(...(await entriesOf(dataset.root, source, options)));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files of a run in another layout than copick's, by their place under the data set's root. */
async function entriesOf(
  root: string,
  source: string,
  { hash }: { hash: boolean },
): Promise<ManifestEntry[]> {
  await bringHere(source);
  const isFolder = (await stat(source)).isDirectory();
  const files = isFolder ? (await filesUnder(source, [])).map((name) => join(source, name)) : [source];
  return Promise.all(
    files.map(async (full) => ({
      path: (relative(root, full) || basename(full)).split(/[/\\]/).join("/"),
      size: (await stat(full)).size,
      ...(hash ? { sha256: await hashFile(full) } : {}),
    })),
  );
}

/** One hash for all of a manifest. */
export const manifestHash = (entries: readonly ManifestEntry[]): string => hashOf(canonicalJson(entries));

/** Files under a folder, relative to it; hidden system files (`.DS_Store`) are left out, Zarr's own are not. */
async function filesUnder(folder: string, above: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && above.length === 0) return [];
    throw new PickbenchError("BadDataset", `${folder}: cannot be listed: ${messageOf(error)}`, {
      path: folder,
    });
  });
  if (entries.length === 0) return [];
  const here = await realpath(folder);
  if (above.includes(here))
    throw new PickbenchError("BadDataset", `${folder}: a link that leads back to ${here}; remove it`, {
      path: folder,
    });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".") && !/^\.(zarray|zattrs|zgroup|zmetadata)$/.test(entry.name)) continue;
    const full = join(folder, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(full)));
    if (!isFolder) found.push(entry.name);
    else for (const name of await filesUnder(full, [...above, here])) found.push(join(entry.name, name));
  }
  return found;
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${link}: a link that leads nowhere (${messageOf(error)}); mend or remove it`,
      {
        path: link,
      },
    );
  }
}
