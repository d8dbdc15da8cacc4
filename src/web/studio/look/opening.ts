// Opens a run's tomogram, where a link says or where the run is looked at already.
import { signal } from "@preact/signals";
import { getJson, named, sentence } from "../api.js";
import { lastAsked } from "../lastAsked.js";
import { type ListedVolume, session } from "../session.js";
import {
  centre,
  contrast,
  extentOf,
  goTo,
  type Point,
  place,
  run,
  type VolumeInfo,
  volume,
  within,
  zoom,
} from "./stage.js";

export const failure = signal("");

const beginShowing = lastAsked();
/** The run that place, middle and zoom are of. */
let placed: string | undefined;

export const tomogramsOf = (name: string | undefined): ListedVolume[] =>
  (session.value?.runs.find((each) => each.name === name)?.volumes ?? []).filter(
    ({ kind }) => kind === "tomogram",
  );

/** The tomogram to begin with. */
const usual = (there: readonly ListedVolume[]): ListedVolume | undefined =>
  there.find(({ isShown }) => isShown) ?? there[0];

/** Opens what a link names; of the run that is looked at, what it does not name stays as it is. */
export function openLink(name: string | undefined, query: URLSearchParams): void {
  const there = tomogramsOf(name);
  const isSame = run.value === name;
  const shown = isSame ? there.find(({ id }) => id === volume.value?.id) : undefined;
  const chosen = there.find(({ id }) => id === query.get("volume")) ?? shown ?? usual(there);
  run.value = name;
  if (!isSame || !chosen) volume.value = undefined;
  if (!chosen || name === undefined) refuse(`${name ?? "This"} has no tomogram here.`);
  else if (chosen === shown && placed === name) follow(query);
  else void show(name, chosen.id, query);
}

function refuse(text: string): void {
  beginShowing();
  failure.value = text;
}

function follow(query: URLSearchParams): void {
  beginShowing();
  const at = pointOf(query);
  if (at) goTo(at);
  zoomTo(query);
}

/** Loads a volume and shows it: place and zoom stay in a run that is looked at already, but for what the query says. */
export async function show(name: string, id: string, query = new URLSearchParams()): Promise<void> {
  const isLast = beginShowing();
  failure.value = "";
  try {
    const info = await getJson<VolumeInfo>(`api/volumes/${named(id)}`);
    if (!isLast()) return;
    const stays = placed === name;
    placed = undefined;
    volume.value = info;
    contrast.value = info.contrast;
    place.value = within(info, pointOf(query) ?? (stays ? place.value : middleOf(info)));
    if (!stays) await nextFrame();
    if (!isLast()) return;
    if (!stays) fitAll();
    zoomTo(query);
    placed = name;
  } catch (error) {
    if (!isLast()) return;
    failure.value = sentence(error);
    volume.value = undefined;
  }
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Returns the point that a link names; undefined where it names none. */
function pointOf(query: URLSearchParams): Point | undefined {
  const asked = query.get("at")?.split(",").map(Number) ?? [];
  const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = asked;
  return [x, y, z].every(Number.isFinite) ? { x, y, z } : undefined;
}

/** Zooms as a link says, with the place in the middle. */
function zoomTo(query: URLSearchParams): void {
  const pixels = Number(query.get("zoom"));
  if (!(pixels > 0 && Number.isFinite(pixels))) return;
  zoom.value = Math.min(20, pixels);
  centre.value = place.value;
}

function middleOf(info: VolumeInfo): Point {
  const [depth, height, width] = extentOf(info);
  return { z: depth / 2, y: height / 2, x: width / 2 };
}

/** Zooms so that the whole tomogram is seen. */
export function fitAll(): void {
  if (volume.value === undefined) return;
  const [, height, width] = extentOf(volume.value);
  zoom.value = viewSize() / Math.max(height, width);
  centre.value = middleOf(volume.value);
}

/** Returns the pixels of a plane's shorter side. */
function viewSize(): number {
  const { clientWidth = 400, clientHeight = 400 } = document.querySelector(".picture") ?? {};
  return Math.min(clientWidth, clientHeight) || 400;
}
