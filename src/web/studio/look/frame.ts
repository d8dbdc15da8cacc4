// Where a plane lies in its picture: Å to pixels and back. Pixels are those of CSS.
import type { PlaneAxes, Point } from "./stage.js";

/** A picture of a plane. */
export interface Frame {
  readonly axes: PlaneAxes;
  readonly width: number;
  readonly height: number;
  /** The point in Å in the middle. */
  readonly centre: Point;
  /** Pixels an Å. */
  readonly zoom: number;
}

/** Returns the pixel of a point. */
export function toPixel(
  { axes, width, height, centre, zoom }: Frame,
  at: Point,
): [right: number, down: number] {
  return [
    width / 2 + (at[axes.right] - centre[axes.right]) * zoom,
    height / 2 + (at[axes.down] - centre[axes.down]) * zoom,
  ];
}

/** Returns the point of a pixel, in the plane through `place`. */
export function toPoint(
  { axes, width, height, centre, zoom }: Frame,
  right: number,
  down: number,
  place: Point,
): Point {
  return {
    ...place,
    [axes.right]: centre[axes.right] + (right - width / 2) / zoom,
    [axes.down]: centre[axes.down] + (down - height / 2) / zoom,
  };
}

/** Returns the radius of the circle in which the plane through `place` cuts a ball; undefined where it does not. */
export function cutRadius({ axes }: Frame, at: Point, radius: number, place: Point): number | undefined {
  const distance = Math.abs(at[axes.across] - place[axes.across]);
  return distance < radius ? Math.sqrt(radius ** 2 - distance ** 2) : undefined;
}

/** Returns 1, 2 or 5 times a power of ten: the greatest at most `length`. */
export function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  return power * ([5, 2, 1].find((step) => step * power <= length * (1 + 1e-9)) ?? 1);
}

/** Returns a round length in Å of at most `most` pixels. */
export const barLength = (zoom: number, most: number): number => roundLength(most / zoom);
