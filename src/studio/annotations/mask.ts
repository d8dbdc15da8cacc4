/** A mask while it is painted: chunks in memory, and those that are not yet in its store. */
import type { Shape3 } from "../../domain/volume.js";
import { type EditedStore, openEditedStore } from "../../formats/zarr/editedStore.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import type { PaintChange } from "./edits.js";
import { refused } from "./picksState.js";

/** Bytes of unchanged chunks that are kept. */
const mostKept = 64 * 2 ** 20;

interface HeldChunk {
  readonly at: Shape3;
  readonly voxels: Uint8Array;
  /** Hash of its file when it was read or written last; null where there was none. */
  hash: string | null;
  isDirty: boolean;
}

/** The axes of a slice across an axis: rows, then columns. */
const inSlice = [
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** Checks a stroke against a mask's shape. @throws PickbenchError BadUsage where it leaves the slice, or paints anything but 0 and 1 */
export function checkStroke({ axis, index, runs }: PaintChange, shape: Shape3): void {
  const [rows, columns] = inSlice[axis];
  const size = shape[rows] * shape[columns];
  if (index >= shape[axis] || runs.length % 3 !== 0) throw refused("a stroke lies outside of the mask");
  for (let at = 0; at < runs.length; at += 3) {
    const [start, length, value] = [runs[at]!, runs[at + 1]!, runs[at + 2]!];
    if (length < 1 || start + length > size || value > 1) throw refused("a stroke lies outside of the mask");
  }
}

export class PaintedMask {
  readonly path: string;
  readonly #store: EditedStore;
  readonly #chunks = new Map<string, HeldChunk>();

  private constructor(path: string, store: EditedStore) {
    this.path = path;
    this.#store = store;
  }

  /** Opens the mask's store. @throws PickbenchError where it is of another shape or form */
  static async open(path: string, shape: Shape3): Promise<PaintedMask> {
    return new PaintedMask(path, await openEditedStore(path, shape));
  }

  get shape(): Shape3 {
    return this.#store.shape;
  }

  /** Paints a checked stroke in memory. @throws BadDataset where a chunk is damaged */
  async paint({ axis, index, runs }: PaintChange): Promise<void> {
    const columns = this.shape[inSlice[axis][1]];
    for (let at = 0; at < runs.length; at += 3) {
      const [start, length, value] = [runs[at]!, runs[at + 1]!, runs[at + 2]!];
      for (let from = start; from < start + length; ) {
        const row = Math.floor(from / columns);
        const end = Math.min(start + length, (row + 1) * columns);
        await this.#paintRow(axis, index, row, from - row * columns, end - row * columns, value);
        from = end;
      }
    }
    this.#forget();
  }

  /** Returns a slice, rows first. */
  async slice(axis: 0 | 1 | 2, index: number): Promise<Uint8Array> {
    const [rows, columns] = inSlice[axis];
    const { chunkShape } = this.#store;
    const [height, width] = [this.shape[rows], this.shape[columns]];
    const slice = new Uint8Array(height * width);
    for (let row = 0; row < height; row += chunkShape[rows])
      for (let column = 0; column < width; column += chunkShape[columns]) {
        const { voxels, at } = await this.#chunkAt(voxelIn(axis, index, row, column));
        const inner = index - at[axis] * chunkShape[axis];
        for (let r = 0; r < Math.min(chunkShape[rows], height - row); r++)
          for (let c = 0; c < Math.min(chunkShape[columns], width - column); c++)
            slice[(row + r) * width + column + c] = voxels[flat(voxelIn(axis, inner, r, c), chunkShape)]!;
      }
    this.#forget();
    return slice;
  }

  /** Whether strokes wait to be saved. */
  get isDirty(): boolean {
    return [...this.#chunks.values()].some((held) => held.isDirty);
  }

  /**
   * Writes the changed chunks into the store.
   *
   * @throws PickbenchError BadDataset where another program has changed one of them meanwhile
   */
  async save(): Promise<void> {
    for (const held of this.#chunks.values()) {
      if (!held.isDirty) continue;
      if ((await this.#hashNow(held.at)) !== held.hash) throw changedElsewhere(this.path);
      const voxels = held.voxels.slice();
      held.isDirty = false;
      try {
        await this.#store.write(held.at, voxels);
      } catch (error) {
        held.isDirty = true;
        throw error;
      }
      held.hash = await this.#hashNow(held.at);
    }
    this.#forget();
  }

  async #paintRow(
    axis: 0 | 1 | 2,
    index: number,
    row: number,
    from: number,
    end: number,
    value: number,
  ): Promise<void> {
    const columns = inSlice[axis][1];
    const { chunkShape } = this.#store;
    const width = chunkShape[columns];
    for (let column = from; column < end; ) {
      const voxel = voxelIn(axis, index, row, column);
      const held = await this.#chunkAt(voxel);
      const next = Math.min(end, (held.at[columns] + 1) * width);
      const inner = voxel.map(
        (each, along) => each - held.at[along]! * chunkShape[along]!,
      ) as unknown as Shape3;
      const stride = columns === 2 ? 1 : chunkShape[2];
      const first = flat(inner, chunkShape);
      for (let step = 0; step < next - column; step++) held.voxels[first + step * stride] = value;
      held.isDirty = true;
      column = next;
    }
  }

  async #chunkAt(voxel: Shape3): Promise<HeldChunk> {
    const at = voxel.map((each, axis) =>
      Math.floor(each / this.#store.chunkShape[axis]!),
    ) as unknown as Shape3;
    const key = at.join();
    const held = this.#chunks.get(key);
    if (held !== undefined) return held;
    const hash = await this.#hashNow(at);
    const read: HeldChunk = { at, voxels: await this.#store.read(at), hash, isDirty: false };
    this.#chunks.set(key, read);
    return read;
  }

  async #hashNow(at: Shape3): Promise<string | null> {
    const bytes = await readIfThere(this.#store.fileOf(at));
    return bytes === undefined ? null : hashOf(bytes);
  }

  /** Drops unchanged chunks, the longest held first, while there are too many. */
  #forget(): void {
    let bytes = 0;
    for (const { voxels } of this.#chunks.values()) bytes += voxels.length;
    for (const [key, { voxels, isDirty }] of this.#chunks) {
      if (bytes <= mostKept) return;
      if (isDirty) continue;
      this.#chunks.delete(key);
      bytes -= voxels.length;
    }
  }
}

/** Returns the voxel z, y, x at a row and column of a slice across an axis. */
function voxelIn(axis: 0 | 1 | 2, index: number, row: number, column: number): Shape3 {
  if (axis === 0) return [index, row, column];
  return axis === 1 ? [row, index, column] : [row, column, index];
}

const flat = ([z, y, x]: Shape3, shape: Shape3): number => (z * shape[1] + y) * shape[2] + x;

const changedElsewhere = (path: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: another program has changed the mask while it is painted; stop that program and start the studio again, which paints the waiting strokes on what is there then`,
    { path },
  );
