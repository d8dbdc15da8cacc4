// What is looked at: the run, its tomogram, the common point of the planes, and what is drawn on them.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { VolumeInfo } from "../../../studio/volumes/slices.js";

import { isStill } from "../api.js";

export type { VolumeInfo } from "../../../studio/volumes/slices.js";

/** A point in Å. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export type Axis = "z" | "y" | "x";

/** A plane is named by the axis that it lies across; right and down are the axes of its picture. */
export interface PlaneAxes {
  readonly across: Axis;
  readonly right: Axis;
  readonly down: Axis;
}

/** The three planes: z is looked along from above, as tomograms are shown. */
export const planes: readonly PlaneAxes[] = [
  { across: "z", right: "x", down: "y" },
  { across: "y", right: "x", down: "z" },
  { across: "x", right: "y", down: "z" },
];

/** Place of an axis among z, y, x. */
export const axisAt: Readonly<Record<Axis, 0 | 1 | 2>> = { z: 0, y: 1, x: 2 };

/** Something that is drawn at a point: as a circle where a plane cuts its ball. */
export interface Mark extends Point {
  readonly id: string;
  /** Å */
  readonly radius: number;
  /** As in CSS. */
  readonly colour: string;
  readonly shape: "circle" | "cross" | "square" | "diamond" | "dashed";
  /** What is said of it on hover. */
  readonly label: string;
  readonly isChosen?: boolean;
  /** Unit vector that its reference's z axis has. */
  readonly direction?: readonly [x: number, y: number, z: number];
}

/** Marks of one source. */
export interface MarkLayer {
  readonly id: string;
  readonly label: string;
  readonly marks: ReadonlySignal<readonly Mark[]>;
}

/** What the pointer does in a plane where it does not pan; each returns true where it took the event. */
export interface Tool {
  readonly name: string;
  readonly cursor: string;
  down(at: Point, plane: PlaneAxes, event: PointerEvent): boolean;
  move?(at: Point, plane: PlaneAxes, event: PointerEvent): void;
  up?(at: Point, plane: PlaneAxes, event: PointerEvent): void;
  /** Called in the place of `up` where the gesture does not count. */
  cancel?(): void;
}

/** A volume that is drawn over the tomogram. */
export interface Overlay {
  readonly info: VolumeInfo;
  readonly colour: readonly [red: number, green: number, blue: number];
  /** 0 to 1 */
  readonly opacity: number;
  readonly isShown: boolean;
  /** Share at which its surface lies in 3-D; one half if absent. */
  readonly threshold?: number;
}

/** Name of the run. */
export const run = signal<string | undefined>(undefined);
/** The tomogram. */
export const volume = signal<VolumeInfo | undefined>(undefined);
/** The point that all planes go through. */
export const place = signal<Point>({ x: 0, y: 0, z: 0 });
/** The point in the middle of the views. */
export const centre = signal<Point>({ x: 0, y: 0, z: 0 });
/** Pixels of the screen an Å. */
export const zoom = signal(0.05);
/** Values that are shown as black and as white. */
export const contrast = signal<readonly [black: number, white: number]>([0, 1]);
export const overlays = signal<readonly Overlay[]>([]);
export const markLayers = signal<readonly MarkLayer[]>([]);
export const tool = signal<Tool | undefined>(undefined);
/** What the pointer is over: a point in Å, and the mark there. */
export const hover = signal<{ readonly at: Point; readonly mark?: Mark } | undefined>(undefined);
/** Name of the panel beside the views; the first one if undefined. */
export const panel = signal<string | undefined>(undefined);
/** Id of the tomogram of which a plane has been painted: what takes the server longer is asked for afterwards. */
export const painted = signal<string | undefined>(undefined);
/** Called when a mark is clicked. */
export const onMark = signal<((layer: string, mark: Mark) => void) | undefined>(undefined);

/** Returns the values that 0 and 65535 stand for in planes; a still copy has bytes. */
export const rangeOf = ({ range, byteRange }: VolumeInfo): readonly [low: number, high: number] =>
  isStill ? byteRange : range;

/** Size of the tomogram in Å along z, y, x. */
export function extentOf({ levels }: VolumeInfo): readonly [z: number, y: number, x: number] {
  const { shape, spacing } = levels[0]!;
  return [shape[0] * spacing[0], shape[1] * spacing[1], shape[2] * spacing[2]];
}

/** Keeps a point inside the tomogram. */
export function within(info: VolumeInfo, at: Point): Point {
  const [depth, height, width] = extentOf(info);
  const kept = (value: number, most: number): number => Math.min(Math.max(value, 0), most - 1e-3);
  return { z: kept(at.z, depth), y: kept(at.y, height), x: kept(at.x, width) };
}

/** Brings the planes and the middle of the views to a point. */
export function goTo(at: Point): void {
  if (volume.value === undefined) return;
  const kept = within(volume.value, at);
  place.value = kept;
  centre.value = kept;
}

/** Index of the voxel of a level in which a point lies along an axis: its first voxel reaches from 0 to one spacing. */
export function indexAt(info: VolumeInfo, level: number, axis: Axis, at: Point): number {
  const { shape, spacing } = info.levels[level]!;
  const along = axisAt[axis];
  return Math.min(shape[along] - 1, Math.max(0, Math.floor(at[axis] / spacing[along])));
}

/** Adds a layer of marks, or replaces the one of its id. Returns what takes it away. */
export function showMarks(layer: MarkLayer): () => void {
  markLayers.value = [...markLayers.value.filter(({ id }) => id !== layer.id), layer];
  return () => {
    markLayers.value = markLayers.value.filter((each) => each !== layer);
  };
}
