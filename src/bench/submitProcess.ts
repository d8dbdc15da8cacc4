/** Runs commands of pickbench as processes, `submit` above all, and measures their time and memory. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PickbenchError } from "../system/errors.js";
import type { Reporter } from "../system/reporter.js";
import { builtModule } from "../system/threads/threads.js";

/** Path of the program that starts the command line. */
const program = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

/** Cost of a whole process. */
interface ProcessCost {
  readonly ms: number;
  /** CPU time of all threads together; other programs that run beside change it little. */
  readonly cpuMs: number;
  /** Greatest resident memory, 10⁶ bytes. */
  readonly peakMb: number;
}

/** Cost of a submission, and what it found. */
export interface SubmitCost extends ProcessCost {
  readonly picks: number;
}

/** Arguments of `pickbench submit`. */
interface SubmitRequest {
  readonly checkpoints: readonly string[];
  readonly allowCode: readonly string[];
  /** Path of a data set of the challenge's layout. */
  readonly data: string;
  /** Å per voxel of its tomograms, over what their files say. */
  readonly spacing?: number | undefined;
  /** Name of the only run; all runs if absent. */
  readonly run?: string;
  readonly out: string;
  readonly engine: string;
  readonly threads: number;
  /** Values of `--tile` and `--overlap`; the checkpoint's if absent. */
  readonly tile?: string;
  readonly overlap?: number;
}

const summary = z.object({ runs: z.array(z.object({ picks: z.number() })) });
const usage = z.object({ peakBytes: z.number().positive(), cpuMs: z.number().positive() });

/**
 * Runs `pickbench submit` in its own process, from start to end.
 *
 * @param signal ends it at once
 * @throws as `runMeasured`
 */
export async function runSubmit(
  request: SubmitRequest,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<SubmitCost> {
  const { checkpoints, allowCode, data, spacing, run, out, engine, threads, tile, overlap } = request;
  const flags = {
    data,
    out,
    engine,
    threads: String(threads),
    ...(spacing !== undefined && { spacing: String(spacing) }),
    ...(run && { runs: run }),
    ...(tile && { tile }),
    ...(overlap !== undefined && { overlap: String(overlap) }),
  };
  const args = [
    ...checkpoints,
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    ...allowCode.flatMap((file) => ["--allow-code", file]),
    "--overwrite",
  ];
  const { stdout, ...cost } = await runMeasured("submit", args, reporter, signal);
  const picks = summary.parse(JSON.parse(stdout)).runs.reduce((sum, run) => sum + run.picks, 0);
  return { ...cost, picks };
}

/**
 * Runs a command in its own process, from start to end, and returns its cost and the JSON that it printed.
 *
 * @param signal ends it at once; its reason is thrown then
 * @throws PickbenchError BadUsage with the process's message where the user made a mistake
 */
export async function runMeasured(
  command: string,
  args: readonly string[],
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<ProcessCost & { readonly stdout: string }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", builtModule(import.meta.url, "./reportUsage.js").href, program, command, ...args, "--json"],
    { stdio: ["ignore", "pipe", "pipe", "pipe"] },
  );
  const end = () => child.kill("SIGKILL");
  const forget = reporter.onEnd(end);
  signal?.addEventListener("abort", end);
  try {
    const [stdout, stderr, used, ended] = await Promise.all([
      textOf(child.stdout as Readable),
      textOf(child.stderr as Readable),
      textOf(child.stdio[3] as Readable),
      new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) => resolve(code ?? signal));
      }),
    ]);
    const ms = performance.now() - started;
    if (signal?.aborted) throw signal.reason;
    if (ended !== 0) throw failure(command, ended, stderr);
    const { peakBytes, cpuMs } = usage.parse(JSON.parse(used));
    return { ms, cpuMs, peakMb: peakBytes / 1e6, stdout };
  } finally {
    signal?.removeEventListener("abort", end);
    forget();
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += String(chunk);
  return text;
}

function failure(command: string, end: number | NodeJS.Signals | null, stderr: string): Error {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (end === 1) return new PickbenchError("BadUsage", said.replace(/^pickbench: /, ""));
  return new Error(`pickbench ${command} ended with ${end}: ${stderr.trim().slice(-1000)}`);
}
