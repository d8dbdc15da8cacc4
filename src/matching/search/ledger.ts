/** What a search has done, on disk, so that one that was stopped goes on. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { writeWhole } from "../../system/files.js";
import { readBytes } from "../../system/paths/opening.js";
import type { Best } from "./best.js";

/** The state of one batch of a plan. */
export interface BatchState {
  /** Rotations that are done, from the first. */
  readonly done: number;
  /** Sum of the squares of their scores over the batch's voxels. */
  readonly squares: number;
  readonly best: Best;
}

const stateSchema = z.strictObject({ key: z.string(), done: z.number(), squares: z.number() });

/** A folder with a file of states for each batch. */
export class Ledger {
  readonly #folder: string;
  readonly #key: string;

  /** @param key what the search depends on: states of another key do not count */
  constructor(folder: string, key: string) {
    this.#folder = folder;
    this.#key = key;
  }

  /** Returns the state of a batch; undefined where there is none of this search. @param voxels of the batch */
  async read(batch: number, voxels: number): Promise<BatchState | undefined> {
    const bytes = await readBytes(this.#path(batch)).catch(() => undefined);
    const head = bytes?.indexOf("\n") ?? -1;
    if (bytes === undefined || head < 0 || bytes.length !== head + 1 + 8 * voxels) return undefined;
    const parsed = stateSchema.safeParse(jsonIn(bytes.toString("utf8", 0, head)));
    if (!parsed.success || parsed.data.key !== this.#key) return undefined;
    const values = new Uint8Array(bytes.subarray(head + 1)).buffer;
    const { done, squares } = parsed.data;
    return {
      done,
      squares,
      best: {
        scores: new Float32Array(values, 0, voxels),
        rotations: new Int32Array(values, 4 * voxels, voxels),
      },
    };
  }

  async write(batch: number, { done, squares, best }: BatchState): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const head = Buffer.from(`${JSON.stringify({ key: this.#key, done, squares })}\n`);
    const [scores, rotations] = [best.scores, best.rotations].map((values) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength),
    ) as [Buffer, Buffer];
    await writeWhole(this.#path(batch), Buffer.concat([head, scores, rotations]));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #path(batch: number): string {
    return join(this.#folder, `batch-${batch + 1}.bin`);
  }
}
