// What the pointer does in the planes while something is annotated.
import { effect, signal } from "@preact/signals";
import { type PlaneAxes, type Point, place, type Tool, tool, volume, within, zoom } from "../look/stage.js";
import { session } from "../session.js";
import { chosen, chosenMask, model, type ToolName, toolName, type } from "./annotating.js";
import { pickAt } from "./geometry.js";
import { fillAt, markBox, paintAlong } from "./painting.js";

/** The way that a tool has gone since it was pressed, in the plane where it was. */
export const way = signal<{ readonly points: readonly Point[]; readonly axes: PlaneAxes } | undefined>(
  undefined,
);
/** Where a pick is dragged to. */
export const dragged = signal<{ readonly id: string; readonly at: Point } | undefined>(undefined);

/** Pixels within which a pick is met, however small it is. */
const reach = 6;

export const radii = (): Map<string, number> =>
  new Map((session.value?.particles ?? []).map(({ name, radius }) => [name, radius]));

const tuple = ({ x, y, z }: Point): [number, number, number] => [x, y, z];

/** Adds a pick of the type in hand. */
function addPick(at: Point): void {
  const now = model.value;
  const info = volume.value;
  if (!now || !info) return;
  const id = now.newId();
  now.act(`add ${type.value}`, [{ do: "add", id, type: type.value, at: tuple(within(info, at)) }]);
  chosen.value = id;
  fresh = id;
}
/** The pick that was just added: a type that is chosen now is meant for the next one. */
let fresh: string | undefined;

const picking: Tool = {
  name: "pick",
  cursor: "crosshair",
  down(at) {
    const met = pickAt(model.value?.picks ?? [], radii(), at, reach / zoom.value);
    if (met) {
      chosen.value = met.id;
      fresh = undefined;
      dragged.value = { id: met.id, at };
      start = at;
      return true;
    }
    dragged.value = undefined;
    addPick(at);
    return true;
  },
  move(at) {
    if (dragged.value) dragged.value = { ...dragged.value, at };
  },
  up(at) {
    const own = dragged.value;
    dragged.value = undefined;
    const pick = model.value?.pick(own?.id);
    if (!own || !pick || !start || distance(at, start) * zoom.value < 3) return;
    const to = movedBy(pick.at, start, at);
    model.value?.act("move", [{ do: "move", id: own.id, at: to }]);
  },
  cancel() {
    dragged.value = undefined;
  },
};
let start: Point | undefined;

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);

/** A pick keeps its place under the pointer while it is dragged. */
export const movedBy = (
  at: readonly [number, number, number],
  from: Point,
  to: Point,
): [number, number, number] => [at[0] + to.x - from.x, at[1] + to.y - from.y, at[2] + to.z - from.z];

/** Where the drag that goes on began. */
export const dragStart = (): Point | undefined => start;

/** A tool that follows a way and does something with it when it is let go. */
const along = (name: string, done: (points: readonly Point[], axes: PlaneAxes) => void): Tool => ({
  name,
  cursor: "crosshair",
  down(at, axes) {
    if (!chosenMask()) return false;
    way.value = { points: [at], axes };
    return true;
  },
  move(at) {
    if (way.value) way.value = { ...way.value, points: [...way.value.points, at] };
  },
  up(at) {
    const own = way.value;
    way.value = undefined;
    if (own) done([...own.points, at], own.axes);
  },
  cancel() {
    way.value = undefined;
  },
});

const tools: Readonly<Record<ToolName, Tool | undefined>> = {
  look: undefined,
  pick: picking,
  brush: along("brush", (points, axes) => void paintAlong(points, axes, 1)),
  rub: along("rub out", (points, axes) => void paintAlong(points, axes, 0)),
  fill: along("fill", (points, axes) => void fillAt(points[0]!, axes)),
  box: along("box", (points, axes) => markBox(points[0]!, points.at(-1)!, axes)),
};

/** Puts the tool into the planes' hand. */
effect(() => {
  tool.value = tools[toolName.value];
});

/** What is drawn or dragged in one run does not go on in another. */
effect(() => {
  model.value;
  way.value = undefined;
  dragged.value = undefined;
});

/** Adds a pick at the common point. */
export const addAtCross = (): void => addPick(place.value);

/** Deletes the chosen pick; of a suggestion, that is to reject it. */
export function deleteChosen(): void {
  const pick = model.value?.pick(chosen.value);
  if (!pick) return;
  const isSuggested = pick.status === "suggested";
  model.value?.act(isSuggested ? "reject" : "delete", [
    { do: isSuggested ? "reject" : "delete", id: pick.id },
  ]);
  chosen.value = undefined;
}

/** Gives new picks a type, and the chosen one, unless it was just added. */
export function chooseType(name: string): void {
  type.value = name;
  const pick = model.value?.pick(chosen.value);
  if (pick && pick.type !== name && pick.id !== fresh)
    model.value?.act(`retype to ${name}`, [{ do: "retype", id: pick.id, type: name }]);
}
