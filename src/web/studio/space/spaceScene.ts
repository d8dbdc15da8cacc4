/**
 * The 3-D view on a canvas: draws when something has changed, coarsely while the camera moves and finely, piece by piece,
 * once it rests. How coarse and how large the pieces are follows from how long earlier ones took, so that a renderer in
 * software stays usable. The volumes are kept as a picture of their own, so that marks and lines alone are cheap to move.
 */
import { type Camera, cameraOf, frameOf, type Size } from "./camera.js";
import { Painter, type SpaceContent } from "./gl/painter.js";
import { SpaceError } from "./gl/program.js";
import { markAt, packMarks } from "./marks.js";
import { Pace } from "./pace.js";

/** Milliseconds without a change after which the picture is drawn finely. */
const restMs = 120;

const attributes: WebGLContextAttributes = {
  alpha: false,
  antialias: false,
  depth: true,
  preserveDrawingBuffer: true,
  powerPreference: "high-performance",
};

/** Nothing to be seen. */
const emptyContent: SpaceContent = {
  volumes: new Map(),
  meshes: new Map(),
  marks: packMarks([]),
  lines: [],
  lengths: [1, 1, 1],
  background: [0, 0, 0],
};

/** What a scene tells whoever shows it. */
export interface SceneListeners {
  /** One sentence where nothing can be drawn; undefined where it can be again. */
  readonly onProblem: (sentence: string | undefined) => void;
  /** Once volumes were drawn coarsely: milliseconds that it took, and the pixels that were drawn. */
  readonly onCoarse?: (ms: number, pixels: number) => void;
  /** Once something has changed that is not on the screen yet. */
  readonly onChange?: () => void;
  /** Once all is on the screen, with fine volumes. */
  readonly onFine?: () => void;
}

/** A piece of drawing whose end the graphics card has not told yet. */
interface Pending {
  readonly sync: WebGLSync;
  readonly pixels: number;
  readonly since: number;
  readonly pace: Pace;
}

/** One canvas with its context. */
export class SpaceScene {
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #listeners: SceneListeners;
  readonly #paces = { coarse: new Pace(), fine: new Pace() };
  #painter: Painter | undefined;
  #content = emptyContent;
  #camera: Camera = cameraOf([1, 1, 1]);
  #size: Size = { width: 0, height: 0 };
  #pending: Pending | undefined;
  #frame = 0;
  /** What is left to do: volumes coarsely, rows of volumes finely from one on, the picture itself. */
  #needsCoarse = false;
  #fineRow: number | undefined;
  #needsPicture = false;
  #isFine = false;
  #changedAt = 0;
  #waiting: (() => void)[] = [];

