// Three small pictures around an item, cut from the planes through it.
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api.js";
import { drawMarks } from "../look/drawMarks.js";
import { type Frame, toPixel } from "../look/frame.js";
import { type LoadedPlane, levelFor, PlaneLoader } from "../look/planes.js";
import { blank, greyTable, paintGreys } from "../look/shading.js";
import {
  axisAt,
  contrast,
  indexAt,
  type Mark,
  type PlaneAxes,
  planes,
  rangeOf,
  type VolumeInfo,
} from "../look/stage.js";
import type { Item } from "./items.js";

/** Pixels of a picture's side. */
const side = 96;
/** Radii of the particle that a picture is wide. */
const radii = 5;

interface Props {
  readonly item: Item;
  /** What is drawn over the pictures. */
  readonly marks: readonly Mark[];
  /** Å */
  readonly radius: number;
  readonly info: VolumeInfo;
}

export function Cutouts(props: Props) {
  const [failure, setFailure] = useState("");
  useEffect(() => setFailure(""), [props.item.id, props.info]);
  return (
    <>
      <div class="cutouts">
        {planes.map((axes) => (
          <Cutout key={axes.across} axes={axes} onFailure={setFailure} {...props} />
        ))}
      </div>
      {failure && <p class="failure">{failure}</p>}
    </>
  );
}

interface CutoutProps extends Props {
  readonly axes: PlaneAxes;
  readonly onFailure: (text: string) => void;
}

function Cutout({ axes, item, marks, radius, info, onFailure }: CutoutProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) blank(canvas.current);
  }, [axes, item.id, info]);
  useEffect(() => {
    const target = canvas.current;
    if (!target) return undefined;
    const frame: Frame = {
      axes,
      width: side,
      height: side,
      centre: item.place,
      zoom: side / (radii * radius),
    };
    const level = levelFor(info, frame.zoom * devicePixelRatio);
    const wanted = { level, index: indexAt(info, level, axes.across, item.place) };
    const draw = (): void => {
      const plane = loader.get(wanted);
      if (plane) paint(target, frame, { info, level, plane }, marks);
    };
    delete target.dataset.shown;
    const loader = new PlaneLoader(info, axes.across, draw, (error) => onFailure(sentence(error)));
    loader.want([wanted]);
    const end = effect(() => {
      contrast.value;
      draw();
    });
    return () => {
      end();
      loader.close();
    };
  }, [axes, item.id, info, marks]);
  return (
    <canvas
      ref={canvas}
      width={side}
      height={side}
      role="img"
      aria-label={`cut-out across ${axes.across}`}
      data-cutout={axes.across}
    />
  );
}

interface Shown {
  readonly info: VolumeInfo;
  readonly level: number;
  readonly plane: LoadedPlane;
}

/** Paints the part of a plane that a picture shows, and the marks that the plane cuts. */
function paint(
  canvas: HTMLCanvasElement,
  frame: Frame,
  { info, level, plane }: Shown,
  marks: readonly Mark[],
): void {
  canvas.width = Math.round(side * devicePixelRatio);
  canvas.height = canvas.width;
  const context = canvas.getContext("2d")!;
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  const { spacing } = info.levels[level]!;
  const { right, down } = frame.axes;
  const [wide, high] = [spacing[axisAt[right]], spacing[axisAt[down]]];
  const cut = cutOf(plane, frame, wide, high);
  if (cut) {
    const image = new ImageData(cut.columns, cut.rows);
    paintGreys(cut.words, greyTable(rangeOf(info), contrast.value), image.data);
    const own = document.createElement("canvas");
    [own.width, own.height] = [cut.columns, cut.rows];
    own.getContext("2d")!.putImageData(image, 0, 0);
    const corner = { x: 0, y: 0, z: 0, [right]: cut.left * wide, [down]: cut.top * high };
    const [x, y] = toPixel(frame, corner);
    context.imageSmoothingEnabled = wide * frame.zoom < 2;
    context.drawImage(own, x, y, cut.columns * wide * frame.zoom, cut.rows * high * frame.zoom);
  }
  drawMarks(context, frame, marks, frame.centre);
  canvas.dataset.shown = `${level}`;
}

/** Cuts out the voxels that a picture shows; undefined where it lies outside of the plane. */
function cutOf(plane: LoadedPlane, { axes, centre, width, zoom }: Frame, wide: number, high: number) {
  const half = width / 2 / zoom;
  const first = (at: number, spacing: number): number => Math.max(0, Math.floor((at - half) / spacing));
  const end = (at: number, spacing: number, most: number): number =>
    Math.min(most, Math.ceil((at + half) / spacing));
  const [left, top] = [first(centre[axes.right], wide), first(centre[axes.down], high)];
  const columns = end(centre[axes.right], wide, plane.columns) - left;
  const rows = end(centre[axes.down], high, plane.rows) - top;
  if (columns <= 0 || rows <= 0) return undefined;
  const words = new Uint16Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const from = (top + row) * plane.columns + left;
    words.set(plane.words.subarray(from, from + columns), row * columns);
  }
  return { left, top, columns, rows, words };
}
