/** What other processes ask of a watcher, by a file that it takes at its next look. */
import { appendFile, rename, rm } from "node:fs/promises";
import { jsonIn } from "../formats/json.js";
import { readIfThere } from "../system/paths/opening.js";
import { placeIn } from "./places.js";

/** Asks that a run which failed or was set aside be taken again; `failed` means all of them. */
export const askRetry = (out: string, run: string): Promise<void> =>
  appendFile(placeIn(out, "requests"), `\n${JSON.stringify(run)}\n`);

/** Takes what was asked for, if anything was: a request is removed once `take` has ended. */
export async function takeRequests(
  out: string,
  take: (runs: ReadonlySet<string>) => Promise<unknown>,
): Promise<void> {
  const asked = placeIn(out, "requests");
  const taken = `${asked}.taken`;
  if ((await readIfThere(taken)) === undefined) await rename(asked, taken).catch(() => undefined);
  const text = (await readIfThere(taken))?.toString("utf8");
  if (text === undefined) return;
  const runs = text
    .split("\n")
    .map(jsonIn)
    .filter((run) => typeof run === "string");
  await take(new Set(runs));
  await rm(taken, { force: true });
}
