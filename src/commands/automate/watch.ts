/** `pickbench watch`: has a workflow done on each tomogram that becomes complete in a folder, once. */
import { join, resolve } from "node:path";
import { isRemote } from "../../data/remote/address.js";
import { durationOf } from "../../present/durations.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, type RegisteredCommand } from "../shared/command.js";
import type { TableEntry } from "../shared/describe.js";
import { checkWhole, quietOption } from "../shared/flags.js";
import { queueAsked, withProfileFlags } from "../shared/queue/flags.js";
import { catalogueOf } from "./catalogue.js";
import { dryRun, watchAsked } from "./watchRun.js";
import { retryAsked, statusAsked } from "./watchStatus.js";
import { takeAsked } from "./watchTake.js";

/** @param table gives the commands that the workflow's steps can be */
export const watchOf = (table: () => Readonly<Record<string, TableEntry>>): RegisteredCommand =>
  defineCommand({
    usage: "<dir>",
    lists: ["set", "retry"],
    options: (argv) =>
      withProfileFlags(
        argv.positional("dir", {
          type: "string",
          demandOption: true,
          describe: "folder that tomograms arrive in, in any layout that --data takes",
        }),
      )
        .option("out", {
          type: "string",
          demandOption: true,
          describe: "folder for the ledger, the page and a folder for each run; outside of DIR",
        })
        .option("do", {
          type: "string",
          describe: "the workflow's YAML; its fields run, tomogram, data and out are given by the watcher",
        })
        .option("then", {
          type: "string",
          describe: "a workflow that follows, as one that builds a survey: its fields data and out are given",
        })
        .option("then-every", {
          type: "number",
          default: 20,
          describe: "how many tomograms are done before it follows; it does before the end, too",
        })
        .option("set", {
          ...{ type: "string", array: true, nargs: 1 },
          describe: "another field's value, as in checkpoint=a.safetensors; may be given again",
        })
        .option("tomogram", {
          type: "string",
          describe: "type of the reconstruction; a run's only one, else denoised, if absent",
        })
        .option("voxel-spacing", { type: "number", describe: "the spacing that is meant, in Å" })
        .option("part", { choices: ["train", "test"] as const, describe: "which part, where there are both" })
        .option("every", { type: "string", default: "10s", describe: "time from look to look" })
        .option("idle", {
          type: "string",
          default: "12h",
          describe: "ends after so long without anything to do, as in 1d 2h 20m 15s; never",
        })
        .option("jobs", {
          type: "number",
          describe: "most tomograms at a time; 1 if absent, with --queue slurm as many as come",
        })
        .option("tries", {
          type: "number",
          default: 3,
          describe: "attempts that may fail, 1, 5, 25 … minutes apart, before a tomogram is set aside",
        })
        .option("done-suffix", {
          type: "string",
          describe: "ending of a marker beside each tomogram, as .done: it alone says that one is complete",
        })
        .option("settle", {
          type: "string",
          default: "60s",
          describe:
            "time unchanged after which what cannot be told whole, as a store without its empty chunks, is",
        })
        .option("again-changed", {
          type: "boolean",
          default: false,
          describe: "do again what changed after it was done",
        })
        .option("once", {
          type: "boolean",
          default: false,
          describe: "look twice, try once all that is complete, and end",
        })
        .option("dry-run", {
          type: "boolean",
          default: false,
          describe: "look twice, say what would be done, and write nothing",
        })
        .option("status", { type: "boolean", default: false, describe: "say where all stands, and end" })
        .option("retry", {
          ...{ type: "string", array: true, nargs: 1 },
          describe:
            "a run that failed or was set aside is to be tried again, or failed for all; may be given again",
        })
        .option("take", {
          type: "string",
          describe: "do the work on a run that a watcher had taken, here and now, to see what goes wrong",
        })
        .option("quiet", quietOption)
        .option("json", { type: "boolean", describe: "print one JSON document" })
        .example(
          "$0 watch frames --do mine.yaml --out done",
          "until nothing came for 12 hours; stopped, it goes on",
        )
        .example(
          "$0 watch frames --do mine.yaml --out done --queue slurm --cpus 4 --memory 16G",
          "each as a task of Slurm",
        )
        .example("$0 watch frames --out done --status", "how many are done, what runs, what failed and why")
        .example("$0 watch frames --out done --retry failed", "what failed comes back")
        .example(
          "$0 watch frames --do mine.yaml --out done --idle never --done-suffix .ok",
          "for ever, by markers",
        ),
    run: async ({ dir, out: givenOut, ...flags }) => {
      const out = resolve(givenOut);
      if (flags.status) return statusAsked(out, flags.json);
      if (flags.retry !== undefined) return retryAsked(out, flags.retry, flags.json);
      const catalogue = catalogueOf(table());
      if (flags.take !== undefined)
        return takeAsked(flags.take.includes("/") ? resolve(flags.take) : join(out, flags.take), catalogue);
      if (isRemote(dir)) throw refuse(`${dir} is an address; watch looks at folders of this machine`);
      if (flags.do === undefined) throw refuse("needs --do; name a workflow's YAML");
      checkWhole("jobs", flags.jobs, 1);
      const queue = await queueAsked({ ...flags, jobs: flags.queue && flags.jobs });
      checkWhole("tries", flags.tries, 1);
      checkWhole("then-every", flags.thenEvery, 1);
      const { then: follows, thenEvery, ...others } = flags;
      const asked = {
        ...others,
        ...{ data: resolve(dir), out, workflow: flags.do, catalogue, set: flags.set ?? [] },
        ...{ follows, thenEvery, queue, isTogether: queue?.queue === "slurm" },
        jobs: queue ? (queue.jobs ?? Number.POSITIVE_INFINITY) : (flags.jobs ?? 1),
        every: timeOf("every", flags.every, 100),
        idle: flags.idle === "never" ? undefined : timeOf("idle", flags.idle, 0),
        settle: timeOf("settle", flags.settle, 0),
      };
      return flags.dryRun ? dryRun(asked) : watchAsked(asked);
    },
  });

const refuse = (what: string): PickbenchError => new PickbenchError("BadUsage", `watch: ${what}`);

/** Returns the ms that a flag means. @throws BadUsage where it is no duration, or below the least */
function timeOf(flag: string, text: string, least: number): number {
  const ms = durationOf(text);
  if (ms !== undefined && ms >= least) return ms;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${JSON.stringify(text)}, wanted a time of at least ${least} ms; write it like 1d 2h 20m 15s`,
  );
}
