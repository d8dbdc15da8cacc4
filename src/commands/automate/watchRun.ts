/** `pickbench watch`: the watcher itself, and what it would do. */
import { realpath, stat } from "node:fs/promises";
import { plural, seconds } from "../../present/text.js";
import { systemClock, wallClock } from "../../system/clock.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { hashOf, shellWord, writeWhole } from "../../system/files.js";
import { withLock } from "../../system/lock.js";
import { readText } from "../../system/paths/opening.js";
import { makeFolders } from "../../system/paths/replacing.js";
import { isWithin } from "../../system/paths/within.js";
import { type ArrivalChoice, arrivalsIn } from "../../watch/arrivals.js";
import { Judge } from "../../watch/judge.js";
import { readLedger } from "../../watch/ledger.js";
import { watchPage } from "../../watch/page.js";
import { placeIn } from "../../watch/places.js";
import { Poll } from "../../watch/poll.js";
import type { WatchSettings, WatchView } from "../../watch/settings.js";
import { standingsOf } from "../../watch/standing.js";
import { summaryOf, type WatchSummary } from "../../watch/summary.js";
import { watchFolder } from "../../watch/watcher.js";
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import { givenFields, missingFields, pairIn } from "../../workflow/fieldValues.js";
import { readWorkflow, type Workflow } from "../../workflow/workflow.js";
import { report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";
import type { Queue } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { queueOf, type WatchQueue, withJob } from "./watchQueue.js";
import { summaryText } from "./watchStatus.js";
import { type FieldTask, fieldsFor, ownFields } from "./watchTake.js";

/** What a watcher is asked to do. */
interface Asked extends ArrivalChoice, Omit<WatchSettings, "workflow" | "fields" | "then"> {
  /** Path of the workflow. */
  readonly workflow: string;
  /** Path of the one that follows, every so many tomograms. */
  readonly follows: string | undefined;
  readonly thenEvery: number;
  /** The queue that does the work; undefined for processes of the watcher. */
  readonly queue: Queue | undefined;
  readonly catalogue: CommandCatalogue;
  /** Values of further fields, NAME=VALUE. */
  readonly set: readonly string[];
  readonly json: boolean | undefined;
}

/** Watches until it is idle, or asked to stop. */
export async function watchAsked(asked: Asked): Promise<void> {
  const { data, out, json } = asked;
  const { fields, text, following } = await checked(asked);
  await checkWritable("out", out, "folder");
  await makeFolders(out);
  const workflow = { path: placeIn(out, "workflow"), sha256: hashOf(text) };
  const reporter = terminalReporter({ quiet: asked.quiet });
  const view = await withLock(placeIn(out, "lock"), out, async () => {
    const earlier = (await readLedger(out)).begun.at(-1);
    if (earlier !== undefined && earlier.data !== data)
      throw new PickbenchError(
        "BadUsage",
        `${out}: its ledger is of ${earlier.data}, not of ${data}; choose another --out`,
        { path: out },
      );
    if (earlier !== undefined && earlier.sha256 !== workflow.sha256)
      reporter.note(`${asked.workflow} is another workflow than before: what is done stays as it is`);
    await writeWhole(workflow.path, text);
    const then =
      following === undefined ? undefined : { path: placeIn(out, "following"), every: asked.thenEvery };
    if (then !== undefined) await writeWhole(then.path, following!);
    reporter.note(startText(asked));
    return reporter.stoppable("step of each tomogram", () =>
      withJob(asked.queue, asked, reporter, (job) =>
        watchFolder(
          { ...asked, workflow, fields, then },
          {
            ...{ clock: systemClock, reporter, arrivals: () => arrivalsIn(data, asked) },
            ...{ job, show: pageWriter(asked) },
          },
        ),
      ),
    );
  });
  const summary = { ...(await summaryOf(out, wallClock()))!, watching: null, queue: await queueOf(out) };
  report(json, summary, () => summaryText(summary));
  if (view.ended === "stopped")
    throw new PickbenchError("Stopped", stoppedText(summary.counts, summary.queue));
  if (summary.counts.aside > 0) process.exitCode = 1;
}

function stoppedText({ done, running }: WatchSummary["counts"], queue: WatchQueue | null): string {
  const left =
    queue?.queue === "slurm" && running > 0
      ? `${plural(running, "tomogram goes", "tomograms go")} on in Slurm, which pickbench queue cancel ${shellWord(queue.plan)} ends; `
      : "";
  return `stopped with ${done} done; ${left}the same command goes on`;
}

function startText({ data, out, every, idle, jobs, queue }: Asked): string {
  const most = jobs === Number.POSITIVE_INFINITY ? "as many as Slurm gives" : plural(jobs, "tomogram");
  const where = queue === undefined ? "" : ` by ${queue.queue === "slurm" ? "Slurm" : "tasks here"}`;
  const end = idle === undefined ? "until it is stopped" : `until nothing came for ${seconds(idle / 1000)}`;
  return `watching ${data}, a look every ${seconds(every / 1000)}, ${most} at a time${where}, ${end}; ${placeIn(out, "page")} shows where it stands, and a file ${placeIn(out, "stop")} ends it`;
}

/** Time in ms from one writing of the page to the next. */
const betweenPages = 3000;

/** Writes the page after changes, but not all the time; a page that cannot be written holds nothing up. */
function pageWriter({ data, out, workflow, every }: Asked): (view: WatchView) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  const refresh = Math.max(5, Math.ceil(every / 1000));
  return async (view) => {
    if (view.ended === undefined && performance.now() - last < betweenPages) return;
    last = performance.now();
    const page = watchPage(view, { data, workflow, refresh, now: new Date(wallClock()) });
    await writeWhole(placeIn(out, "page"), page).catch(() => undefined);
  };
}

