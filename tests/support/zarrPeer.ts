/** tests/fixtures/formats/zarr_peer.py in one process: it makes stores with codecs drawn at random, and reads them. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const script = new URL("../fixtures/formats/zarr_peer.py", import.meta.url).pathname;

/** What the peer read, or why it refused. */
export type PeerAnswer =
  | { readonly shape: readonly number[]; readonly data: Buffer }
  | { readonly error: string; readonly isLarge: boolean };

/** A peer, whose answers come in the order of the requests. */
export class ZarrPeer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor() {
    this.#process = spawn("/usr/bin/python3", ["-W", "ignore", script]);
    this.#process.stderr.on("data", (text) => (this.#errors += text));
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => {
      this.#process.stdin.end();
    });
  }

  async #ask(request: unknown): Promise<Record<string, unknown>> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the peer ended: ${this.#errors}`);
    return JSON.parse(value) as Record<string, unknown>;
  }

  /** Makes the store of a seed. */
  async make(folder: string, format: 2 | 3, seed: number): Promise<void> {
    await this.#ask({ make: folder, format, seed });
  }

  async read(folder: string): Promise<PeerAnswer> {
    const { error, large, shape, data } = await this.#ask({ read: folder });
    if (typeof error === "string") return { error, isLarge: large === true };
    return { shape: shape as number[], data: Buffer.from(data as string, "base64") };
  }
}
