/** All works that pickbench may cite, by their keys. */
import { findingWorks } from "./entries/finding.js";
import { networkWorks } from "./entries/networks.js";
import { sourceWorks } from "./entries/sources.js";
import { type Entry, entryOf } from "./entry.js";

/** Every work, in a fixed order. */
export const works: readonly Entry[] = [...networkWorks, ...findingWorks, ...sourceWorks].map(entryOf);

const byKey = new Map(works.map((work) => [work.key, work]));

/** Returns the work of a key. @throws Error for a key of none, which a test rules out */
export function workOf(key: string): Entry {
  const work = byKey.get(key);
  if (work === undefined) throw new Error(`no work has the key ${key}`);
  return work;
}
