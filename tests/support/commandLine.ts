import { capture } from "./capture.js";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Never called: Vitest follows it to know which tests a change in src/ concerns. */
const source = () => import("../../src/cli.js");
const built = new URL("../../dist/cli.js", import.meta.url).href;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the built command line within this process: where a test is about what a command does, rather than about how a
 * process starts, is stopped or ends, this spares it the start. Calls at once run one after another, since they share
 * the process's streams.
 */
export function pickbench(...args: string[]): Promise<Ended> {
  const ended = last.then(() => run(args));
  last = ended.catch(() => undefined);
  return ended;
}

async function run(args: string[]): Promise<Ended> {
  const { main } = (await import(/* @vite-ignore */ built)) as Awaited<ReturnType<typeof source>>;
  const code = process.exitCode;
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  try {
    process.exitCode = 0;
    await main(args);
    return { stdout: stdout.take(), stderr: stderr.take(), code: Number(process.exitCode) };
  } finally {
    process.exitCode = code;
    for (const { end } of [stdout, stderr]) end();
  }
}
