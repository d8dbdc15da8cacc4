/** Bench part: starting the command line, beside Node alone and Python with PyTorch. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BenchPart, measured } from "../measured.js";
import { alternatingMedians, timeOf } from "../medians.js";
import { findPython, peerModules } from "../peer.js";

const runFile = promisify(execFile);
/** Path of the program that starts the command line. */
const program = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));

/** Runs our own command line to its end. @throws Error where the process fails */
export async function ownProcess(args: readonly string[]): Promise<void> {
  await runFile(process.execPath, [program, ...args]);
}

/** Times `--help` as a whole process, beside Node that does nothing and a Python that imports PyTorch, in turns. */
export const part: BenchPart = {
  async run({ steps, peers, reporter, peak }) {
    const python = peers ? await findPython(peerModules.torch) : null;
    if (peers && python === null)
      reporter.note("no python3 with torch is installed: starting is timed without its peer");
    reporter.note("start: --help");
    const help = await alternatingMedians(
      steps,
      () => ownProcess(["--help"]),
      python === null ? null : () => timeOf(() => runFile(python, ["-c", "import torch"])),
      { ours: true, peer: true },
    );
    const bare = await alternatingMedians(
      steps,
      async () => void (await runFile(process.execPath, ["-e", "0"])),
      null,
      { ours: true },
    );
    return [
      {
        peer: python && "torch",
        ...measured("help", help, {}, peak),
        ...measured("node", bare, {}, peak),
      },
    ];
  },
};
