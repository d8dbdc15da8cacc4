/** A Python process that answers line by line, for campaigns that ask it thousands of times. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface PythonPeer {
  /** Sends a line and returns the line of JSON that answers it. @throws where the process has ended */
  ask(line: string): Promise<unknown>;
  end(): void;
}

/** Starts a script with Debian's Python; it reads lines and prints one line of JSON for each. */
export function startPythonPeer(script: string): PythonPeer {
  const file = new URL(`../fixtures/${script}`, import.meta.url).pathname;
  const child: ChildProcessWithoutNullStreams = spawn("/usr/bin/python3", [file]);
  const waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text.toString()}`.slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.on("close", (code) => {
    for (const { reject } of waiting) reject(new Error(`${script} ended with ${code}: ${said}`));
  });
  return {
    ask: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${line}\n`);
      }),
    end: () => void child.stdin.end(),
  };
}
