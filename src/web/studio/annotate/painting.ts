// Strokes, fills and interpolations as edits of the mask that is chosen.
import { signal } from "@preact/signals";
import type { Change, PaintChange } from "../../../studio/annotations/edits.js";
import { sentence } from "../api.js";
import { PlaneLoader } from "../look/planes.js";
import { axisAt, contrast, type PlaneAxes, type Point, place, planes, volume } from "../look/stage.js";
import { boxDepth, brush, chosenMask, failure, filling, isSliceKnown, model } from "./annotating.js";
import { aroundIndex, boxBetween, holdsSlice, inSlice, sliceAt, sliceBox, wholeSlices } from "./geometry.js";
import { type SliceAxis, sizeOf } from "./maskSlices.js";
import type { PageMask, Stroke } from "./model.js";
import { ballDiscs, between, fill, paintWay, runsBetween } from "./strokes.js";

/** Axis of the slice that was painted last. */
export const lastAxis = signal<SliceAxis>(0);

/** How many strokes are being painted, which are no edits yet. */
export const painting = signal(0);

let last: Promise<void> = Promise.resolve();

/** Does a work after those before it, and counts it meanwhile; what goes wrong is told. */
async function counted(work: () => Promise<void>): Promise<void> {
  painting.value++;
  failure.value = "";
  try {
    last = last.then(work, work);
    await last;
  } catch (error) {
    failure.value = sentence(error);
  } finally {
    painting.value--;
  }
}

/** Returns the stroke that makes one slice another; undefined where they are equal. */
function strokeOf(
  mask: PageMask,
  [axis, index]: readonly [SliceAxis, number],
  before: Uint8Array,
  after: Uint8Array,
): Stroke | undefined {
  const runs = runsBetween(before, after);
  if (runs.length === 0) return undefined;
  const change: PaintChange = { do: "paint", mask: mask.name, axis, index, runs };
  return { change, back: runsBetween(after, before) };
}

/** Sends strokes, and that their slice is annotated, as one edit. */
function actStrokes(
  label: string,
  mask: PageMask,
  strokes: readonly Stroke[],
  known: readonly (readonly [SliceAxis, number])[],
): void {
  const boxes: Change[] = known
    .filter(([axis, index]) => !holdsSlice(mask, mask.boxes, axis, index))
    .map(([axis, index]) => ({ do: "box", mask: mask.name, box: sliceBox(mask, axis, index) }));
  if (strokes.length > 0)
    model.value?.act(label, [...strokes.map(({ change }) => change), ...boxes], strokes);
}

/** Paints or erases along a way in a plane. */
export const paintAlong = (way: readonly Point[], axes: PlaneAxes, value: 0 | 1): Promise<void> =>
  counted(() => paint(way, axes, value));

async function paint(way: readonly Point[], { across }: PlaneAxes, value: 0 | 1): Promise<void> {
  const mask = chosenMask();
  if (!mask || way.length === 0) return;
  const axis = axisAt[across];
  const { radius, isBall } = brush.value;
  const index = sliceAt(mask, axis, way[0]!);
  const points = way.map((at) => inSlice(mask, axis, at));
  const strokes: Stroke[] = [];
  for (const disc of isBall ? ballDiscs(radius) : [{ offset: 0, radius }]) {
    const at = index + disc.offset;
    if (at < 0 || at >= mask.shape[axis]) continue;
    const before = await mask.slices.slice(axis, at);
    const after = before.slice();
    for (const [step, point] of points.entries())
      paintWay(after, sizeOf(mask.shape, axis), [points[Math.max(0, step - 1)]!, point], disc.radius, value);
    const stroke = strokeOf(mask, [axis, at], before, after);
    if (stroke) strokes.push(stroke);
  }
  lastAxis.value = axis;
  actStrokes(value === 1 ? "paint" : "rub out", mask, strokes, isSliceKnown.value ? [[axis, index]] : []);
}

/** Fills about a place in a plane, up to what is painted or where greys leave a range about the place's own. */
export const fillAt = (at: Point, axes: PlaneAxes): Promise<void> => counted(() => fillSlice(at, axes));

