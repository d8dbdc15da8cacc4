/** What a run that was killed, or that left its tasks to Slurm, left working: processes and tasks of its steps. */
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { jsonIn } from "../formats/json.js";
import { commandWords } from "../makings/making.js";
import { PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { isRunning, type Owner } from "../system/owner.js";
import { readIfThere } from "../system/paths/opening.js";
import { endGroup, goneByItself } from "../system/processGroup.js";

/** A step that something still does. */
export interface Leftover {
  readonly step: string;
  /** Its command line, without flags that change no result. */
  readonly words: readonly string[];
  /** What does it, for people. */
  readonly what: string;
  /** Waits until nothing does it any more; where the signal says so it is asked to stop, or left to Slurm. */
  readonly gone: (signal: AbortSignal) => Promise<void>;
  /** Ends it. */
  readonly end: () => Promise<void>;
}

const claimSchema = z.strictObject({
  words: z.array(z.string()),
  pid: z.int(),
  started: z.number(),
  machine: z.string(),
  /** Name of the machine, for people. */
  host: z.string(),
});

const ending = ".process.json";

/** File that says which process does a step. */
export const claimOf = (logs: string, step: string): string => join(logs, `${step}${ending}`);

/** Notes which process does a step. */
export const writeClaim = (path: string, argv: readonly string[], owner: Owner): Promise<void> =>
  writeWhole(
    path,
    `${JSON.stringify({ words: commandWords(argv), ...owner, host: hostname() } satisfies z.infer<typeof claimSchema>)}\n`,
  );

/** Time in ms that what a step's process left running has to end by itself. */
export const grace = 20_000;

/**
 * Finds the processes that still do steps; each was noted before it did anything.
 *
 * @param logs folder of a workflow's logs, whose lock is held: no other run begins any
 */
export async function leftProcesses(logs: string): Promise<Leftover[]> {
  const names = (await readdir(logs)).filter((name) => name.endsWith(ending));
  const found = names.map(async (name): Promise<Leftover[]> => {
    const path = join(logs, name);
    const bytes = await readIfThere(path);
    const { data: claim } = claimSchema.safeParse(jsonIn(bytes?.toString("utf8") ?? ""));
    const step = name.slice(0, -ending.length);
    return claim === undefined ? [] : [{ ...leftOf(claim, path, step), step }];
  });
  return (await Promise.all(found)).flat();
}

function leftOf({ words, host, ...owner }: z.infer<typeof claimSchema>, path: string, step: string) {
  const gone = async (signal: AbortSignal): Promise<void> => {
    if (isRunning(owner) === "elsewhere")
      throw new PickbenchError(
        "System",
        `process ${owner.pid} on ${host === hostname() ? "this machine, in another container," : host} may still do the step ${step}; wait for it, or remove ${path} if it has ended`,
        { path },
      );
    await goneByItself(owner, signal);
    await endGroup(owner, grace);
    await rm(path, { force: true });
  };
  return { words, what: `process ${owner.pid}`, gone, end: () => gone(AbortSignal.abort()) };
}
