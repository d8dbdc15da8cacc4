/**
 * Work that an annotator starts: calls of commands in processes of their own, which end with the studio. The room `assist`
 * suggests picks by a trained network, and trains one on what was annotated.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { undoAtEnd } from "../../system/ending.js";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { type Owner, thisProcess } from "../../system/owner.js";
import { readEnd } from "../../system/paths/opening.js";
import { endOfChild } from "../../system/processEnd.js";
import { askToStop, endGroup } from "../../system/processGroup.js";
import { startAsking } from "../../system/startedProcess.js";
import { builtModule } from "../../system/threads/threads.js";
import { readNote, removeNote, writeNote } from "../annotations/ownNotes.js";

/** A job as the page sees it. */
export interface JobState {
  readonly id: string;
  readonly kind: "suggest" | "train";
  /** What is done, in words. */
  readonly title: string;
  readonly state: "running" | "done" | "failed" | "stopped";
  /** What came of it, or what it is at. */
  readonly sentence: string;
}

/** What is to be done. */
export interface JobPlan {
  readonly kind: JobState["kind"];
  readonly title: string;
  /** Folder for its log, and its own. */
  readonly folder: string;
  /** Makes ready, once no other job goes on. */
  begin?(): Promise<void>;
  /** Calls of the command line, one after the other. */
  readonly calls: readonly { readonly sentence: string; readonly args: readonly string[] }[];
  /** Does what follows, and says what came of it. */
  done(): Promise<string>;
}

/** Time in ms that a process has to end when it is asked to. */
const grace = 5000;
/** Jobs that are remembered. */
const mostKept = 20;

const ownersSchema = z.array(z.object({ pid: z.number(), started: z.number(), machine: z.string() }));

interface Held {
  state: JobState;
  readonly plan: JobPlan;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Jobs {
  readonly #jobs = new Map<string, Held>();
  readonly #owners = new Set<Owner>();
  readonly #note: string;
  #count = 0;

  /** @param note file of the user's own where processes are noted, so that the next studio ends those of one that was killed */
  constructor(note: string) {
    this.#note = note;
  }

  /** Ends what a studio that was killed has left running, where the system tells a process from a later one of its number. */
  async endLeft(): Promise<void> {
    const left = ownersSchema.safeParse(jsonIn((await readNote(this.#note)) ?? "[]")).data ?? [];
    for (const owner of left) if (owner.started !== 0) await endGroup(owner, grace);
    await removeNote(this.#note);
  }

  list(): JobState[] {
    return [...this.#jobs.values()].map(({ state }) => state);
  }

  /** The plan of a job. @throws BadUsage where there is no such job */
  plan(id: string): JobPlan {
    return this.#held(id).plan;
  }

  /** @throws BadUsage while a job runs: two would share the machine */
  checkFree(): void {
    const busy = this.list().find(({ state }) => state === "running");
    if (busy) throw new PickbenchError("BadUsage", `${busy.title} is going on; stop it, or wait for it`);
  }

  /** Starts a job. @throws BadUsage while another runs */
  start(plan: JobPlan): JobState {
    this.checkFree();
    this.#count++;
    const id = `j${this.#count}`;
    const stop = new AbortController();
    const { kind, title } = plan;
    const held: Held = {
      state: { id, kind, title, state: "running", sentence: "begins" },
      plan,
      stop,
      ended: Promise.resolve().then(() => this.#run(held)),
    };
    this.#jobs.set(id, held);
    for (const [oldest] of this.#jobs) if (this.#jobs.size > mostKept) this.#jobs.delete(oldest);
    return held.state;
  }

  /** Stops a job, and returns when it has ended. */
  async stop(id: string): Promise<void> {
    const held = this.#held(id);
    held.stop.abort();
    await held.ended;
  }

  /** Stops all. */
  async close(): Promise<void> {
    for (const { stop } of this.#jobs.values()) stop.abort();
    await Promise.all([...this.#jobs.values()].map(({ ended }) => ended));
  }

  #held(id: string): Held {
    const held = this.#jobs.get(id);
    if (held === undefined) throw new PickbenchError("BadUsage", `there is no job ${id.slice(0, 40)}`);
    return held;
  }

  async #run(held: Held): Promise<void> {
    const { plan, stop } = held;
    const say = (part: Partial<JobState>): void => {
      held.state = { ...held.state, ...part };
    };
    try {
      await plan.begin?.();
      await mkdir(plan.folder, { recursive: true });
      for (const { sentence, args } of plan.calls) {
        say({ sentence });
        await this.#call(args, join(plan.folder, "log.txt"), stop.signal);
      }
      say({ state: "done", sentence: await plan.done() });
    } catch (error) {
      const isStopped = stop.signal.aborted || isPickbenchError(error, "Stopped");
      say(
        isStopped
          ? { state: "stopped", sentence: "stopped" }
          : { state: "failed", sentence: messageOf(error) },
      );
    }
  }

  async #call(args: readonly string[], log: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new PickbenchError("Stopped", "stopped");
    const out = openSync(log, "a");
    let owner: Owner | undefined;
    try {
      const start = { stdio: ["ignore", out, out] as const, detached: true };
      const child = startAsking([program, ...args], start, async (its) => {
        owner = its;
        this.#owners.add(its);
        await this.#writeOwners();
      });
      const { code, message } = await ended(child, signal);
      if (signal.aborted) throw new PickbenchError("Stopped", "stopped");
      if (code !== 0)
        throw new PickbenchError("System", (await lastLine(log)) ?? message ?? `it ended with ${code}`);
    } finally {
      closeSync(out);
      if (owner !== undefined) {
        await endGroup(owner, grace);
        this.#owners.delete(owner);
        await this.#writeOwners();
      }
    }
  }

  async #writeOwners(): Promise<void> {
    await writeNote(this.#note, `${JSON.stringify([...this.#owners])}\n`);
  }
}

const program = fileURLToPath(builtModule(import.meta.url, "../../system/askingProgram.js"));

async function ended(child: ChildProcess, signal: AbortSignal): ReturnType<typeof endOfChild> {
  const own = (): Owner => ({ ...thisProcess(), pid: child.pid!, started: 0 });
  const stop = (): void => {
    askToStop(child.pid);
    if (child.pid !== undefined) setTimeout(() => void endGroup(own(), 0), grace).unref();
  };
  const forget = undoAtEnd(() => askToStop(child.pid === undefined ? undefined : -child.pid));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await endOfChild(child);
  } finally {
    signal.removeEventListener("abort", stop);
    forget();
  }
}

/** The last line of a log, cut to what a page shows. */
async function lastLine(path: string): Promise<string | undefined> {
  const text = await readEnd(path, 4096).catch(() => Buffer.alloc(0));
  return text.toString("utf8").trimEnd().split("\n").at(-1)?.slice(0, 500) || undefined;
}