/** Says what would be done. */
export async function dryRun(asked: Asked): Promise<void> {
  const { data, out, every, againChanged, json } = asked;
  await checked(asked);
  const standings = standingsOf((await readLedger(out)).events);
  const poll = new Poll(new Judge(asked, systemClock.elapsed), againChanged);
  await poll.look(await arrivalsIn(data, asked), standings);
  await systemClock.sleep(every, new AbortController().signal);
  const arrivals = await arrivalsIn(data, asked);
  const { present, missing } = await poll.look(arrivals, standings);
  const runs = arrivals.map(({ run, path = null }) => {
    const state = standings.get(run)?.state ?? "new";
    const isOver = state === "done" || state === "aside" || state === "running";
    const why = missing.get(run) ?? null;
    return { run, tomogram: path, state, wouldBeTaken: present.has(run) && !isOver, why };
  });
  report(json, { runs }, () =>
    runs
      .map(
        ({ run, state, wouldBeTaken, why }) => `${run}: ${wouldBeTaken ? "would be taken" : (why ?? state)}`,
      )
      .concat(runs.length === 0 ? [`${data}: nothing is there yet`] : [])
      .join("\n"),
  );
}

interface Checked {
  readonly fields: Readonly<Record<string, string>>;
  /** The workflow's YAML, and that of the one that follows. */
  readonly text: string;
  readonly following: string | undefined;
}

/**
 * Checks folders and workflow before anything is done.
 *
 * @throws PickbenchError BadUsage for what does not fit
 */
async function checked({ data, out, workflow: path, follows, catalogue, set }: Asked): Promise<Checked> {
  const refuse = (what: string, at = path) => new PickbenchError("BadUsage", what, { path: at });
  try {
    if (!(await stat(data)).isDirectory()) throw new Error("it is a file; name its folder");
  } catch (error) {
    throw refuse(`${data}: cannot be watched (${messageOf(error)})`, data);
  }
  const [from, to] = await Promise.all([data, out].map((each) => realpath(each).catch(() => each)));
  if (isWithin(to!, from!) || isWithin(from!, to!))
    throw refuse(
      `${out} and ${data} lie in one another, so that outputs would arrive; choose another --out`,
      out,
    );
  const workflow = await readWorkflow(path, catalogue);
  const fields = Object.fromEntries(set.map((word) => pairOf(word)));
  const twice = ownFields.find((name) => Object.hasOwn(fields, name));
  if (twice !== undefined)
    throw refuse(`--set ${twice}: the watcher gives it for each tomogram; leave it out`);
  if (workflow.fields.get("out")?.type !== "path")
    throw refuse(
      `${path}: has no field out of type path, so that all tomograms would write to one place; add it`,
    );
  if (!["tomogram", "run"].some((name) => workflow.fields.has(name)))
    throw refuse(
      `${path}: has neither a field tomogram nor run, so that it would not know of the tomogram; add one`,
    );
  const task = { run: "TS_1", tomogram: data, data, out, fields };
  checkFields(workflow, task);
  const second = follows === undefined ? undefined : await readWorkflow(follows, catalogue);
  if (second !== undefined) checkFields(second, task);
  givenFields(
    workflow,
    set.filter((word) => second?.fields.has(pairOf(word)[0]) !== true),
  );
  const following = follows === undefined ? undefined : await readText(follows);
  return { fields, text: await readText(path), following };
}

/** @throws PickbenchError BadUsage where a field has no value, or one that does not fit */
function checkFields(workflow: Workflow, task: FieldTask): void {
  const [missing] = missingFields(workflow, fieldsFor(workflow, task));
  if (missing === undefined) return;
  throw new PickbenchError(
    "BadUsage",
    `${workflow.origin}: the field ${missing[0]} has no value; give --set ${missing[0]}=…`,
    { path: workflow.origin },
  );
}

/** @throws PickbenchError BadUsage */
function pairOf(word: string): readonly [name: string, value: string] {
  const pair = pairIn(word);
  if (pair !== undefined) return pair;
  throw new PickbenchError(
    "BadUsage",
    `--set ${word}: wanted NAME=VALUE; write it like --set checkpoint=a.safetensors`,
  );
}
