// Annotations as they are drawn over the planes: picks as marks, masks as colour, boxes and ways as lines.
import { computed, effect, untracked } from "@preact/signals";
import { type Frame, toPixel } from "../look/frame.js";
import { type Painter, painters } from "../look/painters.js";
import { axisAt, type Mark, type Point, place, showMarks } from "../look/stage.js";
import { session } from "../session.js";
import { brush, changed, chosen, chosenMask, model, toolName } from "./annotating.js";
import { sliceAt } from "./geometry.js";
import type { SliceAxis } from "./maskSlices.js";
import { dragged, dragStart, movedBy, radii, way } from "./tools.js";

const marks = computed<Mark[]>(() => {
  changed.value;
  const sizes = radii();
  const colours = new Map(
    (session.value?.particles ?? []).map(({ name, colour }) => [name, lighter(colour)]),
  );
  const from = dragStart();
  return (model.value?.picks ?? []).map((pick) => {
    const isDragged = dragged.value?.id === pick.id && from !== undefined;
    const [x, y, z] = isDragged ? movedBy(pick.at, from, dragged.value!.at) : pick.at;
    const { score } = pick.rest;
    return {
      id: pick.id,
      x,
      y,
      z,
      radius: sizes.get(pick.type) ?? 50,
      colour: colours.get(pick.type) ?? "white",
      shape: pick.status === "suggested" ? "dashed" : "circle",
      label: `${pick.type}${typeof score === "number" ? `, score ${score.toPrecision(3)}` : ""}${pick.status === "suggested" ? ", suggested" : ""}`,
      isChosen: pick.id === chosen.value,
    };
  });
});

/** Colours of particles are made for white paper; on greys they are drawn lighter. */
const lighter = (colour: readonly number[]): string =>
  `rgb(${colour.map((part) => Math.round(255 - 0.65 * (255 - part))).join(" ")})`;

const maskColour = [255, 96, 64] as const;
const opacity = 0.45;

/** Anything after which the planes are drawn again. */
const drawnBy = computed(() => [changed.value, way.value, toolName.value, brush.value, chosenMask()?.name]);

/** The picture of a slice, kept while the slice is the same. */
const pictures = new Map<
  SliceAxis,
  { readonly slice: Uint8Array; readonly at: number; readonly canvas: HTMLCanvasElement }
>();

function pictureOf(axis: SliceAxis, slice: Uint8Array, rows: number, columns: number): HTMLCanvasElement {
  const kept = pictures.get(axis);
  if (kept?.slice === slice && kept.at === changed.peek()) return kept.canvas;
  const canvas = kept?.canvas ?? document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let voxel = 0; voxel < slice.length; voxel++) {
    if (slice[voxel] === 0) continue;
    image.data.set([...maskColour, 255 * opacity], 4 * voxel);
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  pictures.set(axis, { slice, at: changed.peek(), canvas });
  return canvas;
}

const painter: Painter = {
  changed: drawnBy,
  draw(context, frame, at) {
    const mask = chosenMask();
    const axis = axisAt[frame.axes.across];
    if (mask) {
      const index = sliceAt(mask, axis, at);
      const slice = mask.slices.get(axis, index);
      const [rows, columns] = [axisAt[frame.axes.down], axisAt[frame.axes.right]];
      if (slice) {
        const [left, top] = toPixel(frame, { x: 0, y: 0, z: 0 });
        const width = mask.shape[columns] * mask.spacing[columns] * frame.zoom;
        const height = mask.shape[rows] * mask.spacing[rows] * frame.zoom;
        context.imageSmoothingEnabled = false;
        const picture = pictureOf(axis, slice, mask.shape[rows], mask.shape[columns]);
        context.drawImage(picture, left, top, width, height);
      }
      drawBoxes(context, frame, axis, index);
    }
    drawWay(context, frame);
  },
};

function drawBoxes(context: CanvasRenderingContext2D, frame: Frame, axis: SliceAxis, index: number): void {
  const mask = chosenMask()!;
  context.strokeStyle = "rgb(120 220 255)";
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  for (const box of mask.boxes) {
    if (index < box[axis]! || index >= box[axis + 3]!) continue;
    const corner = (from: number): Point => ({
      z: box[from]! * mask.spacing[0],
      y: box[from + 1]! * mask.spacing[1],
      x: box[from + 2]! * mask.spacing[2],
    });
    const [left, top] = toPixel(frame, corner(0));
    const [right, bottom] = toPixel(frame, corner(3));
    context.strokeRect(left, top, right - left, bottom - top);
  }
  context.setLineDash([]);
}

/** Draws the way of a brush or a box while it goes on. */
function drawWay(context: CanvasRenderingContext2D, frame: Frame): void {
  const own = way.value;
  if (own?.axes.across !== frame.axes.across) return;
  const pixels = own.points.map((at) => toPixel(frame, at));
  const [first, last] = [pixels[0]!, pixels.at(-1)!];
  if (toolName.value === "box") {
    context.strokeStyle = "rgb(120 220 255)";
    context.strokeRect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
    return;
  }
  if (toolName.value === "fill") return;
  const mask = chosenMask();
  context.strokeStyle =
    toolName.value === "rub" ? "rgb(255 255 255 / 35%)" : `rgb(${maskColour.join(" ")} / 45%)`;
  context.lineWidth = Math.max(1, 2 * brush.value.radius * (mask?.spacing[2] ?? 1) * frame.zoom);
  context.lineCap = "round";
  context.lineJoin = "round";
  context.beginPath();
  context.moveTo(first[0], first[1]);
  for (const [x, y] of pixels) context.lineTo(x, y);
  context.lineTo(last[0] + 0.01, last[1]);
  context.stroke();
}

/** Shows the annotations over the planes while there are any to be had. */
effect(() => {
  if (model.value === undefined) return;
  untracked(() => {
    painters.value = [...painters.value.filter((each) => each !== painter), painter];
    showMarks({ id: "annotations", label: "Annotations", marks });
  });
});

/** The box that holds the common point, which can be taken away. */
export const boxesHere = () => {
  changed.value;
  const mask = chosenMask();
  if (!mask) return [];
  const at = ([0, 1, 2] as const).map((axis) => sliceAt(mask, axis, place.value));
  return mask.boxes.filter((box) => at.every((index, axis) => index >= box[axis]! && index < box[axis + 3]!));
};