  /** @throws SpaceError where the browser has no WebGL 2 */
  constructor(canvas: HTMLCanvasElement, listeners: SceneListeners) {
    const gl = canvas.getContext("webgl2", attributes);
    if (!gl) throw new SpaceError("This browser draws no 3-D: it has no WebGL 2, or it is switched off.");
    this.#canvas = canvas;
    this.#gl = gl;
    this.#listeners = listeners;
    this.#painter = new Painter(gl);
    canvas.addEventListener("webglcontextlost", this.#onLost);
    canvas.addEventListener("webglcontextrestored", this.#onRestored);
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** Looks from elsewhere. */
  set camera(camera: Camera) {
    this.#camera = camera;
    this.#changeVolumes();
  }

  get size(): Size {
    return this.#size;
  }

  /** Changes the picture's size, in pixels of the screen. */
  resize(size: Size): void {
    if (size.width === this.#size.width && size.height === this.#size.height) return;
    this.#size = size;
    this.#canvas.width = size.width;
    this.#canvas.height = size.height;
    this.#changeVolumes();
  }

  /** Changes what is to be seen, wholly or in part. What cannot be uploaded is told as a problem. */
  show(part: Partial<SpaceContent>): void {
    const before = this.#content;
    this.#content = { ...before, ...part };
    if (this.#content.volumes !== before.volumes || this.#content.lengths !== before.lengths)
      this.#changeVolumes();
    else this.#changePicture();
    this.#upload();
  }

  /** Returns the number of the mark under a pixel, or undefined. */
  markAt(pixel: { readonly x: number; readonly y: number }): number | undefined {
    return markAt(this.#content.marks, frameOf(this.#camera), this.#size, pixel);
  }

  /** Waits until all is drawn finely. */
  settled(): Promise<void> {
    if (!this.#hasWork()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Frees all memory; the scene is of no use any more. */
  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#canvas.removeEventListener("webglcontextlost", this.#onLost);
    this.#canvas.removeEventListener("webglcontextrestored", this.#onRestored);
    this.#forgetPending();
    this.#painter?.dispose();
    this.#painter = undefined;
    this.#content = emptyContent;
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.#settle();
  }

  #upload(): void {
    try {
      this.#painter?.upload(this.#content);
    } catch (error) {
      if (!(error instanceof SpaceError)) throw error;
      if (!this.#gl.isContextLost()) this.#listeners.onProblem(error.message);
    }
  }

  #changeVolumes(): void {
    this.#needsCoarse = this.#content.volumes.size > 0;
    this.#fineRow = this.#needsCoarse ? 0 : undefined;
    this.#changedAt = performance.now();
    this.#changePicture();
  }

  #changePicture(): void {
    this.#needsPicture = true;
    this.#listeners.onChange?.();
    this.#schedule();
  }

  #hasWork(): boolean {
    return (
      this.#painter !== undefined && (this.#needsPicture || this.#needsCoarse || this.#fineRow !== undefined)
    );
  }

  #schedule(): void {
    this.#frame ||= requestAnimationFrame(this.#step);
  }

  readonly #step = (): void => {
    this.#frame = 0;
    const painter = this.#painter;
    if (!painter || this.#gl.isContextLost() || this.#size.width * this.#size.height === 0) return;
    if (this.#takePending()) {
      if (this.#needsCoarse) this.#drawCoarse(painter);
      else if (this.#fineRow !== undefined && performance.now() - this.#changedAt >= restMs)
        this.#drawFine(painter);
      if (this.#needsPicture) this.#compose(painter);
    }
    if (this.#hasWork() || this.#pending) this.#schedule();
    else this.#settle();
  };

  #drawCoarse(painter: Painter): void {
    const { width, height } = this.#size;
    const scale = this.#paces.coarse.scaleFor(width * height);
    const pixels = {
      width: Math.max(1, Math.round(width / scale)),
      height: Math.max(1, Math.round(height / scale)),
    };
    const since = performance.now();
    painter.drawVolumes(this.#content, this.#camera, this.#size, { pixels, isFine: false });
    this.#expect(pixels.width * pixels.height, since, this.#paces.coarse);
    this.#needsCoarse = false;
    this.#fineRow = 0;
    this.#isFine = false;
    this.#needsPicture = true;
  }

  #drawFine(painter: Painter): void {
    const from = this.#fineRow!;
    const count = Math.min(this.#size.height - from, this.#paces.fine.rowsFor(this.#size.width));
    const since = performance.now();
    const fineness = { pixels: this.#size, isFine: true };
    painter.drawVolumes(this.#content, this.#camera, this.#size, fineness, { from, count });
    this.#expect(this.#size.width * count, since, this.#paces.fine);
    this.#fineRow = from + count;
    if (this.#fineRow < this.#size.height) return;
    this.#fineRow = undefined;
    this.#isFine = true;
    this.#needsPicture = true;
  }

  #compose(painter: Painter): void {
    painter.compose(this.#content, this.#camera, this.#size, this.#isFine);
    this.#needsPicture = false;
    if (!this.#hasWork()) this.#listeners.onFine?.();
  }

  /** Notes when drawing began, to learn from it once the graphics card says that it is done. */
  #expect(pixels: number, since: number, pace: Pace): void {
    const sync = this.#gl.fenceSync(this.#gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.#gl.flush();
    if (sync) this.#pending = { sync, pixels, since, pace };
  }

  /** Returns whether nothing is being drawn any more. */
  #takePending(): boolean {
    if (!this.#pending) return true;
    const { sync, pixels, since, pace } = this.#pending;
    const gl = this.#gl;
    if (gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED) return false;
    const ms = performance.now() - since;
    pace.learn(pixels, ms);
    this.#forgetPending();
    if (pace === this.#paces.coarse) this.#listeners.onCoarse?.(ms, pixels);
    return true;
  }

  #forgetPending(): void {
    if (this.#pending) this.#gl.deleteSync(this.#pending.sync);
    this.#pending = undefined;
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  readonly #onLost = (event: Event): void => {
    event.preventDefault();
    this.#pending = undefined;
    this.#painter = undefined;
    this.#listeners.onProblem(
      "The graphics card has dropped the 3-D view; it is drawn again as soon as the card is back.",
    );
    this.#settle();
  };

  readonly #onRestored = (): void => {
    this.#painter = new Painter(this.#gl);
    this.#listeners.onProblem(undefined);
    this.#upload();
    this.#changeVolumes();
  };
}
