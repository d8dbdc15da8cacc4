import { cpus } from "node:os";
import type { BenchOptions, BenchRow } from "../bench/part.js";
import { parts } from "../bench/parts.js";
import { PickbenchError } from "../errors.js";
import { alignedTable } from "../score/reportText.js";
import { defineCommand, report } from "./command.js";

interface PartResult {
  readonly part: string;
  readonly rows: readonly BenchRow[];
}

const names = Object.keys(parts);
const described = names.map((name) => `${name}: ${parts[name]!.describe}`).join("; ");

/** `pickbench bench`: speeds, beside the Python peers that are installed. */
export const command = defineCommand({
  usage: "[what]",
  options: (argv) =>
    argv
      .positional("what", { type: "string", choices: names, describe: `all if absent (${described})` })
      .option("net", { type: "string", default: "baseline,plain", describe: "networks, by name" })
      .option("size", { type: "string", default: "64", describe: "patch edges, voxels" })
      .option("threads", { type: "number", default: 2, describe: "threads of both sides" })
      .option("steps", { type: "number", default: 7, describe: "timed repetitions; the median is reported" })
      .option("peers", { type: "boolean", default: true, describe: "time the Python peers beside" })
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 bench", "everything there is to time")
      .example("$0 bench networks --net plain --size 64,96 --json", "one network at two patch sizes")
      .example("$0 bench networks --no-peers", "without PyTorch beside"),
  async run({ what, net, size, threads, steps, peers, json }) {
    const options: BenchOptions = {
      nets: listOf(net),
      sizes: listOf(size).map((text) => wholeNumber("size", text)),
      threads: wholeNumber("threads", threads),
      steps: wholeNumber("steps", steps),
      peers,
      note: (line) => process.stderr.write(`${line}\n`),
    };
    const results: PartResult[] = [];
    for (const name of what === undefined ? names : [what]) {
      const { part } = await parts[name]!.load();
      results.push({ part: name, rows: await part.run(options) });
    }
    const rows = results.flatMap(({ part, rows }) => rows.map((row) => ({ part, ...row })));
    report(json, { cpu: cpus()[0]?.model ?? null, node: process.version, rows }, () =>
      results.map(tableOf).join("\n\n"),
    );
  },
});

const listOf = (text: string): string[] => text.split(",").map((item) => item.trim());

function wholeNumber(flag: string, given: number | string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${given}, wanted a whole number of at least 1; give one`,
  );
}

function tableOf({ rows }: PartResult): string {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => rows.some((row) => row[column] !== null));
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? "–")));
  return alignedTable([columns, ...cells]);
}
