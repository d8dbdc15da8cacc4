/** pickbench bench: speeds of the chain's parts, beside Python peers. */
import { processor } from "../../bench/changes/processor.js";
import { appendHistory, type HistoryEntry, previousRows, readHistory } from "../../bench/history.js";
import { parts, shortForm } from "../../bench/parts.js";
import { measurePeak } from "../../bench/peak.js";
import { peerVersions } from "../../bench/peer.js";
import { partTable } from "../../bench/table.js";
import { codeVersion, machine, versions } from "../../domain/environment.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  allowCodeOption,
  checkWritable,
  engineOption,
  overwriteOption,
  quietOption,
  spacingOption,
  threadsOption,
} from "../shared/flags.js";
import { compareBenches } from "./benchCompare.js";
import { optionsOf } from "./benchOptions.js";

const names = Object.keys(parts);
const short = `short: a few small things of ${shortForm.map(({ part }) => part).join(", ")}, as CI does`;
const compare = "compare: what changed between two results, beyond noise";
const usual = names.filter((name) => !parts[name]!.isNamed);
const described = [...names.map((name) => `${name}: ${parts[name]!.describe}`), short, compare].join("; ");

/** `pickbench bench`: speeds, beside the Python peers that are installed. */
export const command = defineCommand({
  usage: "[what] [before] [after]",
  lists: ["checkpoint", "allow-code"],
  reads: ["checkpoint", "data", "before", "after"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("what", {
        type: "string",
        choices: [...names, "short", "compare"],
        describe: `all parts if absent (${described})`,
      })
      .positional("before", {
        type: "string",
        describe:
          "compare: a result that bench wrote with --out, --json or --history; of a history the latest run on such a machine",
      })
      .positional("after", {
        type: "string",
        describe: "compare: another; of a history its last run, as where only one file is named",
      })
      .option("net", { type: "string", default: "baseline,plain", describe: "networks, by name" })
      .option("size", { type: "string", describe: "patch edges, voxels; 64 if absent, of card 64,96" })
      .option("limit", {
        type: "string",
        describe:
          "longest time of card and of growth, as in 10m or 90s; what would not end within is left out, and told; 10m of card, 20m of growth if absent",
      })
      .option("along", {
        type: "string",
        describe: "growth: voxels, tomograms, features, picks, threads, separated by commas; all if absent",
      })
      .option("up-to", {
        type: "string",
        describe:
          "growth: where axes end, as in voxels=1e8,picks=1e6; at 1e9, 500, 25, 1e7, all cores if absent",
      })
      .option("volume", {
        type: "string",
        describe:
          "a tomogram's voxels along z,y,x, over each part's own (the challenge's 184,630,630, mostly)",
      })
      .option("checkpoint", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "what predicts, over a baseline network with its first weights; several are an ensemble",
      })
      .option("allow-code", allowCodeOption)
      .option("data", {
        type: "string",
        describe: "a data set whose first tomogram `predict` takes, over one of noise",
      })
      .option("spacing", spacingOption)
      .option("engine", { ...engineOption, describe: "what networks are run by; onnx-cpu if absent" })
      .option("threads", { ...threadsOption, default: 2, describe: "worker threads, ours and the peers'" })
      .option("steps", {
        type: "number",
        default: 7,
        describe: "repetitions, in each of which ours and the peer take turns; medians are reported",
      })
      .option("peers", { type: "boolean", default: true, describe: "time the Python peers beside" })
      .option("history", {
        default: "bench-history.jsonl" as string | false,
        coerce: (given: unknown): string | null => (given === false ? null : String(given)),
        describe:
          "file that the result is added to, and that changes are seen against; --no-history for none",
      })
      .option("beyond", {
        type: "number",
        default: 5,
        describe: "compare: per cent that medians must differ by, beside the spread, to count as a change",
      })
      .option("fail-on", {
        type: "number",
        describe: "compare: exit code 1 where something became slower by more than so many per cent",
      })
      .option("careful", {
        type: "boolean",
        default: false,
        describe:
          "compare: fail only by ratios to peers, by the least change that their spread leaves, where the time has risen too, on the same kind of processor, not busier than before",
      })
      .option("out", { type: "string", describe: "file that the JSON document is written to" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 bench", "everything there is to time, in about twenty minutes")
      .example("$0 bench networks --net plain --size 64,96 --json", "one network at two patch sizes")
      .example("$0 bench networks --no-peers", "without PyTorch beside")
      .example(
        "$0 bench predict --checkpoint run/best.safetensors --data test",
        "your own detector and tomogram",
      )
      .example("$0 bench card --json > card.json", "a graphics card, all engines, in less than ten minutes")
      .example(
        "$0 bench growth --json > growth.json",
        "time and memory as all grows, in less than twenty minutes",
      )
      .example("$0 bench growth --along voxels,picks --up-to voxels=1e7 --limit 5m", "some of it")
      .example("$0 bench --out after.json --no-history", "a result to keep and to compare")
      .example("$0 bench compare before.json after.json", "what changed beyond noise")
      .example("$0 bench compare bench-history.jsonl --fail-on 20", "the last run beside one before"),
  async run({ what, before, after, json, out, overwrite, history, ...flags }) {
    if (out !== undefined) await checkWritable("out", out, "file");
    if (out !== undefined) await checkFree(out, overwrite);
    if (what === "compare") return compareBenches({ before, after, json, out, ...flags });
    refuseOfCompare({ ...flags, before });
    if (history !== null) await checkWritable("history", history, "file");
    const options = await optionsOf({ what, ...flags });
    const earlier = history === null ? [] : await readHistory(history);
    const entry = await startEntry(options.peers);
    const previous = previousRows(earlier, entry.machine);
    if (!json) report(false, null, () => machineText(entry));
    try {
      for (const { part, options: own } of partsOf(what)) {
        const rows = await (await parts[part]!.load()).part.run({ ...options, ...own, peak: entry.peak });
        if (!json)
          report(false, null, () => `\n${partTable(part, rows, (row) => previous({ part, ...row }))}`);
        entry.rows.push(...rows.map((row) => ({ part, ...row })));
      }
    } finally {
      if (history !== null && entry.rows.length > 0) await appendHistory(history, entry);
    }
    if (options.reporter.signal.aborted) process.exitCode = 130;
    const document = { cpu: entry.machine.cpu, node: process.version, ...entry };
    if (out !== undefined) await writeWhole(out, `${JSON.stringify(document)}\n`);
    if (json) report(true, document, () => "");
  },
});

const partsOf = (what: string | undefined): typeof shortForm =>
  what === "short" ? shortForm : (what === undefined ? usual : [what]).map((part) => ({ part, options: {} }));

interface CompareGiven {
  readonly before: string | undefined;
  readonly failOn: number | undefined;
  readonly careful: boolean;
}

/** @throws BadUsage for what only `bench compare` takes */
function refuseOfCompare({ before, failOn, careful }: CompareGiven): void {
  const stray = [
    ...(before === undefined ? [] : [before]),
    ...(failOn === undefined ? [] : ["--fail-on"]),
    ...(careful ? ["--careful"] : []),
  ];
  if (stray.length === 0) return;
  throw new PickbenchError("BadUsage", `${stray.join(", ")}: is of bench compare alone; leave it out`);
}

/** A history entry that rows are added to. @param peers whether the versions of the peers belong to it */
async function startEntry(peers: boolean): Promise<HistoryEntry> {
  const { commit, dirty } = await codeVersion();
  return {
    date: new Date().toISOString(),
    code: { commit, dirty },
    versions: { ...(await versions()), ...(peers && (await peerVersions())) },
    machine: { ...machine(), processor: await processor() },
    peak: await measurePeak(),
    rows: [],
  };
}

function machineText({ machine: { cpu }, peak: { gflopPerS, copyMbPerS, threads } }: HistoryEntry): string {
  const all = threads === 1 ? "one thread" : `all ${threads} threads`;
  return `${cpu}, at most with ${all}: ${gflopPerS.toFixed(0)} GFLOP/s (a matrix product), ${(copyMbPerS / 1000).toFixed(1)} GB/s (a memory copy)`;
}
