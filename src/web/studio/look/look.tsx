// The viewer: a run's tomogram in three planes, with panels beside them.
import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { address, addressText, keepAddress } from "../address.js";
import { getJson, named, sentence } from "../api.js";
import { type ListedVolume, session } from "../session.js";
import { SpaceView } from "../space/spaceView.js";
import { ContrastControls } from "./contrastControls.js";
import { dropZone } from "./dropped.js";
import { panels } from "./panels.js";
import { fitAll, Plane } from "./plane.js";
import {
  centre,
  contrast,
  extentOf,
  panel,
  place,
  planes,
  run,
  type VolumeInfo,
  volume,
  within,
  zoom,
} from "./stage.js";
import { Status } from "./status.js";

const failure = signal("");

const tomogramsOf = (name: string | undefined): ListedVolume[] =>
  (session.value?.runs.find((each) => each.name === name)?.volumes ?? []).filter(
    ({ kind }) => kind === "tomogram",
  );

/** Loads a volume and shows it, where the address says or from the middle. */
async function show(name: string, id: string, query: URLSearchParams): Promise<void> {
  try {
    failure.value = "";
    const info = await getJson<VolumeInfo>(`api/volumes/${named(id)}`);
    if (run.value !== name) return;
    volume.value = info;
    contrast.value = info.contrast;
    const [depth, height, width] = extentOf(info);
    const asked = query.get("at")?.split(",").map(Number) ?? [];
    const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = asked;
    const isAsked = [x, y, z].every(Number.isFinite);
    const middle = { z: depth / 2, y: height / 2, x: width / 2 };
    place.value = within(info, isAsked ? { x, y, z } : middle);
    const pixels = Number(query.get("zoom"));
    await nextFrame();
    fitAll(viewSize());
    if (pixels > 0 && Number.isFinite(pixels)) {
      zoom.value = Math.min(20, pixels);
      centre.value = place.value;
    }
  } catch (error) {
    failure.value = sentence(error);
    volume.value = undefined;
  }
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Returns the pixels of a plane's shorter side. */
function viewSize(): number {
  const { clientWidth = 400, clientHeight = 400 } = document.querySelector(".picture") ?? {};
  return Math.min(clientWidth, clientHeight) || 400;
}

/** Milliseconds of rest after which the address is written: a browser takes some two hundred changes in half a minute. */
const addressRest = 150;
let addressWaits = 0;

/** Keeps run, place and zoom in the address. */
effect(() => {
  clearTimeout(addressWaits);
  const info = volume.value;
  if (!info || !run.value || (address.value.view !== "look" && address.value.view !== "")) return;
  const { x, y, z } = place.value;
  const at = [x, y, z].map((length) => length.toFixed(1)).join(",");
  const query = new URLSearchParams({ volume: info.id, at, zoom: zoom.value.toPrecision(4) });
  const names = [run.value];
  addressWaits = window.setTimeout(() => keepAddress("look", names, query), addressRest);
});

function RunChoice() {
  const runs = session.value?.runs ?? [];
  return (
    <p class="choice">
      <label>
        Run
        <select
          value={run.value}
          onChange={(event) => {
            location.hash = addressText("look", [event.currentTarget.value]);
          }}
        >
          {runs.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Tomogram
        <select
          value={volume.value?.id}
          onChange={(event) => void show(run.value!, event.currentTarget.value, address.value.query)}
        >
          {tomogramsOf(run.value).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => fitAll(viewSize())}>
        fit
      </button>
    </p>
  );
}

function Panels() {
  const shown = panels.filter(({ isShown }) => session.value && isShown(session.value));
  const chosen = shown.find(({ name }) => name === panel.value) ?? shown[0];
  return (
    <>
      {shown.length > 1 && (
        <div role="tablist" aria-label="panels" class="tabs">
          {shown.map(({ name, label }) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={name === chosen?.name}
              onClick={() => {
                panel.value = name;
              }}
            >
              {label}
            </button>
          ))}
        </div>
      )}
      {chosen && <chosen.Panel />}
    </>
  );
}

export function Look() {
  const asked = address.value.names[0] ?? session.value?.runs[0]?.name;
  useEffect(() => {
    const there = tomogramsOf(asked);
    const { query } = address.value;
    run.value = asked;
    volume.value = undefined;
    const chosen = there.find(({ id }) => id === query.get("volume")) ?? usual(there);
    if (chosen && asked) void show(asked, chosen.id, query);
    else failure.value = `${asked ?? "This"} has no tomogram here.`;
  }, [asked]);
  const info = volume.value;
  const views = useRef<HTMLDivElement>(null);
  useEffect(() => (views.current ? dropZone(views.current) : undefined), []);
  return (
    <div class="look">
      <div class="views" ref={views}>
        {failure.value && <p class="failure">{failure.value}</p>}
        {info && planes.map((axes) => <Plane key={`${info.id} ${axes.across}`} axes={axes} info={info} />)}
        {info && <SpaceView info={info} />}
      </div>
      <aside class="side">
        <RunChoice />
        {info && <ContrastControls info={info} />}
        <Panels />
        <Status />
      </aside>
    </div>
  );
}

/** The tomogram to begin with: a denoised one, where there is one. */
const usual = (there: readonly ListedVolume[]): ListedVolume | undefined =>
  there.find(({ name }) => name.startsWith("denoised")) ?? there[0];
