// Mouse, touch and keys over a plane: look, pan, zoom, scroll, or what the tool in hand does.
import { effect } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { type Frame, toPoint } from "./frame.js";
import {
  axisAt,
  centre,
  hover,
  type Mark,
  onMark,
  type PlaneAxes,
  type Point,
  place,
  type Tool,
  tool,
  volume,
  within,
  zoom,
} from "./stage.js";

/** Pixels that a pointer may move and still have clicked. */
const slack = 4;

/** Moves the common point along the plane's axis by voxels of the finest level. */
export function scrollBy({ across }: PlaneAxes, voxels: number): void {
  const info = volume.value;
  if (!info) return;
  const step = voxels * info.levels[0]!.spacing[axisAt[across]];
  place.value = within(info, { ...place.value, [across]: place.value[across] + step });
}

/** Zooms about a point, which stays where it is. */
function zoomAbout(at: Point, factor: number, { right, down }: PlaneAxes): void {
  const next = Math.min(20, Math.max(0.002, zoom.value * factor));
  const share = zoom.value / next;
  const moved = (axis: "x" | "y" | "z"): number => at[axis] + (centre.value[axis] - at[axis]) * share;
  centre.value = { ...centre.value, [right]: moved(right), [down]: moved(down) };
  zoom.value = next;
}

/** Zooms about the middle. */
function zoomBy(factor: number): void {
  zoom.value = Math.min(20, Math.max(0.002, zoom.value * factor));
}

function panBy({ right, down }: PlaneAxes, x: number, y: number): void {
  centre.value = {
    ...centre.value,
    [right]: centre.value[right] - x / zoom.value,
    [down]: centre.value[down] - y / zoom.value,
  };
}

/** Keys and what they do in a plane. */
function keyed(event: KeyboardEvent, axes: PlaneAxes): boolean {
  const far = event.shiftKey ? 10 : 1;
  const pan = 40;
  const actions: Readonly<Record<string, () => void>> = {
    PageUp: () => scrollBy(axes, -far),
    PageDown: () => scrollBy(axes, far),
    ",": () => scrollBy(axes, -1),
    ".": () => scrollBy(axes, 1),
    ArrowLeft: () => panBy(axes, pan, 0),
    ArrowRight: () => panBy(axes, -pan, 0),
    ArrowUp: () => panBy(axes, 0, pan),
    ArrowDown: () => panBy(axes, 0, -pan),
    "+": () => zoomBy(1.25),
    "=": () => zoomBy(1.25),
    "-": () => zoomBy(0.8),
  };
  const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
  action?.();
  return action !== undefined;
}

interface Held {
  readonly id: number;
  x: number;
  y: number;
  readonly startX: number;
  readonly startY: number;
  /** Whether it may still be a click. */
  isClick: boolean;
}

/** Has a canvas follow pointer, wheel and keys. */
export function usePointer(
  canvas: RefObject<HTMLCanvasElement | null>,
  frameNow: () => Frame | undefined,
  axes: PlaneAxes,
  markUnder: (frame: Frame, right: number, down: number) => Mark | undefined,
): void {
  useEffect(() => {
    const target = canvas.current;
    return target ? followPointer(target, frameNow, axes, markUnder) : undefined;
  }, [axes]);
}

/** Follows pointer, wheel and keys over an element. Returns what ends that. */
export function followPointer(
  target: HTMLCanvasElement,
  frameNow: () => Frame | undefined,
  axes: PlaneAxes,
  markUnder: (frame: Frame, right: number, down: number) => Mark | undefined,
): () => void {
  const held = new Map<number, Held>();
  let inHand: Tool | undefined;
  const cancel = (): void => {
    inHand?.cancel?.();
    inHand = undefined;
    for (const each of held.values()) each.isClick = false;
  };
  const pointOf = (event: MouseEvent): Point | undefined => {
    const frame = frameNow();
    const { left, top } = target.getBoundingClientRect();
    return frame && toPoint(frame, event.clientX - left, event.clientY - top, place.value);
  };
  const markOf = (event: MouseEvent): Mark | undefined => {
    const frame = frameNow();
    const { left, top } = target.getBoundingClientRect();
    return frame && markUnder(frame, event.clientX - left, event.clientY - top);
  };
  const down = (event: PointerEvent): void => {
    const at = pointOf(event);
    if (!at) return;
    target.setPointerCapture(event.pointerId);
    held.set(event.pointerId, {
      id: event.pointerId,
      x: event.clientX,
      y: event.clientY,
      startX: event.clientX,
      startY: event.clientY,
      isClick: event.button === 0,
    });
    if (held.size > 1) cancel();
    else if (event.button === 0 && event.pointerType !== "touch" && tool.value?.down(at, axes, event))
      inHand = tool.value;
  };
  const move = (event: PointerEvent): void => {
    const at = pointOf(event);
    if (!at) return;
    const mark = markOf(event);
    hover.value = mark ? { at, mark } : { at };
    const own = held.get(event.pointerId);
    if (!own) return;
    if (inHand) inHand.move?.(at, axes, event);
    else drag(held, own, event, axes, pointOf);
    own.x = event.clientX;
    own.y = event.clientY;
  };
  const up = (event: PointerEvent): void => {
    const own = held.get(event.pointerId);
    const at = pointOf(event);
    held.delete(event.pointerId);
    if (!own) return;
    if (!at) {
      cancel();
      return;
    }
    if (inHand) {
      inHand.up?.(at, axes, event);
      inHand = undefined;
      return;
    }
    const moved = Math.hypot(event.clientX - own.startX, event.clientY - own.startY);
    if (moved > slack || !own.isClick) return;
    const mark = markOf(event);
    const info = volume.value;
    if (info) place.value = within(info, at);
    if (mark) onMark.value?.("", mark);
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const at = pointOf(event);
    if (!at) return;
    if (event.ctrlKey) zoomAbout(at, Math.exp(-event.deltaY / 300), axes);
    else scrollBy(axes, Math.sign(event.deltaY) * (event.shiftKey ? 10 : 1));
  };
  const key = (event: KeyboardEvent): void => {
    if (keyed(event, axes)) event.preventDefault();
  };
  const leave = (): void => {
    hover.value = undefined;
  };
  const lost = (event: PointerEvent): void => {
    held.delete(event.pointerId);
    cancel();
  };
  const menu = (event: Event): void => event.preventDefault();
  const on = {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: lost,
    pointerleave: leave,
    contextmenu: menu,
  };
  for (const [name, heard] of Object.entries(on)) target.addEventListener(name, heard as EventListener);
  target.addEventListener("wheel", wheel, { passive: false });
  target.addEventListener("keydown", key);
  const forget = effect(() => {
    if (tool.value !== inHand) cancel();
  });
  return () => {
    forget();
    cancel();
    for (const [name, heard] of Object.entries(on)) target.removeEventListener(name, heard as EventListener);
    target.removeEventListener("wheel", wheel);
    target.removeEventListener("keydown", key);
  };
}

/** One pointer pans, two zoom. */
function drag(
  held: ReadonlyMap<number, Held>,
  own: Held,
  event: PointerEvent,
  axes: PlaneAxes,
  pointOf: (event: MouseEvent) => Point | undefined,
): void {
  const other = [...held.values()].find(({ id }) => id !== own.id);
  if (!other) {
    panBy(axes, event.clientX - own.x, event.clientY - own.y);
    return;
  }
  const before = Math.hypot(own.x - other.x, own.y - other.y);
  const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
  const at = pointOf(event);
  if (at && before > 0) zoomAbout(at, after / before, axes);
}
