/** Names of files that are not whole yet, and the removal of those whose download was ended. */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, thisProcess } from "../../system/owner.js";

/** Returns a new name, which says what process writes the file. */
export function partialName(): string {
  const { pid, started, machine } = thisProcess();
  return `.partial-${pid}-${started}-${machine}-${randomBytes(6).toString("hex")}`;
}

/** Removes the files that a killed download has left in a folder; those of other machines stay. */
export async function removeEnded(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, started, machine] =
      /^\.partial-(\d+)-(?:(\d+)-([0-9a-f]{8})-)?[0-9a-f]{12}$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const owner = { ...thisProcess(), pid: Number(pid), started: Number(started ?? 0) };
    if (isRunning(machine === undefined ? owner : { ...owner, machine }) === false)
      await rm(join(folder, name), { force: true });
  }
}
