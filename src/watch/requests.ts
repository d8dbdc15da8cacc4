/** What other processes ask of a watcher, by a file that it takes at its next look. */
import { appendFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere } from "../system/paths/opening.js";

const requestFile = (out: string): string => join(out, "retry.jsonl");

/** Asks that a run which failed or was set aside be taken again; `failed` means all of them. */
export const askRetry = (out: string, run: string): Promise<void> =>
  appendFile(requestFile(out), `\n${JSON.stringify(run)}\n`);

/** Takes what was asked for, if anything was: a request is removed once `take` has ended. */
export async function takeRequests(
  out: string,
  take: (runs: ReadonlySet<string>) => Promise<unknown>,
): Promise<void> {
  const taken = `${requestFile(out)}.taken`;
  const isLeft = (await readIfThere(taken)) !== undefined;
  if (!isLeft) {
    const isAsked = await rename(requestFile(out), taken).then(
      () => true,
      () => false,
    );
    if (!isAsked) return;
  }
  const lines = ((await readIfThere(taken))?.toString("utf8") ?? "").split("\n");
  const runs = lines.flatMap((line) => runIn(line) ?? []);
  await take(new Set(runs));
  await rm(taken, { force: true });
}

function runIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
