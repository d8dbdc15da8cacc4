/** How things stand that were noted: whether they are as they were, have changed, or are gone. */
import { existsSync } from "node:fs";
import { isAsNoted } from "../makings/fingerprint.js";
import type { Noted } from "./makers.js";

/** How something stands beside what was noted of it; `not noted`: nothing says how it was. */
export type State = "as noted" | "changed" | "gone" | "not noted";

/**
 * Tells how a file or folder stands beside what was noted of it.
 *
 * @param reads whether its content is read in any case; else it is only where sizes or times have changed
 */
export async function stateOf(
  { path, isPath, sha256, stamp, selection }: Noted,
  reads: boolean,
): Promise<State> {
  if (!isPath) return "not noted";
  if (!existsSync(path)) return "gone";
  if (sha256 === undefined) return "not noted";
  const noted = { sha256, stamp: reads ? undefined : stamp };
  return (await isAsNoted(path, noted, selection)) ? "as noted" : "changed";
}