async function fillSlice(at: Point, axes: PlaneAxes): Promise<void> {
  const mask = chosenMask();
  if (!mask) return;
  const axis = axisAt[axes.across];
  const index = sliceAt(mask, axis, at);
  const before = await mask.slices.slice(axis, index);
  const after = before.slice();
  const point = inSlice(mask, axis, at);
  const size = sizeOf(mask.shape, axis);
  const bound = filling.value.byGrey ? await greysAbout(mask, axes, index, point) : undefined;
  fill(after, size, point, 1, bound ? { grey: bound } : {});
  const stroke = strokeOf(mask, [axis, index], before, after);
  lastAxis.value = axis;
  if (stroke) actStrokes("fill", mask, [stroke], isSliceKnown.value ? [[axis, index]] : []);
}

async function greysAbout(
  mask: PageMask,
  { across }: PlaneAxes,
  index: number,
  [row, column]: readonly [number, number],
): Promise<{ values: Uint16Array; low: number; high: number } | undefined> {
  const info = volume.value;
  if (!info || info.levels[0]!.shape.join() !== mask.shape.join()) return undefined;
  const values = await new Promise<Uint16Array>((resolve, reject) => {
    const loader = new PlaneLoader(
      info,
      across,
      () => resolve(loader.get({ level: 0, index })!.words),
      reject,
    );
    loader.want([{ level: 0, index }]);
  });
  const columns = sizeOf(mask.shape, axisAt[across])[1];
  const own = values[Math.floor(row) * columns + Math.floor(column)] ?? 0;
  const words = 65_535 / (info.range[1] - info.range[0]);
  const half = (contrast.value[1] - contrast.value[0]) * filling.value.share * words;
  return { values, low: own - half, high: own + half };
}

/** Returns the annotated slices that a press of "interpolate" would fill between; undefined where there are none. */
export function slicesAround(): [number, number] | undefined {
  const mask = chosenMask();
  if (!mask) return undefined;
  const axis = lastAxis.value;
  return aroundIndex(wholeSlices(mask, mask.boxes, axis), sliceAt(mask, axis, place.value));
}

/** Paints the slices between the two annotated ones about the common point: shapes that pass into one another. */
export const interpolate = (): Promise<void> => counted(paintBetween);

async function paintBetween(): Promise<void> {
  const mask = chosenMask();
  const around = slicesAround();
  if (!mask || !around) return;
  const axis = lastAxis.value;
  const [first, last] = around;
  const size = sizeOf(mask.shape, axis);
  const ends = [await mask.slices.slice(axis, first), await mask.slices.slice(axis, last)] as const;
  const strokes: Stroke[] = [];
  for (const [step, after] of between(ends[0], ends[1], size, last - first - 1).entries()) {
    const index = first + 1 + step;
    const stroke = strokeOf(mask, [axis, index], await mask.slices.slice(axis, index), after);
    if (stroke) strokes.push(stroke);
  }
  const known = isSliceKnown.value ? strokes.map(({ change }) => [axis, change.index] as const) : [];
  actStrokes(`interpolate ${first} to ${last}`, mask, strokes, known);
}

/** Marks a box between two places of a plane as annotated. */
export function markBox(from: Point, to: Point, { across }: PlaneAxes): void {
  const mask = chosenMask();
  const box = mask && boxBetween(mask, axisAt[across], from, to, boxDepth.value);
  if (mask && box) model.value?.act("annotated here", [{ do: "box", mask: mask.name, box }]);
}

/** Makes a mask on the grid of the tomogram that is looked at. */
export function newMask(name: string): void {
  const grid = volume.value?.levels[0];
  if (!grid) return;
  const shape: [number, number, number] = [grid.shape[0], grid.shape[1], grid.shape[2]];
  const spacing: [number, number, number] = [grid.spacing[0], grid.spacing[1], grid.spacing[2]];
  model.value?.act(`new mask ${name}`, [{ do: "mask", mask: name, shape, spacing }]);
}

/** The axes of a plane by the axis that it lies across. */
export const planeAcross = (axis: SliceAxis): PlaneAxes =>
  planes.find(({ across }) => axisAt[across] === axis)!;
