/**
 * A camera that goes around a point. Everything is in Å, x, y, z from the volume's corner. Seen with no turn it looks along
 * z with x to the right and y down, as a slice of x and y is drawn, so that nothing is mirrored against the slices.
 */
import { added, dot, type Vector } from "./vectors.js";

/** Where the camera stands. */
export interface Camera {
  /** The point it goes around, in the middle of the picture. */
  readonly target: Vector;
  /** Turn about the vertical, radians: at a quarter turn it looks along x. */
  readonly yaw: number;
  /** Tilt, radians: above 0 it looks down from above; from −π/2 to π/2. */
  readonly pitch: number;
  /** From the camera to the target, Å. */
  readonly distance: number;
}

/** The directions of a camera's picture, each of length 1, and where its eye is. */
export interface Frame {
  readonly eye: Vector;
  readonly right: Vector;
  readonly down: Vector;
  readonly forward: Vector;
}

/** Width and height of a picture, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A point in a picture: pixels from its left and upper edge, and its depth along the camera's direction, Å. */
export interface Projected {
  readonly x: number;
  readonly y: number;
  readonly depth: number;
}

/** Tangent of half the angle of view along the picture's height: an angle of 30°. */
export const halfView = Math.tan(Math.PI / 12);

/** Distances between which all is drawn, Å. */
export interface Reach {
  readonly near: number;
  readonly far: number;
}

/** Returns the camera that sees a whole box of these lengths (x, y, z) with no turn. */
export function cameraOf(lengths: Vector): Camera {
  const radius = Math.hypot(...lengths) / 2 || 1;
  return {
    target: [lengths[0] / 2, lengths[1] / 2, lengths[2] / 2],
    yaw: 0,
    pitch: 0,
    distance: radius / Math.sin(Math.atan(halfView)),
  };
}

/** Returns the camera to begin with: a little from above and from the side, and nearer than the whole sphere asks for. */
export const firstCamera = (lengths: Vector): Camera =>
  zoomed({ ...cameraOf(lengths), yaw: 0.45, pitch: 0.35 }, 1.1);

/** Returns a camera's eye and directions. */
export function frameOf({ target, yaw, pitch, distance }: Camera): Frame {
  const [sinYaw, cosYaw, sinPitch, cosPitch] = [
    Math.sin(yaw),
    Math.cos(yaw),
    Math.sin(pitch),
    Math.cos(pitch),
  ];
  const forward: Vector = [sinYaw * cosPitch, sinPitch, cosYaw * cosPitch];
  return {
    eye: added(target, forward, -distance),
    right: [cosYaw, 0, -sinYaw],
    down: [-sinPitch * sinYaw, cosPitch, -sinPitch * cosYaw],
    forward,
  };
}

/** Returns the camera turned by a drag of so many pixels: the picture's height is half a turn. */
export function turned(camera: Camera, dx: number, dy: number, { height }: Size): Camera {
  const perPixel = Math.PI / Math.max(1, height);
  const pitch = camera.pitch + dy * perPixel;
  return {
    ...camera,
    yaw: wrapped(camera.yaw - dx * perPixel),
    pitch: Math.min(Math.PI / 2, Math.max(-Math.PI / 2, pitch)),
  };
}

/** Returns an angle within −π and π. */
const wrapped = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

/** Returns the camera moved so that what lies at the target's depth follows a drag of so many pixels. */
export function panned(camera: Camera, dx: number, dy: number, size: Size): Camera {
  const { right, down } = frameOf(camera);
  const perPixel = angstromsPerPixel(camera.distance, size);
  const target = added(added(camera.target, right, -dx * perPixel), down, -dy * perPixel);
  return { ...camera, target };
}

/** Returns the camera `factor` times as near (factors below 1: farther), within what numbers of 32 bits can draw. */
export function zoomed(camera: Camera, factor: number): Camera {
  return { ...camera, distance: Math.min(1e7, Math.max(1, camera.distance / factor)) };
}

/** Returns the width of a pixel at a depth, Å. */
export const angstromsPerPixel = (depth: number, { height }: Size): number =>
  (2 * halfView * depth) / Math.max(1, height);

/** Returns the distances between which a box of these lengths is seen. */
export function reachOf({ eye, forward }: Frame, lengths: Vector): Reach {
  const centre: Vector = [lengths[0] / 2, lengths[1] / 2, lengths[2] / 2];
  const middle = dot(added(centre, eye, -1), forward);
  const radius = 0.75 * Math.hypot(...lengths);
  const far = Math.max(middle + radius, 10);
  return { near: Math.max(middle - radius, far / 5000), far };
}

/** Returns where a point is in the picture; undefined where it lies behind the eye. */
export function project(point: Vector, frame: Frame, size: Size): Projected | undefined {
  const away = added(point, frame.eye, -1);
  const depth = dot(away, frame.forward);
  if (depth <= 0) return undefined;
  const scale = 1 / angstromsPerPixel(depth, size);
  return {
    x: size.width / 2 + dot(away, frame.right) * scale,
    y: size.height / 2 + dot(away, frame.down) * scale,
    depth,
  };
}

/** Returns the point of a pixel at a depth: what `project` undoes. */
export function unproject({ x, y, depth }: Projected, frame: Frame, size: Size): Vector {
  const perPixel = angstromsPerPixel(depth, size);
  const ahead = added(frame.eye, frame.forward, depth);
  const aside = added(ahead, frame.right, (x - size.width / 2) * perPixel);
  return added(aside, frame.down, (y - size.height / 2) * perPixel);
}

/** Returns the depth that the graphics card keeps, 0 to 1, of a depth in Å. */
export const storedDepth = (depth: number, { near, far }: Reach): number =>
  (far * (depth - near)) / (depth * (far - near));

/**
 * Returns the matrix from x, y, z in Å to the graphics card's clip space, 16 numbers column by column. It is made of
 * distances from the eye, which `u_eye` is taken from first, so that no digits are lost far from the corner.
 */
export function clipMatrix(
  { right, down, forward }: Frame,
  { near, far }: Reach,
  { width, height }: Size,
): Float32Array {
  const up = 1 / halfView;
  const across = (up * height) / Math.max(1, width);
  const span = (far + near) / (far - near);
  const shift = (-2 * far * near) / (far - near);
  const matrix = new Float32Array(16);
  for (let axis = 0; axis < 3; axis++) {
    matrix[4 * axis] = right[axis]! * across;
    matrix[4 * axis + 1] = -down[axis]! * up;
    matrix[4 * axis + 2] = forward[axis]! * span;
    matrix[4 * axis + 3] = forward[axis]!;
  }
  matrix[14] = shift;
  return matrix;
}
