// Lays overlays over a plane of the tomogram: each has its own planes, loaded as the tomogram's are.
import { type Frame, toPixel } from "./frame.js";
import { overlayTable, paintOverlay } from "./overlayShades.js";
import { type LoadedPlane, levelFor, PlaneLoader } from "./planes.js";
import { axisAt, indexAt, type Overlay, overlays, type PlaneAxes, type Point, rangeOf } from "./stage.js";

interface Layer {
  readonly loader: PlaneLoader;
  readonly canvas: HTMLCanvasElement;
  painted?: { readonly words: Uint16Array; readonly overlay: Overlay };
}

/** Overlays of one plane. */
export class OverlayPainter {
  readonly #axes: PlaneAxes;
  readonly #redraw: () => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #layers = new Map<string, Layer>();

  /** @param redraw called when something to be laid over has come */
  constructor(axes: PlaneAxes, redraw: () => void, onFailure: (error: unknown) => void) {
    this.#axes = axes;
    this.#redraw = redraw;
    this.#onFailure = onFailure;
  }

  /** Draws the overlays that are shown, as far as they are here, where the canvas's pixels are those of CSS. */
  draw(context: CanvasRenderingContext2D, frame: Frame, place: Point): void {
    const shown = overlays.value.filter(({ isShown, opacity }) => isShown && opacity > 0);
    for (const [id, { loader }] of this.#layers) {
      if (shown.some(({ info }) => info.id === id)) continue;
      loader.close();
      this.#layers.delete(id);
    }
    for (const overlay of shown) this.#drawOne(context, frame, place, overlay);
  }

  close(): void {
    for (const { loader } of this.#layers.values()) loader.close();
    this.#layers.clear();
  }

  #drawOne(context: CanvasRenderingContext2D, frame: Frame, place: Point, overlay: Overlay): void {
    const { info } = overlay;
    const { across } = this.#axes;
    const level = levelFor(info, frame.zoom * devicePixelRatio);
    const { shape, spacing } = info.levels[level]!;
    const isInside = place[across] >= 0 && place[across] < shape[axisAt[across]] * spacing[axisAt[across]];
    if (!isInside) return;
    const layer = this.#layerOf(overlay);
    const wanted = { level, index: indexAt(info, level, across, place) };
    const plane = layer.loader.get(wanted);
    layer.loader.want([wanted]);
    if (!plane) return;
    paint(layer, plane, overlay);
    const [x, y] = toPixel(frame, { x: 0, y: 0, z: 0 });
    context.imageSmoothingEnabled = info.kind === "probability";
    context.drawImage(
      layer.canvas,
      ...([x, y, plane.columns * spacing[axisAt[this.#axes.right]] * frame.zoom] as const),
      plane.rows * spacing[axisAt[this.#axes.down]] * frame.zoom,
    );
  }

  #layerOf({ info }: Overlay): Layer {
    const known = this.#layers.get(info.id);
    if (known) return known;
    const loader = new PlaneLoader(info, this.#axes.across, this.#redraw, this.#onFailure);
    const layer: Layer = { loader, canvas: document.createElement("canvas") };
    this.#layers.set(info.id, layer);
    return layer;
  }
}

function paint(layer: Layer, { rows, columns, words }: LoadedPlane, overlay: Overlay): void {
  if (layer.painted?.words === words && layer.painted.overlay === overlay) return;
  layer.canvas.width = columns;
  layer.canvas.height = rows;
  const image = new ImageData(columns, rows);
  const { kind } = overlay.info;
  const range = rangeOf(overlay.info);
  paintOverlay(
    words,
    overlayTable({ kind, range, colour: overlay.colour, opacity: overlay.opacity }),
    image.data,
  );
  layer.canvas.getContext("2d")!.putImageData(image, 0, 0);
  layer.painted = { words, overlay };
}
