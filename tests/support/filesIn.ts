/** What lies in a folder. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** All files below a place, or the place itself, with their bytes; notes of how they were made hold times, and are left out. */
export function filesIn(place: string, within = ""): [path: string, base64: string][] {
  if (!statSync(join(place, within)).isDirectory())
    return within.endsWith(".made.json") ? [] : [[within, readFileSync(join(place, within), "base64")]];
  return readdirSync(join(place, within))
    .sort()
    .flatMap((name) => filesIn(place, join(within, name)));
}
