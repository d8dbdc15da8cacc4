/** Options of `pickbench bench`, from its flags. */
import { growthChoice } from "../../bench/growth/axes.js";
import type { BenchOptions } from "../../bench/measured.js";
import type { Shape3 } from "../../domain/volume.js";
import { resolveEngine } from "../../engines/available.js";
import type { EngineName } from "../../engines/engine.js";
import { durationOf } from "../../present/durations.js";
import { PickbenchError } from "../../system/errors.js";
import { checkSpacing, checkWhole, threadsOf } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** Flags of the command that say what is measured, and how. */
interface Flags {
  readonly what: string | undefined;
  readonly net: string;
  readonly size: string | undefined;
  readonly limit: string | undefined;
  readonly along: string | undefined;
  readonly upTo: string | undefined;
  readonly volume: string | undefined;
  readonly checkpoint: string[] | undefined;
  readonly allowCode: string[] | undefined;
  readonly data: string | undefined;
  readonly spacing: number | undefined;
  readonly engine: EngineName | "auto" | undefined;
  readonly threads: number;
  readonly steps: number;
  readonly peers: boolean;
  readonly quiet: boolean;
}

/** Makes the parts' options of the flags. @throws PickbenchError BadUsage, naming the flag */
export async function optionsOf({
  what,
  net,
  size,
  volume,
  quiet,
  ...flags
}: Flags): Promise<Omit<BenchOptions, "peak">> {
  const { checkpoint, allowCode, data, spacing, engine, threads, steps, peers, limit } = flags;
  checkWhole("steps", steps, 1);
  checkSpacing(spacing);
  return {
    nets: listOf(net),
    sizes: listOf(size ?? (what === "card" ? "64,96" : "64")).map((text) => wholeNumber("size", text)),
    volume: volume === undefined ? undefined : shapeOf(volume),
    checkpoints: checkpoint ?? [],
    allowCode: allowCode ?? [],
    data,
    spacing,
    engine: await resolveEngine(engine ?? "onnx-cpu"),
    threads: threadsOf(threads),
    steps,
    peers,
    limitMs: limitOf(limit ?? (what === "card" ? "10m" : "20m")),
    growth: growthChoice(flags.along, flags.upTo),
    reporter: terminalReporter({ quiet }),
  };
}

const listOf = (text: string): string[] => text.split(",").map((item) => item.trim());

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PickbenchError("BadUsage", `--${flag} is ${text}, wanted whole numbers of at least 1; give them`);
}

function shapeOf(text: string): Shape3 {
  const sizes = listOf(text).map((size) => wholeNumber("volume", size));
  if (sizes.length === 3) return sizes as [number, number, number];
  throw new PickbenchError(
    "BadUsage",
    `--volume ${text} has ${sizes.length} sizes, wanted three along z,y,x such as 184,630,630; give them`,
  );
}

/** Shortest limit, ms: engines alone take seconds to start. */
const leastLimit = 10_000;
/** Longest one, ms: timers take 31 bits. */
const mostLimit = 24 * 86_400_000;

function limitOf(text: string): number {
  const ms = durationOf(text);
  if (ms !== undefined && ms >= leastLimit && ms <= mostLimit) return ms;
  throw new PickbenchError(
    "BadUsage",
    `--limit is ${JSON.stringify(text)}, wanted at least ${leastLimit / 1000} s and at most ${mostLimit / 86_400_000} days; write it like --limit 10m`,
  );
}
