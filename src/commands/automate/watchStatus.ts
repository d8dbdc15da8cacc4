/** `pickbench watch --status` and `--retry`. */
import { listed, plural, seconds, wordTable } from "../../present/text.js";
import { wallClock } from "../../system/clock.js";
import { PickbenchError } from "../../system/errors.js";
import { askRetry } from "../../watch/requests.js";
import { summaryOf, type WatchSummary } from "../../watch/summary.js";
import { report } from "../shared/command.js";
import { queueOf, type WatchQueue } from "./watchQueue.js";

/** Says where a watched folder stands. */
export async function statusAsked(out: string, json: boolean | undefined): Promise<void> {
  const summary = { ...(await summaryAt(out)), queue: await queueOf(out) };
  report(json, summary, () => summaryText(summary));
}

/** @throws PickbenchError BadUsage where nothing was watched into that folder */
async function summaryAt(out: string): Promise<WatchSummary> {
  const summary = await summaryOf(out, wallClock());
  if (summary !== undefined) return summary;
  throw new PickbenchError("BadUsage", `${out}: holds no ledger; name the --out of a watcher`, { path: out });
}

/** Asks the watcher, or the next one, to try again. */
export async function retryAsked(
  out: string,
  runs: readonly string[],
  json: boolean | undefined,
): Promise<void> {
  const { failed } = await summaryAt(out);
  const names = failed.map(({ run }) => run);
  const unknown = runs.find((run) => run !== "failed" && !names.includes(run));
  if (unknown !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `--retry ${unknown}: no such run failed or was set aside; there is ${listed(names, 12) || "none"}`,
    );
  const asked = runs.includes("failed") ? names : runs;
  for (const run of asked) await askRetry(out, run);
  report(json, { asked }, () =>
    asked.length === 0 ? "nothing failed" : `tried again at the watcher's next look: ${listed(asked, 12)}`,
  );
}

const shown = 20;

/** A summary as lines for people. */
export function summaryText(summary: WatchSummary & { readonly queue: WatchQueue | null }): string {
  const { data, workflow, watching, counts, running, failed, arriving, changed, damagedLines } = summary;
  const { lastArrival, doneInLastHour, meanSeconds } = summary;
  const rate =
    meanSeconds === null ? "" : `, ${doneInLastHour} in the last hour, ${seconds(meanSeconds)} each`;
  return [
    `${data} by ${workflow}: ${watching === null ? "no watcher runs" : `process ${watching} watches`}`,
    `${counts.done} done${rate}; ${counts.running} running, ${counts.waiting} waiting, ${counts.arriving} incomplete, ${counts.failed} to be tried again, ${counts.aside} set aside`,
    ...(lastArrival === null ? [] : [`the last came at ${lastArrival}`]),
    ...listing(
      "running",
      running.map(({ run, attempt, since }) => [run, `attempt ${attempt}`, `since ${since}`]),
    ),
    ...queueLines(summary.queue),
    ...listing(
      "failed",
      failed.map(({ run, nextTry, reason }) => [
        run,
        nextTry === null ? "set aside" : `again at ${nextTry}`,
        reason ?? "",
      ]),
    ),
    ...listing(
      "incomplete",
      arriving.map(({ run, missing }) => [run, missing]),
    ),
    ...(changed.length > 0 ? [`changed after they were done: ${listed(changed, shown)}`] : []),
    ...(damagedLines > 0 ? [`${plural(damagedLines, "line")} of the ledger cut off by a kill`] : []),
  ].join("\n");
}

function queueLines(queue: WatchQueue | null): string[] {
  if (queue === null) return [];
  const { plan, trouble, counts, tasks } = queue;
  const shown = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  const rows = tasks.map(({ run, status, attempts, job, reason, message, host }) => {
    const what = message ?? reason ?? (status === "running" && host !== null ? `on ${host}` : "");
    return [run, status, `attempt ${attempts}`, job ?? "", what];
  });
  return [
    `tasks of ${queue.queue === "slurm" ? "Slurm" : "processes here"}, ${plan}: ${trouble ?? (shown.join(", ") || "none")}`,
    ...listing("in the queue", rows),
  ];
}

function listing(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const table = wordTable(rows.slice(0, shown)).split("\n");
  const more = rows.length > shown ? [`  and ${rows.length - shown} more`] : [];
  return [`${title}:`, ...table.map((line) => `  ${line}`), ...more];
}
