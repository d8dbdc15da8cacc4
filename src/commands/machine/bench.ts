/** pickbench bench: speeds of the chain's parts, beside Python peers. */
import { growthChoice } from "../../bench/growth/axes.js";
import { appendHistory, type HistoryEntry, previousRows, readHistory } from "../../bench/history.js";
import type { BenchOptions, BenchRow } from "../../bench/measured.js";
import { parts } from "../../bench/parts.js";
import { measurePeak } from "../../bench/peak.js";
import { partTable } from "../../bench/table.js";
import { codeVersion, machine, versions } from "../../domain/environment.js";
import type { Shape3 } from "../../domain/volume.js";
import { resolveEngine } from "../../engines/available.js";
import { durationOf } from "../../present/durations.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import {
  allowCodeOption,
  checkSpacing,
  checkWhole,
  checkWritable,
  engineOption,
  quietOption,
  spacingOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

const names = Object.keys(parts);
const usual = names.filter((name) => !parts[name]!.isNamed);
const described = names.map((name) => `${name}: ${parts[name]!.describe}`).join("; ");

/** `pickbench bench`: speeds, beside the Python peers that are installed. */
export const command = defineCommand({
  usage: "[what]",
  lists: ["checkpoint", "allow-code"],
  options: (argv) =>
    argv
      .positional("what", { type: "string", choices: names, describe: `all if absent (${described})` })
      .option("net", { type: "string", default: "baseline,plain", describe: "networks, by name" })
      .option("size", { type: "string", default: "64", describe: "patch edges, voxels" })
      .option("limit", {
        type: "string",
        default: "20m",
        describe: "longest time of growth, as in 20m or 90s; what would not end within is left out, and told",
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
      .option("steps", { type: "number", default: 7, describe: "timed repetitions; the median is reported" })
      .option("peers", { type: "boolean", default: true, describe: "time the Python peers beside" })
      .option("history", {
        default: "bench-history.jsonl" as string | false,
        coerce: (given: unknown): string | null => (given === false ? null : String(given)),
        describe:
          "file that the result is added to, and that changes are seen against; --no-history for none",
      })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 bench", "everything there is to time, in about a quarter of an hour")
      .example("$0 bench networks --net plain --size 64,96 --json", "one network at two patch sizes")
      .example("$0 bench networks --no-peers", "without PyTorch beside")
      .example(
        "$0 bench predict --checkpoint run/best.safetensors --data test",
        "your own detector and tomogram",
      )
      .example(
        "$0 bench growth --json > growth.json",
        "time and memory as all grows, in less than twenty minutes",
      )
      .example("$0 bench growth --along voxels,picks --up-to voxels=1e7 --limit 5m", "some of it"),
  async run({
    what,
    net,
    size,
    volume,
    checkpoint,
    data,
    threads,
    steps,
    peers,
    history,
    limit,
    quiet,
    json,
    ...given
  }) {
    checkWhole("steps", steps, 1);
    checkSpacing(given.spacing);
    if (history !== null) await checkWritable("history", history, "file");
    const options: Omit<BenchOptions, "peak"> = {
      nets: listOf(net),
      sizes: listOf(size).map((text) => wholeNumber("size", text)),
      volume: volume === undefined ? undefined : shapeOf(volume),
      checkpoints: checkpoint ?? [],
      allowCode: given.allowCode ?? [],
      data,
      spacing: given.spacing,
      engine: await resolveEngine(given.engine ?? "onnx-cpu"),
      threads: threadsOf(threads),
      steps,
      peers,
      limitMs: limitOf(limit),
      growth: growthChoice(given.along, given.upTo),
      reporter: terminalReporter({ quiet }),
    };
    const earlier = history === null ? [] : await readHistory(history);
    const entry = await startEntry();
    const previous = previousRows(earlier, entry.machine);
    if (!json) report(false, null, () => machineText(entry));
    try {
      for (const part of what === undefined ? usual : [what]) {
        const rows = await (await parts[part]!.load()).part.run({ ...options, peak: entry.peak });
        const before = (row: BenchRow) => previous({ part, ...row });
        if (!json) report(false, null, () => `\n${partTable(part, rows, before)}`);
        entry.rows.push(...rows.map((row) => ({ part, ...row })));
      }
    } finally {
      if (history !== null && entry.rows.length > 0) await appendHistory(history, entry);
    }
    if (options.reporter.signal.aborted) process.exitCode = 130;
    if (json) report(true, { cpu: entry.machine.cpu, node: process.version, ...entry }, () => "");
  },
});

/** A history entry that rows are added to. */
async function startEntry(): Promise<HistoryEntry> {
  const { commit, dirty } = await codeVersion();
  return {
    date: new Date().toISOString(),
    code: { commit, dirty },
    versions: { ...(await versions()) },
    machine: machine(),
    peak: await measurePeak(),
    rows: [],
  };
}

function machineText({ machine: { cpu }, peak: { gflopPerS, copyMbPerS, threads } }: HistoryEntry): string {
  const all = threads === 1 ? "one thread" : `all ${threads} threads`;
  return `${cpu}, at most with ${all}: ${gflopPerS.toFixed(0)} GFLOP/s (a matrix product), ${(copyMbPerS / 1000).toFixed(1)} GB/s (a memory copy)`;
}

const listOf = (text: string): string[] => text.split(",").map((item) => item.trim());

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PickbenchError("BadUsage", `--${flag} is ${text}, wanted whole numbers of at least 1; give them`);
}

/** Shortest limit, ms: engines alone take seconds to start. */
const leastLimit = 10_000;

function limitOf(text: string): number {
  const ms = durationOf(text);
  if (ms !== undefined && ms >= leastLimit) return ms;
  throw new PickbenchError(
    "BadUsage",
    `--limit is ${JSON.stringify(text)}, wanted at least ${leastLimit / 1000} s; write it like --limit 10m`,
  );
}

function shapeOf(text: string): Shape3 {
  const sizes = listOf(text).map((size) => wholeNumber("volume", size));
  if (sizes.length === 3) return sizes as [number, number, number];
  throw new PickbenchError(
    "BadUsage",
    `--volume ${text} has ${sizes.length} sizes, wanted three along z,y,x such as 184,630,630; give them`,
  );
}
