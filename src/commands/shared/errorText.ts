/** What the command line prints of an error, and the exit code it ends with. */

import { isPickbenchError } from "../../system/errors.js";
import { withAddresses } from "../../system/paths/cacheFolder.js";
import { styleFor } from "./style.js";

/** 1 for the user's mistake, 130 where the user stopped the work, 2 for a defect of ours. */
export function exitCodeOf(error: unknown): number {
  if (isPickbenchError(error, "Stopped")) return 130;
  return isOfUser(error) ? 1 : 2;
}

/** The sentence for the user, in which files that were fetched are named by their address unless the disk refuses them; the stack of a defect; with `isDebug` the stack and what caused it in any case. */
export function errorText(error: unknown, isDebug: boolean): string {
  const { red, yellow } = styleFor(process.stderr);
  const name = isPickbenchError(error, "Stopped") ? yellow("pickbench:") : red("pickbench:");
  if (!isOfUser(error)) return `${name} this is a defect of ours, please report it\n${chainOf(error)}`;
  const { message } = error as Error;
  const sentence = `${name} ${isPickbenchError(error, "System") ? message : withAddresses(message)}`;
  return isDebug ? `${sentence}\n${chainOf(error)}` : sentence;
}

/** yargs throws errors of its own for arguments that it cannot read. */
const isOfUser = (error: unknown): boolean =>
  isPickbenchError(error) || (error instanceof Error && error.name === "YError");

/** The stack of an error, and of what caused it, and so on. */
function chainOf(error: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && !seen.has(at); at = at instanceof Error ? at.cause : undefined) {
    seen.add(at);
    const text = at instanceof Error ? (at.stack ?? `${at.name}: ${at.message}`) : String(at);
    stacks.push(stacks.length === 0 ? text : `caused by ${text}`);
  }
  return stacks.join("\n");
}
