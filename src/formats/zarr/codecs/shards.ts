/** Shards: many chunks in one file or chunk, with an index of their places (Zarr v3, sharding_indexed). */
import { type ArraySpec, type Block, copyBlock, plainBlock, plainStride, valueCount } from "./arrays.js";
import { newValues } from "./numbers.js";
import type { StageSize } from "./stage.js";

/** What a shard is made of. */
export interface ShardParts {
  /** The whole shard. */
  readonly spec: ArraySpec;
  /** Shape of an inner chunk. */
  readonly chunkShape: readonly number[];
  /** Whether the index comes before the chunks. */
  readonly isIndexFirst: boolean;
  /** Bytes of the index with its checksum. */
  readonly indexSize: number;
  readonly decodeIndex: (bytes: Uint8Array) => Promise<Block>;
  /** Size of an encoded inner chunk. */
  readonly innerSize: StageSize;
  readonly decodeInner: (bytes: Uint8Array) => Promise<Block>;
}

/** The index of a shard: of every inner chunk the offset and the length, or that it is empty. */
export type ShardIndex = Block;

interface Span {
  readonly offset: number;
  readonly length: number;
}

const empty = 2n ** 64n - 1n;
/** Bytes between chunks, as writers leave them that write a chunk anew. */
const gaps = 2 ** 20;

/** A shard's layout, which finds and decodes its inner chunks. */
export class ShardLayout {
  readonly #parts: ShardParts;
  /** Count of inner chunks along each axis. */
  readonly grid: readonly number[];
  readonly encodedSize: StageSize;

  constructor(parts: ShardParts) {
    this.#parts = parts;
    this.grid = parts.spec.shape.map((size, axis) => size / parts.chunkShape[axis]!);
    const bytes = 2 * valueCount(this.grid) * parts.innerSize.bytes + parts.indexSize + gaps;
    this.encodedSize = { bytes, isExact: false };
  }

  get chunkShape(): readonly number[] {
    return this.#parts.chunkShape;
  }

  get innerSize(): StageSize {
    return this.#parts.innerSize;
  }

  /** Returns where the index lies in a shard of so many bytes. @throws Error where the shard is too short for it */
  indexSpan(size: number): Span {
    const { isIndexFirst, indexSize } = this.#parts;
    if (size < indexSize) throw new Error(`shard has ${size} bytes; its index needs ${indexSize}`);
    return { offset: isIndexFirst ? 0 : size - indexSize, length: indexSize };
  }

  /** Decodes an index and compares its checksum. */
  readIndex(bytes: Uint8Array): Promise<ShardIndex> {
    return this.#parts.decodeIndex(bytes);
  }

  /**
   * Returns where an inner chunk lies; undefined where the index declares it empty.
   *
   * @param at indices of the inner chunk in the shard
   * @param size bytes of the shard
   * @throws Error where it leads outside the shard, or the chunk is larger than it can be
   */
  spanOf({ values, stride }: ShardIndex, at: readonly number[], size: number): Span | undefined {
    const flat = at.reduce((sum, index, axis) => sum + index * stride[axis]!, 0);
    const offset = values[flat] as bigint;
    const length = values[flat + stride.at(-1)!] as bigint;
    if (offset === empty && length === empty) return undefined;
    if (offset + length > BigInt(size))
      throw new Error(`the shard's index leads to byte ${offset + length} of ${size}`);
    const { bytes, isExact } = this.#parts.innerSize;
    if (length > BigInt(bytes) || (isExact && length !== BigInt(bytes)))
      throw new Error(`an inner chunk has ${length} bytes; wanted ${isExact ? "" : "at most "}${bytes}`);
    return { offset: Number(offset), length: Number(length) };
  }

  decodeInner(bytes: Uint8Array): Promise<Block> {
    return this.#parts.decodeInner(bytes);
  }

  /** Decodes a whole shard; empty chunks become the fill value. */
  async decode(bytes: Uint8Array): Promise<Block> {
    const { spec, chunkShape } = this.#parts;
    const { offset, length } = this.indexSpan(bytes.length);
    const index = await this.readIndex(bytes.subarray(offset, offset + length));
    const values = newValues(spec.type, valueCount(spec.shape));
    const whole = plainBlock(spec, values);
    if (Number(spec.fill ?? 0) !== 0) fillWith(values, spec.fill!);
    const stride = plainStride(spec.shape);
    for (const at of coordinatesOf(this.grid)) {
      const span = this.spanOf(index, at, bytes.length);
      if (span === undefined) {
        refuseWithoutFill(spec);
        continue;
      }
      const block = await this.decodeInner(bytes.subarray(span.offset, span.offset + span.length));
      const start = at.reduce((sum, place, axis) => sum + place * chunkShape[axis]! * stride[axis]!, 0);
      copyBlock(block, whole, start);
    }
    return whole;
  }
}

function refuseWithoutFill({ fill }: ArraySpec): void {
  if (fill === undefined) throw new Error("an inner chunk is absent, and there is no fill value");
}

function fillWith(values: Block["values"], fill: number | bigint): void {
  for (let i = 0; i < values.length; i++) values[i] = fill;
}

/** Yields the coordinates of a grid, the last axis fastest. */
export function* coordinatesOf(grid: readonly number[]): Generator<number[]> {
  const at = grid.map(() => 0);
  for (;;) {
    yield [...at];
    let axis = grid.length - 1;
    while (axis >= 0 && ++at[axis]! === grid[axis]) at[axis--] = 0;
    if (axis < 0) return;
  }
}
