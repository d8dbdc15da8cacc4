/** What every part of the 3-D view draws by. */
import {
  type Camera,
  clipMatrix,
  type Frame,
  frameOf,
  halfView,
  type Reach,
  reachOf,
  type Size,
} from "../camera.js";
import type { Vector } from "../vectors.js";
import type { Program } from "./program.js";

/** A camera's directions, distances and picture. */
export interface View {
  readonly frame: Frame;
  readonly reach: Reach;
  /** Pixels of the whole picture as it is shown. */
  readonly size: Size;
}

/** Returns the view of a box of these lengths. */
export function viewOf(camera: Camera, size: Size, lengths: Vector): View {
  const frame = frameOf(camera);
  return { frame, reach: reachOf(frame, lengths), size };
}

/** Hands a view to a program that draws points: `u_clip` and `u_eye`. */
export function setClip(program: Program, { frame, reach, size }: View): void {
  program.matrix("u_clip", clipMatrix(frame, reach, size));
  program.vector("u_eye", frame.eye);
}

/** Hands a view to a program that casts rays: see `rays`. */
export function setRays(program: Program, { frame, reach, size }: View, pixels: Size): void {
  program.vector("u_eye", frame.eye);
  program.vector("u_forward", frame.forward);
  program.vector(
    "u_right",
    frame.right.map((part) => (part * halfView * size.width) / size.height) as unknown as Vector,
  );
  program.vector("u_down", frame.down.map((part) => part * halfView) as unknown as Vector);
  program.pair("u_reach", reach.near, reach.far);
  program.pair("u_pixels", pixels.width, pixels.height);
}

/** Fragment shader's words for rays: a ray's points are u_eye + ray() · depth, with the depth along the camera's direction. */
export const rays = `
uniform vec3 u_eye, u_forward, u_right, u_down;
uniform vec2 u_reach, u_pixels;
vec3 ray() {
  vec2 place = 2.0 * gl_FragCoord.xy / u_pixels - 1.0;
  return u_forward + u_right * place.x - u_down * place.y;
}
float stored(float depth) {
  return clamp(u_reach.y * (depth - u_reach.x) / (depth * (u_reach.y - u_reach.x)), 0.0, 1.0);
}`;
