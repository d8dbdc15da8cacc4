// Strokes, fills and interpolations as edits of the mask that is chosen.
import { signal } from "@preact/signals";
import type { Change, PaintChange } from "../../../studio/annotations/edits.js";
import { sentence } from "../api.js";
import { PlaneLoader } from "../look/planes.js";
import {
  axisAt,
  contrast,
  type PlaneAxes,
  type Point,
  place,
  type VolumeInfo,
  volume,
} from "../look/stage.js";
import { boxDepth, brush, chosenMask, failure, filling, isSliceKnown, model } from "./annotating.js";
import { aroundIndex, boxBetween, holdsSlice, inSlice, sliceAt, sliceBox, wholeSlices } from "./geometry.js";
import { type SliceAxis, sizeOf } from "./maskSlices.js";
import type { Model, PageMask, Stroke } from "./model.js";
import { ballDiscs, between, fill, paintWay, runsBetween } from "./strokes.js";

/** Axis of the slice that was painted last. */
export const lastAxis = signal<SliceAxis>(0);

/** How many strokes are being painted, which are no edits yet. */
export const painting = signal(0);

/** Warns before a tab is closed while a stroke is no edit yet. */
addEventListener("beforeunload", (event) => {
  if (painting.value > 0) event.preventDefault();
});

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

/** What a work paints: that which was chosen when it was begun, whatever is chosen by its turn. */
interface Aim {
  readonly model: Model;
  readonly mask: string;
  /** Whether slices that are painted count as annotated. */
  readonly isKnown: boolean;
}

/** Does a work on the mask that is chosen now, after the works before it. */
function aimed(work: (aim: Aim) => Promise<void>): Promise<void> {
  const [now, mask] = [model.value, chosenMask()];
  if (!now || !mask) return Promise.resolve();
  const aim: Aim = { model: now, mask: mask.name, isKnown: isSliceKnown.value };
  return counted(() => work(aim));
}

/** Returns the strokes that make one slice another, each no longer than the server takes. */
export function strokesOf(
  mask: Pick<PageMask, "name">,
  [axis, index]: readonly [SliceAxis, number],
  before: Uint8Array,
  after: Uint8Array,
): Stroke[] {
  const [runs, back] = [runsBetween(before, after), runsBetween(after, before)];
  return Array.from({ length: Math.ceil(runs.length / mostNumbers) }, (_, at) => {
    const part = [at * mostNumbers, (at + 1) * mostNumbers] as const;
    const change: PaintChange = { do: "paint", mask: mask.name, axis, index, runs: runs.slice(...part) };
    return { change, back: back.slice(...part) };
  });
}
/** Numbers of runs in a stroke: whole runs, and fewer than the server's bound. */
const mostNumbers = 3 * 50_000;

/** Sends strokes, and that their slice is annotated, as one edit. */
function actStrokes(
  label: string,
  { model, mask: name, isKnown }: Aim,
  strokes: readonly Stroke[],
  slices: readonly (readonly [SliceAxis, number])[],
): void {
  const mask = model.mask(name);
  if (!mask || strokes.length === 0) return;
  const boxes: Change[] = slices
    .filter(([axis, index]) => isKnown && !holdsSlice(mask, mask.boxes, axis, index))
    .map(([axis, index]) => ({ do: "box", mask: name, box: sliceBox(mask, axis, index) }));
  model.act(label, [...strokes.map(({ change }) => change), ...boxes], strokes);
}

/** Paints or erases along a way in a plane. */
export function paintAlong(way: readonly Point[], axes: PlaneAxes, value: 0 | 1): Promise<void> {
  const own = brush.value;
  return aimed((aim) => paint(aim, own, way, axes, value));
}

async function paint(
  aim: Aim,
  { radius, isBall }: typeof brush.value,
  way: readonly Point[],
  { across }: PlaneAxes,
  value: 0 | 1,
): Promise<void> {
  const mask = aim.model.mask(aim.mask);
  if (!mask || way.length === 0) return;
  const axis = axisAt[across];
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
    strokes.push(...strokesOf(mask, [axis, at], before, after));
  }
  lastAxis.value = axis;
  actStrokes(value === 1 ? "paint" : "rub out", aim, strokes, [[axis, index]]);
}

/** The greys about a place that a fill goes as far as: a tomogram, and half their range in its values. */
interface Greys {
  readonly info: VolumeInfo;
  readonly half: number;
}

/** Fills about a place in a plane, up to what is painted or where greys leave a range about the place's own. */
export function fillAt(at: Point, axes: PlaneAxes): Promise<void> {
  const { byGrey, share } = filling.value;
  const info = volume.value;
  const half = (contrast.value[1] - contrast.value[0]) * share;
  return aimed((aim) => fillSlice(aim, at, axes, byGrey && info ? { info, half } : undefined));
}

async function fillSlice(aim: Aim, at: Point, axes: PlaneAxes, greys: Greys | undefined): Promise<void> {
  const mask = aim.model.mask(aim.mask);
  if (!mask) return;
  const axis = axisAt[axes.across];
  const index = sliceAt(mask, axis, at);
  const point = inSlice(mask, axis, at);
  const grey = greys && (await greysAbout(mask, axes, index, point, greys));
  const before = await mask.slices.slice(axis, index);
  const after = before.slice();
  fill(after, sizeOf(mask.shape, axis), point, 1, grey ? { grey } : {});
  lastAxis.value = axis;
  actStrokes("fill", aim, strokesOf(mask, [axis, index], before, after), [[axis, index]]);
}

async function greysAbout(
  mask: PageMask,
  { across }: PlaneAxes,
  index: number,
  [row, column]: readonly [number, number],
  { info, half }: Greys,
): Promise<{ values: Uint16Array; low: number; high: number }> {
  if (info.levels[0]!.shape.join() !== mask.shape.join())
    throw new Error(
      `The mask ${mask.name} has other voxels than this tomogram, so greys bound no fill; choose the tomogram that it was made on.`,
    );
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
  const words = half * (65_535 / (info.range[1] - info.range[0]));
  return { values, low: own - words, high: own + words };
}

/** Returns the annotated slices that a press of "interpolate" would fill between; undefined where there are none. */
export function slicesAround(): [number, number] | undefined {
  const mask = chosenMask();
  if (!mask) return undefined;
  const axis = lastAxis.value;
  return aroundIndex(wholeSlices(mask, mask.boxes, axis), sliceAt(mask, axis, place.value));
}

/** Paints the slices between the two annotated ones about the common point: shapes that pass into one another. */
export function interpolate(): Promise<void> {
  const [axis, around] = [lastAxis.value, slicesAround()];
  return around ? aimed((aim) => paintBetween(aim, axis, around)) : Promise.resolve();
}

async function paintBetween(
  aim: Aim,
  axis: SliceAxis,
  [first, last]: readonly [number, number],
): Promise<void> {
  const mask = aim.model.mask(aim.mask);
  if (!mask) return;
  const size = sizeOf(mask.shape, axis);
  const ends = [await mask.slices.slice(axis, first), await mask.slices.slice(axis, last)] as const;
  const strokes: Stroke[] = [];
  for (const [step, after] of between(ends[0], ends[1], size, last - first - 1).entries()) {
    const index = first + 1 + step;
    strokes.push(...strokesOf(mask, [axis, index], await mask.slices.slice(axis, index), after));
  }
  const painted = [...new Set(strokes.map(({ change }) => change.index))];
  const known = painted.map((index) => [axis, index] as const);
  actStrokes(`interpolate ${first} to ${last}`, aim, strokes, known);
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
