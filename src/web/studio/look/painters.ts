// What draws on the planes besides marks.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Frame } from "./frame.js";
import type { Point } from "./stage.js";

/** Draws on a plane, under the marks. */
export interface Painter {
  /** Anything after which it draws again. */
  readonly changed: ReadonlySignal<unknown>;
  draw(context: CanvasRenderingContext2D, frame: Frame, place: Point): void;
}

export const painters = signal<readonly Painter[]>([]);
