// The viewer: a run's tomogram in three planes, with panels beside them.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { tabAfter } from "../../tabKeys.js";
import { address, addressText, keepAddress } from "../address.js";
import { session } from "../session.js";
import { SpaceView } from "../space/spaceView.js";
import { ContrastControls } from "./contrastControls.js";
import { dropZone } from "./dropped.js";
import { failure, fitAll, openLink, show, tomogramsOf } from "./opening.js";
import { type Panel, panels } from "./panels.js";
import { Plane } from "./plane.js";
import { panel, place, planes, run, volume, zoom } from "./stage.js";
import { Status } from "./status.js";

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
          onChange={(event) => void show(run.value!, event.currentTarget.value)}
        >
          {tomogramsOf(run.value).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={fitAll}>
        fit
      </button>
    </p>
  );
}

function Panels() {
  const shown = panels.filter(({ isShown }) => session.value && isShown(session.value));
  const chosen = shown.find(({ name }) => name === panel.value) ?? shown[0];
  if (!chosen) return null;
  if (shown.length === 1) return <chosen.Panel />;
  return (
    <>
      <Tabs shown={shown} chosen={chosen.name} />
      <div role="tabpanel" id="panel" aria-labelledby={tabId(chosen.name)}>
        <chosen.Panel />
      </div>
    </>
  );
}

const tabId = (name: string): string => `tab-${name}`;

/** Tabs of the panels: the arrow keys go from tab to tab. */
function Tabs({ shown, chosen }: { readonly shown: readonly Panel[]; readonly chosen: string }) {
  const onKey = (event: KeyboardEvent, at: number): void => {
    const next = shown[tabAfter(event.key, at, shown.length) ?? -1];
    if (!next) return;
    event.preventDefault();
    panel.value = next.name;
    document.getElementById(tabId(next.name))?.focus();
  };
  return (
    <div role="tablist" aria-label="panels" class="tabs">
      {shown.map(({ name, label }, at) => (
        <button
          key={name}
          id={tabId(name)}
          type="button"
          role="tab"
          aria-selected={name === chosen}
          aria-controls="panel"
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => {
            panel.value = name;
          }}
          onKeyDown={(event) => onKey(event, at)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

export function Look() {
  const link = address.value;
  useEffect(() => {
    const name = link.names[0] ?? run.value ?? session.value?.runs[0]?.name;
    openLink(name, link.query);
  }, [link]);
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
