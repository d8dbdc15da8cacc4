import type { RunRecord } from "../record.js";
import type { Dataset } from "./dataset.js";
import { dataManifest } from "./manifest.js";

/** Files in which a data set differs from what a manifest says of it, by path. */
export interface ManifestDifferences {
  /** Of another size or SHA-256. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** Files of the same runs that the manifest does not know. */
  readonly added: readonly string[];
  /** Files that are as the manifest says. */
  readonly same: number;
}

/**
 * Holds the files of the named runs against a manifest. Runs that the data set lacks are missing files, and are never
 * looked for by their names.
 *
 * @param only takes the paths that are looked at; all if absent
 */
export async function manifestDifferences(
  dataset: Dataset,
  runs: readonly string[],
  manifest: RunRecord["data"]["files"],
  only: (path: string) => boolean = () => true,
): Promise<ManifestDifferences> {
  const known = runs.filter((run) => dataset.runs.some(({ name }) => name === run));
  const there = new Map(
    (await dataManifest(dataset, known, { hash: true, only })).map((entry) => [entry.path, entry]),
  );
  const wanted = manifest.filter(({ path }) => only(path));
  const names = new Set(wanted.map(({ path }) => path));
  const found = wanted.filter(({ path }) => there.has(path));
  const changed = found.filter(({ path, size, sha256 }) => {
    const now = there.get(path)!;
    return now.size !== size || (sha256 !== undefined && now.sha256 !== sha256);
  });
  return {
    changed: changed.map(({ path }) => path),
    missing: wanted.flatMap(({ path }) => (there.has(path) ? [] : [path])),
    added: [...there.keys()].filter((path) => !names.has(path)),
    same: found.length - changed.length,
  };
}
