// Draws marks, the cross of the common point, and the scale bar over a plane.
import { barLength, cutRadius, type Frame, toPixel } from "./frame.js";
import type { Mark, Point } from "./stage.js";

const tau = 2 * Math.PI;
/** Pixels that a cut circle has at least, so that it can be seen and met. */
const leastPixels = 3;

/** Draws marks whose balls the plane through `place` cuts. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  frame: Frame,
  marks: readonly Mark[],
  place: Point,
): void {
  for (const mark of marks) {
    const cut = cutRadius(frame, mark, mark.radius, place);
    if (cut === undefined) continue;
    const [x, y] = toPixel(frame, mark);
    const radius = Math.max(leastPixels, cut * frame.zoom);
    if (x < -radius || y < -radius || x > frame.width + radius || y > frame.height + radius) continue;
    context.strokeStyle = mark.colour;
    context.lineWidth = mark.isChosen ? 3 : 1.5;
    context.setLineDash(mark.shape === "dashed" ? [4, 3] : []);
    context.beginPath();
    outline(context, mark.shape, x, y, radius);
    context.stroke();
  }
  context.setLineDash([]);
}

function outline(
  context: CanvasRenderingContext2D,
  shape: Mark["shape"],
  x: number,
  y: number,
  radius: number,
): void {
  if (shape === "circle" || shape === "dashed") context.arc(x, y, radius, 0, tau);
  else if (shape === "square") context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else if (shape === "diamond") {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y);
    context.lineTo(x, y + radius);
    context.lineTo(x - radius, y);
    context.closePath();
  } else {
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
  }
}

/** Draws two thin lines through a point, which stay clear of it. */
export function drawCross(context: CanvasRenderingContext2D, frame: Frame, at: Point): void {
  const [x, y] = toPixel(frame, at);
  const gap = 8;
  context.strokeStyle = "rgb(255 210 80 / 70%)";
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, y - gap);
  context.moveTo(x, y + gap);
  context.lineTo(x, frame.height);
  context.moveTo(0, y);
  context.lineTo(x - gap, y);
  context.moveTo(x + gap, y);
  context.lineTo(frame.width, y);
  context.stroke();
}

/** Draws a scale bar of a round length. */
export function drawBar(context: CanvasRenderingContext2D, frame: Frame): void {
  const length = barLength(frame.zoom, Math.min(140, frame.width / 3));
  const text =
    length >= 10_000 ? `${length / 10_000} µm` : length >= 10 ? `${length / 10} nm` : `${length} Å`;
  paintBar(context, { text, pixels: length * frame.zoom, bottom: frame.height - 12 }, 1);
}

/** Paints a scale bar into the lower left corner. @param scale pixels of the canvas a pixel of CSS */
export function paintBar(
  context: CanvasRenderingContext2D,
  { text, pixels, bottom }: { readonly text: string; readonly pixels: number; readonly bottom: number },
  scale: number,
): void {
  const left = 12 * scale;
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(left - 6 * scale, bottom - 24 * scale, pixels + 12 * scale, 30 * scale);
  context.fillStyle = "white";
  context.fillRect(left, bottom - 4 * scale, pixels, 4 * scale);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = `${12 * scale}px system-ui, sans-serif`;
  context.fillText(text, left, bottom - 9 * scale);
}

/** Returns the mark whose outline is nearest to a pixel, within a few pixels or inside of it. */
export function markAt(
  frame: Frame,
  marks: readonly Mark[],
  place: Point,
  right: number,
  down: number,
): Mark | undefined {
  let best: Mark | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const mark of marks) {
    const cut = cutRadius(frame, mark, mark.radius, place);
    if (cut === undefined) continue;
    const [x, y] = toPixel(frame, mark);
    const distance = Math.hypot(x - right, y - down);
    if (distance > Math.max(leastPixels, cut * frame.zoom) + 3 || distance >= least) continue;
    least = distance;
    best = mark;
  }
  return best;
}
