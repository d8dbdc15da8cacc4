// Slices of a mask as they are seen and painted: loaded when they are wanted, with strokes that go on meanwhile over them.
import type { PaintChange } from "../../../studio/annotations/edits.js";
import { applyRuns, type SliceSize } from "./strokes.js";

export type SliceAxis = 0 | 1 | 2;

/** Voxels along z, y, x. */
type Shape = readonly [number, number, number];

/** Axes of the rows and columns of slices across each axis. */
const inSlice = [
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** Returns rows and columns of slices across an axis. */
export const sizeOf = (shape: Shape, axis: SliceAxis): SliceSize => [
  shape[inSlice[axis][0]],
  shape[inSlice[axis][1]],
];

/** Paints on a slice what of a stroke lies in it, whichever axes the two lie across. */
export function strokeOnSlice(
  slice: Uint8Array,
  shape: Shape,
  [axis, index]: readonly [SliceAxis, number],
  { axis: own, index: at, runs }: PaintChange,
): void {
  if (axis === own) {
    if (index === at) applyRuns(slice, runs);
    return;
  }
  const columns = shape[inSlice[own][1]];
  const stride = shape[inSlice[axis][1]];
  const isRow = inSlice[own][0] === axis;
  const [across] = inSlice[axis];
  const place = (row: number, column: number): number => {
    const voxel = [0, 0, 0];
    voxel[own] = at;
    voxel[inSlice[own][0]] = row;
    voxel[inSlice[own][1]] = column;
    return voxel[across]! * stride + voxel[inSlice[axis][1]]!;
  };
  for (let run = 0; run < runs.length; run += 3) {
    const [start, end, value] = [runs[run]!, runs[run]! + runs[run + 1]!, runs[run + 2]!];
    for (let row = Math.floor(start / columns); row * columns < end; row++) {
      const first = Math.max(start - row * columns, 0);
      const last = Math.min(end - row * columns, columns);
      if (isRow && row === index)
        for (let column = first; column < last; column++) slice[place(row, column)] = value;
      if (!isRow && index >= first && index < last) slice[place(row, index)] = value;
    }
  }
}

/** Most slices that are kept. */
const mostKept = 96;

/** Slices of one mask. */
export class MaskSlices {
  readonly shape: Shape;
  readonly #load: (axis: SliceAxis, index: number) => Promise<Uint8Array>;
  readonly #changed: () => void;
  readonly #kept = new Map<string, Uint8Array>();
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  /** Strokes since slices that are on their way were asked for: these may lack them; all in order give what is right. */
  #strokes: PaintChange[] = [];

  /** @param load reads a slice with all that was painted before it was asked for @param changed called when one has come */
  constructor(
    shape: Shape,
    load: (axis: SliceAxis, index: number) => Promise<Uint8Array>,
    changed: () => void,
  ) {
    this.shape = shape;
    this.#load = load;
    this.#changed = changed;
  }

  /** Returns a slice, not to be changed; undefined while it is loaded. */
  get(axis: SliceAxis, index: number): Uint8Array | undefined {
    const kept = this.#kept.get(`${axis} ${index}`);
    if (kept === undefined) this.slice(axis, index).catch(() => undefined);
    return kept;
  }

  /** Returns a slice, not to be changed, once it is there. */
  slice(axis: SliceAxis, index: number): Promise<Uint8Array> {
    const key = `${axis} ${index}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return Promise.resolve(kept);
    }
    const loading = this.#loading.get(key) ?? this.#read(axis, index, key);
    this.#loading.set(key, loading);
    return loading;
  }

  paint(stroke: PaintChange): void {
    if (this.#loading.size > 0) this.#strokes.push(stroke);
    for (const [key, slice] of this.#kept) {
      const [axis, index] = key.split(" ").map(Number) as [SliceAxis, number];
      strokeOnSlice(slice, this.shape, [axis, index], stroke);
    }
  }

  async #read(axis: SliceAxis, index: number, key: string): Promise<Uint8Array> {
    try {
      const slice = await this.#load(axis, index);
      for (const stroke of this.#strokes) strokeOnSlice(slice, this.shape, [axis, index], stroke);
      this.#kept.set(key, slice);
      for (const [oldest] of this.#kept) {
        if (this.#kept.size <= mostKept) break;
        this.#kept.delete(oldest);
      }
      this.#changed();
      return slice;
    } finally {
      this.#loading.delete(key);
      if (this.#loading.size === 0) this.#strokes = [];
    }
  }
}
