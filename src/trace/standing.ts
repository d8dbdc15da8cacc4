/** How things stand that were noted: whether they are as they were, have changed, or are gone. */
import { existsSync } from "node:fs";
import { fingerprintOf, standingAt } from "../makings/fingerprint.js";
import type { Noted } from "./makers.js";

/** How something stands beside what was noted of it; `not noted`: nothing says how it was. */
export type State = "as noted" | "changed" | "gone" | "not noted";

/**
 * Tells how a file or folder stands beside what was noted of it.
 *
 * @param reads whether its content is read in any case; else it is only where sizes or times have changed
 */
export async function stateOf(noted: Noted, reads: boolean): Promise<State> {
  const { path, isPath, sha256, selection } = noted;
  if (!isPath) return "not noted";
  if (!existsSync(path)) return "gone";
  if (sha256 === undefined) return "not noted";
  if (!reads && (await isUntouched(noted))) return "as noted";
  return (await fingerprintOf(path, selection))?.sha256 === sha256 ? "as noted" : "changed";
}

/** Tells whether sizes and times of a file or folder are as noted; nothing is read. */
export const isUntouched = async ({ path, stamp, selection }: Noted): Promise<boolean> =>
  stamp !== undefined && (await standingAt(path, selection))?.stamp === stamp;
