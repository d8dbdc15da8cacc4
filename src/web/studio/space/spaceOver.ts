// What is written over the 3-D view: lengths along the box, its axes, and a scale bar at the depth of the middle.
import { paintBar } from "../look/drawMarks.js";
import { barLength } from "../look/frame.js";
import { angstromsPerPixel, type Camera, frameOf, project, type Size } from "./camera.js";
import { lengthText, type ScaleAxes } from "./scaleAxes.js";
import type { Vector } from "./vectors.js";

/** Pixels between labels, below which one is left out. */
const apart = 34;

/** Draws labels on a canvas of the same pixels as the picture. @param scale its pixels a pixel of CSS */
export function drawLabels(
  context: CanvasRenderingContext2D,
  camera: Camera,
  size: Size,
  { ticks }: ScaleAxes,
  lengths: Vector,
  scale: number,
): void {
  context.clearRect(0, 0, size.width, size.height);
  const frame = frameOf(camera);
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.strokeStyle = "rgb(0 0 0 / 80%)";
  context.lineWidth = 3 * scale;
  const placed: [number, number][] = [];
  const write = (text: string, at: Vector, colour: string): void => {
    const seen = project(at, frame, size);
    if (!seen || placed.some(([x, y]) => Math.hypot(x - seen.x, y - seen.y) < apart * scale)) return;
    placed.push([seen.x, seen.y]);
    context.strokeText(text, seen.x, seen.y);
    context.fillStyle = colour;
    context.fillText(text, seen.x, seen.y);
  };
  const beyond = 1 + 0.06;
  for (const [axis, name] of ["x", "y", "z"].entries()) {
    const end: [number, number, number] = [0, 0, 0];
    end[axis] = lengths[axis]! * beyond;
    write(name, end, "#ffd250");
  }
  for (const { at, label } of ticks) write(label, at, "#e1e6ef");
  drawBar(context, camera, size, scale);
}

function drawBar(context: CanvasRenderingContext2D, camera: Camera, size: Size, scale: number): void {
  const perPixel = angstromsPerPixel(camera.distance, size);
  const length = barLength(1 / perPixel, Math.min(140 * scale, size.width / 3));
  const bar = { text: lengthText(length), pixels: length / perPixel, bottom: size.height - 12 * scale };
  paintBar(context, bar, scale);
}
