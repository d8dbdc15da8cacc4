// Mouse, touch and keys over the 3-D view: one pointer turns, two move and zoom, as do the wheel and keys.
import { type Camera, panned, type Size, turned, zoomed } from "./camera.js";

/** What the pointer acts on. */
export interface Steered {
  camera: Camera;
  readonly size: Size;
  /** Called when a pixel is clicked, and when one is pointed at. */
  onClick(x: number, y: number): void;
  onPoint(x: number, y: number): void;
  onLeave(): void;
  /** Looks as at first. */
  reset(): void;
}

/** Pixels of the screen that a pointer may move and still have clicked. */
const slack = 4;
/** Pixels of the picture that a key turns or moves by. */
const keyStep = 24;

interface Held {
  x: number;
  y: number;
  readonly startX: number;
  readonly startY: number;
}

/** Returns the camera that a key leads to; undefined for a key of no meaning here. */
function keyedCamera(
  camera: Camera,
  { key, shiftKey }: { readonly key: string; readonly shiftKey: boolean },
  size: Size,
): Camera | undefined {
  const by = (dx: number, dy: number): Camera => (shiftKey ? panned : turned)(camera, dx, dy, size);
  const actions: Readonly<Record<string, () => Camera>> = {
    ArrowLeft: () => by(-keyStep, 0),
    ArrowRight: () => by(keyStep, 0),
    ArrowUp: () => by(0, -keyStep),
    ArrowDown: () => by(0, keyStep),
    "+": () => zoomed(camera, 1.25),
    "=": () => zoomed(camera, 1.25),
    "-": () => zoomed(camera, 0.8),
    _: () => zoomed(camera, 0.8),
  };
  return Object.hasOwn(actions, key) ? actions[key]!() : undefined;
}

/** Has an element steer a camera. Returns what ends that. */
export function steer(target: HTMLElement, steered: Steered): () => void {
  const held = new Map<number, Held>();
  const pixel = (event: MouseEvent): [x: number, y: number] => {
    const { left, top, width } = target.getBoundingClientRect();
    const scale = steered.size.width / Math.max(1, width);
    return [(event.clientX - left) * scale, (event.clientY - top) * scale];
  };
  const scaleNow = (): number => steered.size.width / Math.max(1, target.getBoundingClientRect().width);
  const down = (event: PointerEvent): void => {
    target.setPointerCapture(event.pointerId);
    const { clientX: x, clientY: y } = event;
    held.set(event.pointerId, { x, y, startX: x, startY: y });
  };
  const move = (event: PointerEvent): void => {
    const own = held.get(event.pointerId);
    if (!own) {
      steered.onPoint(...pixel(event));
      return;
    }
    const scale = scaleNow();
    const [dx, dy] = [(event.clientX - own.x) * scale, (event.clientY - own.y) * scale];
    const other = [...held.values()].find((each) => each !== own);
    if (other) {
      const before = Math.hypot(own.x - other.x, own.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const moved = panned(steered.camera, dx / 2, dy / 2, steered.size);
      steered.camera = before > 0 && after > 0 ? zoomed(moved, after / before) : moved;
    } else {
      const isPan = event.shiftKey || (event.buttons & 6) !== 0;
      steered.camera = (isPan ? panned : turned)(steered.camera, dx, dy, steered.size);
    }
    [own.x, own.y] = [event.clientX, event.clientY];
  };
  const up = (event: PointerEvent): void => {
    const own = held.get(event.pointerId);
    held.delete(event.pointerId);
    if (!own || event.type === "pointercancel" || event.button !== 0 || held.size > 0) return;
    if (Math.hypot(event.clientX - own.startX, event.clientY - own.startY) <= slack)
      steered.onClick(...pixel(event));
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    steered.camera = zoomed(steered.camera, Math.exp(-event.deltaY / 500));
  };
  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Home" || event.key === "0") steered.reset();
    else {
      const next = keyedCamera(steered.camera, event, steered.size);
      if (!next) return;
      steered.camera = next;
    }
    event.preventDefault();
  };
  const menu = (event: Event): void => event.preventDefault();
  const heard: readonly (readonly [string, EventListener, AddEventListenerOptions?])[] = [
    ["pointerdown", down as EventListener],
    ["pointermove", move as EventListener],
    ["pointerup", up as EventListener],
    ["pointercancel", up as EventListener],
    ["pointerleave", () => steered.onLeave()],
    ["wheel", wheel as EventListener, { passive: false }],
    ["keydown", key as EventListener],
    ["contextmenu", menu],
  ];
  for (const [name, listener, options] of heard) target.addEventListener(name, listener, options);
  return () => {
    for (const [name, listener] of heard) target.removeEventListener(name, listener);
  };
}
