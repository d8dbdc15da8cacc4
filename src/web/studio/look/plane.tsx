// One plane of the tomogram, with marks over it.
import { computed, effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api.js";
import { drawBar, drawCross, drawMarks, markAt } from "./drawMarks.js";
import { type Frame, toPixel } from "./frame.js";
import { OverlayPainter } from "./overlayPainter.js";
import { painters } from "./painters.js";
import { type LoadedPlane, levelFor, PlaneLoader, type PlaneWanted } from "./planes.js";
import { usePointer } from "./pointer.js";
import { blank, greyTable, paintGreys } from "./shading.js";
import {
  axisAt,
  centre,
  contrast,
  indexAt,
  type Mark,
  markLayers,
  overlays,
  type PlaneAxes,
  type Point,
  painted,
  place,
  rangeOf,
  tool,
  type VolumeInfo,
  zoom,
} from "./stage.js";

/** Planes that are loaded ahead, each way. */
const ahead = 3;

/** Milliseconds within which a plane's cross follows where nothing else of it changes, so that other planes scroll sooner. */
const crossRest = 60;

const allMarks = (): Mark[] => markLayers.value.flatMap(({ marks }) => marks.value);

export function Plane({ axes, info }: { readonly axes: PlaneAxes; readonly info: VolumeInfo }) {
  const holder = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const [failure, setFailure] = useState("");
  const [overlayFailure, setOverlayFailure] = useState("");
  useEffect(() => {
    if (!holder.current || !picture.current || !over.current) return;
    const canvases = { holder: holder.current, picture: picture.current, over: over.current };
    return drawing(canvases, axes, info, { plane: setFailure, overlays: setOverlayFailure });
  }, [axes, info]);
  usePointer(
    over,
    () => frameOf(over.current, axes),
    axes,
    (frame, right, down) => markAt(frame, allMarks(), place.value, right, down),
  );
  const { shape } = info.levels[0]!;
  const index = indexAt(info, 0, axes.across, place.value);
  const label = `${axes.right} ${axes.down} plane, ${axes.across} ${index} of ${shape[axisAt[axes.across]]}`;
  return (
    <section class="plane" aria-label={label}>
      <div class="picture" ref={holder}>
        <canvas ref={picture} class="greys" />
        <canvas
          ref={over}
          class="over"
          tabIndex={0}
          role="img"
          aria-label={label}
          data-plane={axes.across}
          data-tool={tool.value?.name}
          style={{ cursor: tool.value?.cursor ?? "crosshair" }}
        />
        {(failure || overlayFailure) && <p class="failure">{failure || overlayFailure}</p>}
      </div>
      <label class="scroll">
        {axes.across}
        <input
          type="range"
          min={0}
          max={shape[axisAt[axes.across]] - 1}
          value={index}
          aria-label={`${axes.across} slice`}
          onInput={(event) => moveTo(info, axes, Number(event.currentTarget.value))}
        />
        <output>{index}</output>
      </label>
    </section>
  );
}

function moveTo({ levels }: VolumeInfo, { across }: PlaneAxes, index: number): void {
  const spacing = levels[0]!.spacing[axisAt[across]];
  place.value = { ...place.value, [across]: (index + 0.5) * spacing };
}

function frameOf(canvas: HTMLCanvasElement | null, axes: PlaneAxes): Frame | undefined {
  if (!canvas || canvas.clientWidth === 0) return undefined;
  return {
    axes,
    width: canvas.clientWidth,
    height: canvas.clientHeight,
    centre: centre.value,
    zoom: zoom.value,
  };
}

interface Canvases {
  readonly holder: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly over: HTMLCanvasElement;
}

/** Says what is wrong; "" where nothing is any more. */
type Tell = (fault: string) => void;

/** A plane that is here. */
interface Here {
  readonly which: PlaneWanted;
  readonly plane: LoadedPlane;
}

/** Draws a plane whenever what it shows changes. Returns what ends that. */
function drawing(
  { holder, picture, over }: Canvases,
  axes: PlaneAxes,
  info: VolumeInfo,
  tell: { readonly plane: Tell; readonly overlays: Tell },
): () => void {
  let asked = 0;
  const redraw = (): void => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(draw);
  };
  let before: readonly unknown[] = [];
  let last: PlaneWanted | undefined;
  let paintedLast: Here | undefined;
  let isLost = false;
  const isBusy = (): boolean => holder.getAttribute("aria-busy") === "true";
  const setBusy = (busy: boolean): void => holder.setAttribute("aria-busy", String(busy));
  const failed = (error: unknown, which: PlaneWanted): void => {
    if (!last || !isSame(which, last)) return;
    tell.plane(sentence(error));
    isLost = true;
    if (!isBusy()) return;
    [before, paintedLast] = [[], undefined];
    blank(picture);
    setBusy(false);
  };
  const loader = new PlaneLoader(info, axes.across, redraw, failed);
  const painter = greyPainter(info);
  let arrivals = 0;
  const laidOver = new OverlayPainter(
    axes,
    () => {
      arrivals++;
      tell.overlays("");
      redraw();
    },
    (error) => tell.overlays(sentence(error)),
  );
  const paint = (frame: Frame, { which, plane }: Here): void => {
    const { width, height } = picture;
    const laid = [overlays.value, arrivals, overlays.value.length > 0 ? place.value[axes.across] : 0];
    const depends = [plane.words, contrast.value, ...laid, centre.value, zoom.value, width, height];
    const isPainted = depends.every((value, at) => value === before[at]);
    before = depends;
    if (isPainted) return;
    painter(picture, frame, which, plane);
    laidOver.draw(picture.getContext("2d")!, frame, place.value);
  };
  const draw = (): void => {
    fit(picture, holder);
    fit(over, holder);
    const frame = frameOf(over, axes);
    if (!frame) return;
    const wanted = wantedAt(info, axes, place.value, frame.zoom);
    loader.want(neighbours(info, axes, wanted, last));
    isLost &&= isSame(last!, wanted);
    if (last === undefined || !isSame(last, wanted)) last = wanted;
    const here = firstHere(loader, [wanted, coarsest(info, axes, place.value)]);
    setBusy(here === undefined && !isLost);
    paintedLast = here ?? paintedLast;
    if (paintedLast) paint(frame, paintedLast);
    if (here?.which === wanted) {
      picture.dataset.shown = `${wanted.level} ${wanted.index}`;
      painted.value = info.id;
      tell.plane("");
    }
    drawOver(over, frame, place.value);
  };
  const own = computed(() => place.value[axes.across]);
  const stop = effect(() => {
    for (const each of [own, centre, zoom, contrast, overlays]) each.value;
    allMarks();
    for (const { changed } of painters.value) changed.value;
    redraw();
  });
  let waiting = 0;
  const stopCross = effect(() => {
    place.value;
    waiting ||= window.setTimeout(() => {
      waiting = 0;
      redraw();
    }, crossRest);
  });
  const watching = new ResizeObserver(redraw);
  watching.observe(holder);
  return () => {
    stop();
    stopCross();
    clearTimeout(waiting);
    watching.disconnect();
    cancelAnimationFrame(asked);
    loader.close();
    laidOver.close();
  };
}

