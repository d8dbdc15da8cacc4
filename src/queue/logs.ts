/** Files that take what processes say. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { PickbenchError } from "../system/errors.js";

const writing = constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a log for a process: a pipe or a device in its place would keep that waiting.
 *
 * @param isAnew whether what it holds goes; else what is said comes behind it
 * @returns its descriptor
 * @throws Error of the system; PickbenchError System where it is no file
 */
export function openLog(path: string, isAnew: boolean): number {
  const log = openSync(path, writing | (isAnew ? constants.O_TRUNC : constants.O_APPEND), 0o666);
  if (fstatSync(log).isFile()) return log;
  closeSync(log);
  throw new PickbenchError("System", `${path}: it is no file; remove it, or name another plan`, { path });
}
