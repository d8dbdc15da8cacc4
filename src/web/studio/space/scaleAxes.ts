/** The edges of a box with ticks at round distances. */
import { roundLength } from "../look/frame.js";
import type { Vector } from "./vectors.js";

/** A label at a point of an axis. */
export interface Tick {
  readonly at: Vector;
  readonly label: string;
}

/** Ends of lines, two points for each, and the labels beside them. */
export interface ScaleAxes {
  readonly lines: readonly Vector[];
  readonly ticks: readonly Tick[];
}

/** Returns a length in Å as text: in nm from 100 Å on. */
export const lengthText = (length: number): string =>
  length >= 100 ? `${Number((length / 10).toPrecision(4))} nm` : `${Number(length.toPrecision(4))} Å`;

/** Returns the twelve edges of a box from the corner. */
export function boxEdges([x, y, z]: Vector): Vector[] {
  const lines: Vector[] = [];
  for (const a of [0, 1])
    for (const b of [0, 1]) {
      lines.push([0, a * y, b * z], [x, a * y, b * z]);
      lines.push([a * x, 0, b * z], [a * x, y, b * z]);
      lines.push([a * x, b * y, 0], [a * x, b * y, z]);
    }
  return lines;
}

/** Returns the box's edges with four to ten ticks along its longest side, at the same distances along the others. */
export function scaleAxes(lengths: Vector): ScaleAxes {
  const lines = boxEdges(lengths);
  const ticks: Tick[] = [];
  const longest = Math.max(...lengths);
  if (!(longest > 0)) return { lines, ticks };
  const step = roundLength(longest / 4);
  const tickLength = longest / 60;
  for (let axis = 0; axis < 3; axis++) {
    const out = axis === 0 ? 1 : 0;
    for (let count = 1; count * step <= lengths[axis]!; count++) {
      const at: [number, number, number] = [0, 0, 0];
      at[axis] = count * step;
      const end: [number, number, number] = [...at];
      end[out] -= tickLength;
      lines.push(at, end);
      const label: [number, number, number] = [...at];
      label[out] -= (axis === 0 ? 2 : 4) * tickLength;
      ticks.push({ at: label, label: lengthText(count * step) });
    }
  }
  return { lines, ticks };
}