const isSame = (one: PlaneWanted, other: PlaneWanted): boolean =>
  one.level === other.level && one.index === other.index;

/** Returns the first of some planes that is here. */
function firstHere(loader: PlaneLoader, from: readonly PlaneWanted[]): Here | undefined {
  for (const which of from) {
    const plane = loader.get(which);
    if (plane) return { which, plane };
  }
  return undefined;
}

function wantedAt(info: VolumeInfo, { across }: PlaneAxes, at: Point, pixels: number): PlaneWanted {
  const level = levelFor(info, pixels * devicePixelRatio);
  return { level, index: indexAt(info, level, across, at) };
}

function coarsest(info: VolumeInfo, { across }: PlaneAxes, at: Point): PlaneWanted {
  const level = info.levels.length - 1;
  return { level, index: indexAt(info, level, across, at) };
}

/** Lists what to load: at first a coarse stand-in, the plane, and those ahead. */
function neighbours(
  info: VolumeInfo,
  axes: PlaneAxes,
  wanted: PlaneWanted,
  last: PlaneWanted | undefined,
): PlaneWanted[] {
  const { across } = axes;
  const size = info.levels[wanted.level]!.shape[axisAt[across]];
  const way = last !== undefined && last.index > wanted.index ? -1 : 1;
  const steps = Array.from({ length: ahead }, (_, at) => wanted.index + way * (at + 1));
  const standIn = last === undefined ? [coarsest(info, axes, place.value)] : [];
  return [
    ...standIn,
    wanted,
    ...steps.filter((at) => at >= 0 && at < size).map((index) => ({ ...wanted, index })),
  ];
}

function fit(canvas: HTMLCanvasElement, holder: HTMLElement): void {
  const [width, height] = [
    Math.round(holder.clientWidth * devicePixelRatio),
    Math.round(holder.clientHeight * devicePixelRatio),
  ];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Makes what paints a plane's voxels where they lie; the picture of the plane that was painted last is kept. */
function greyPainter(info: VolumeInfo) {
  const own = document.createElement("canvas");
  let painted: { readonly words: Uint16Array; readonly contrast: readonly number[] } | undefined;
  return (
    canvas: HTMLCanvasElement,
    frame: Frame,
    { level }: PlaneWanted,
    plane: { readonly rows: number; readonly columns: number; readonly words: Uint16Array },
  ): void => {
    if (painted?.words !== plane.words || painted.contrast !== contrast.value) {
      own.width = plane.columns;
      own.height = plane.rows;
      const image = new ImageData(plane.columns, plane.rows);
      paintGreys(plane.words, greyTable(rangeOf(info), contrast.value), image.data);
      own.getContext("2d")!.putImageData(image, 0, 0);
      painted = { words: plane.words, contrast: contrast.value };
    }
    const { spacing } = info.levels[level]!;
    const context = canvas.getContext("2d")!;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, frame.width, frame.height);
    const [x, y] = toPixel(frame, { x: 0, y: 0, z: 0 });
    const [width, height] = [
      plane.columns * spacing[axisAt[frame.axes.right]] * frame.zoom,
      plane.rows * spacing[axisAt[frame.axes.down]] * frame.zoom,
    ];
    context.imageSmoothingEnabled = width / plane.columns < 2;
    context.drawImage(own, x, y, width, height);
  };
}

/** Thousands of thin outlines are drawn faster by the processor than by a graphics card, or what stands in for one. */
const onProcessor: CanvasRenderingContext2DSettings = { willReadFrequently: true };

function drawOver(canvas: HTMLCanvasElement, frame: Frame, at: Point): void {
  const context = canvas.getContext("2d", onProcessor)!;
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, frame.width, frame.height);
  for (const painter of painters.value) painter.draw(context, frame, at);
  drawMarks(context, frame, allMarks(), at);
  drawCross(context, frame, at);
  drawBar(context, frame);
}
