/** Where the tasks of a plan stand, and what is said of it. */
import { plural } from "../present/text.js";
import { PickbenchError } from "../system/errors.js";
import { shellWord } from "../system/files.js";
import type { Plan, Task } from "./plan.js";
import { stoppedCode, type TaskFiles } from "./states.js";

/**
 * Where a task stands: `waiting` for its turn, `running`, `done`, `failed`, `stopped` where it can go on, `lost` where it
 * began and is gone without a word, `cancelled` where it is gone before it began, and `open` where nobody was given it.
 */
export type Status = (typeof statuses)[number];
export const statuses = [
  ...(["done", "running", "waiting", "open"] as const),
  ...(["failed", "stopped", "lost", "cancelled"] as const),
] as const;

/** Where a task stands. */
export interface Standing {
  readonly id: number;
  readonly name: string;
  readonly stage: string;
  readonly status: Status;
  readonly attempts: number;
  /** Exit code; null where it has not ended. */
  readonly code: number | null;
  /** What went wrong. */
  readonly message: string | null;
  /** Slurm's job. */
  readonly job: string | null;
  /** Why it waits, in Slurm's word. */
  readonly reason: string | null;
  readonly host: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** What whoever does the tasks knows of one that has no end. */
export interface Outside {
  readonly status: Exclude<Status, "done" | "failed" | "stopped">;
  readonly job?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Whether it seems to have ended well, and its word is but late. */
  readonly isLate?: boolean;
}

/** Joins what a task wrote itself and what is known from outside. */
export function standingOf(plan: Plan, task: Task, files: TaskFiles, outside: Outside | undefined): Standing {
  const { begun, end } = files;
  const isAgain = outside?.job !== undefined && outside.job !== begun?.job;
  const goesOn = outside !== undefined && isLive(outside) && (end?.code === stoppedCode || isAgain);
  const own = end && (end.code === 0 || !goesOn) ? ended(end.code) : undefined;
  const status = own ?? outside?.status ?? "open";
  return {
    id: task.id,
    name: task.name,
    stage: plan.settings.stages[task.stage]!.name,
    status,
    attempts: begun?.attempt ?? 0,
    code: own ? end!.code : null,
    message: own ? end!.message : (outside?.message ?? null),
    job: outside?.job ?? begun?.job ?? null,
    reason: own ? null : (outside?.reason ?? null),
    host: begun?.host ?? null,
    startedAt: begun?.startedAt ?? null,
    finishedAt: own ? end!.finishedAt : null,
  };
}

const ended = (code: number): Status => (code === 0 ? "done" : code === stoppedCode ? "stopped" : "failed");

/** Whether a task waits or runs where it was given to. */
export const isLive = ({ status }: Pick<Standing, "status">): boolean =>
  status === "waiting" || status === "running";

/** Whether nothing more comes of a task by itself. */
export const isSettled = (standing: Pick<Standing, "status">): boolean =>
  !isLive(standing) && standing.status !== "open";

/** Whether a task was begun and did not end well. */
export const wentWrong = ({ status }: Pick<Standing, "status">): boolean =>
  status === "failed" || status === "lost" || status === "stopped";

/** What a task's standing is to whoever does the plan: one that nobody was given waits for its turn. */
export const inTurn = (standing: Standing): Standing =>
  standing.status === "open" ? { ...standing, status: "waiting" } : standing;

/** Counts tasks by where they stand. */
export function countsOf(standings: readonly Standing[]): Partial<Record<Status, number>> {
  const counts: Partial<Record<Status, number>> = {};
  for (const { status } of standings) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Says how many tasks run, wait and have gone wrong, as behind a bar. */
export function countsText(standings: readonly Standing[]): string {
  const { done: _, ...others } = countsOf(standings);
  return Object.entries(others)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
}

const mostNamed = 5;

/** What went wrong with a plan: its failed tasks by name, and what to do. */
export function failureOf(plan: Plan, standings: readonly Standing[]): PickbenchError | undefined {
  const bad = standings.filter(({ status }) => status !== "done");
  if (bad.length === 0) return undefined;
  const own = bad.filter(wentWrong);
  const meant = own.length > 0 ? own : bad;
  const shown = meant.slice(0, mostNamed);
  const named = shown.map(
    ({ name, status, message }) => `${name} ${status}${message ? ` (${message})` : ""}`,
  );
  const more = meant.length - shown.length;
  const others = bad.length - meant.length;
  const waiting = others > 0 ? `; ${others} wait for them` : "";
  const folder = shellWord(plan.folder);
  return new PickbenchError(
    own.length > 0 && own.every(({ status }) => status === "stopped") ? "Stopped" : "System",
    `${meant.length} of ${plural(standings.length, "task")} did not end well: ${named.join(", ")}${more > 0 ? `, and ${more} more` : ""}${waiting}; pickbench queue log ${folder} shows what they say, pickbench queue resume ${folder} does these alone`,
    { path: plan.folder },
  );
}
