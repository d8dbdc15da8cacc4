/** A stand-in for nvidia-smi: what it prints is taken from a file, whatever it is asked. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** What a driver with two cards answers to the question for cards. */
export const twoCards = "0, NVIDIA T4, 535.183.01, 15360, 3\n1, NVIDIA T4, 535.183.01, 15360, 120";

/**
 * Writes the program into a folder and returns the PATH by which it is found.
 *
 * @param answer what it prints when asked for cards
 * @param memory what it prints when asked for memory alone, a line at a time, the last until it is ended
 */
export async function standInSmi(
  folder: string,
  answer: string,
  { code = 0, memory = [] as readonly number[] } = {},
): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  const program = join(bin, "nvidia-smi");
  await writeFile(join(bin, "answer"), `${answer}\n`);
  const lines = memory.map((used) => `echo ${used}; sleep 0.2`).join("; ");
  const watching = `case "$*" in *loop-ms*) ${lines || "true"}; exec sleep 600;; esac`;
  await writeFile(program, `#!/bin/sh\n${watching}\ncat "$(dirname "$0")/answer"\nexit ${code}\n`);
  await chmod(program, 0o755);
  return `${bin}${delimiter}${process.env.PATH}`;
}
