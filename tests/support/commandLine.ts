/** The command line, within the test's process or in its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { capture } from "./capture.js";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Code of a process that a signal ended. */
const killed = -1;

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

/**
 * Runs the command line in its own process, for tests about how it starts, is stopped or ends: nothing that it began,
 * such as a worker thread, may keep the process.
 */
export function pickbenchProcess(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error ? Number(error.code ?? killed) : 0 }),
    );
  });
}

/** Never called: Vitest follows it to know which tests a change in src/ concerns. */
const source = () => import("../../src/cli.js");
const built = new URL("../../dist/cli.js", import.meta.url).href;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the built command line within this process, for tests about what a command does: this spares them the start.
 * Calls at once run one after another, since they share the process's streams.
 */
export function pickbench(...args: string[]): Promise<Ended> {
  const ended = last.then(() => run(args));
  last = ended.catch(() => undefined);
  return ended;
}

async function run(args: string[]): Promise<Ended> {
  const { main } = (await import(/* @vite-ignore */ built)) as Awaited<ReturnType<typeof source>>;
  const { argv, exitCode: code } = process;
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  try {
    process.exitCode = 0;
    process.argv = [...argv.slice(0, 2), ...args];
    await main(args);
    return { stdout: stdout.take(), stderr: stderr.take(), code: Number(process.exitCode) };
  } finally {
    process.exitCode = code;
    process.argv = argv;
    for (const { end } of [stdout, stderr]) end();
  }
}
