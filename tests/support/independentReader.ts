/** Readers that owe nothing to pickbench, in one long-lived process of Python. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

/** What the independent reader makes of a file. */
export type IndependentAnswer = { readonly ok: unknown } | { readonly refused: string };

/** A process of tests/fixtures/formats/independent.py, which is asked file by file. */
export class IndependentReader {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #input: Interface;

  constructor() {
    const script = new URL("../fixtures/formats/independent.py", import.meta.url).pathname;
    this.#process = spawn("/usr/bin/python3", [script]);
    this.#process.stderr.pipe(process.stderr);
    this.#input = createInterface({ input: this.#process.stdout });
    this.#lines = this.#input[Symbol.asyncIterator]();
  }

  /** Reads a file as one of the script's kinds. */
  async read(kind: string, path: string): Promise<IndependentAnswer> {
    this.#process.stdin.write(`${JSON.stringify({ kind, path })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the independent reader has ended");
    return JSON.parse(value) as IndependentAnswer;
  }

  close(): void {
    this.#input.close();
    this.#process.stdin.end();
  }
}
