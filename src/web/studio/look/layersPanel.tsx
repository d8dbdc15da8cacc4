// What lies over the tomogram: maps, masks and labels of the run, meshes, and files that were dropped.
import { signal } from "@preact/signals";
import { getJson, named, sentence } from "../api.js";
import { type ListedVolume, session } from "../session.js";
import { meshes } from "../space/space.js";
import { colourOf, hexOf, overlayColours } from "./colours.js";
import { droppedFaults, droppedFiles, isReading, takeFiles } from "./dropped.js";
import { type Overlay, overlays, run, type VolumeInfo } from "./stage.js";
import "./layers.css";

const failure = signal("");

const overlaysOf = (name: string | undefined): readonly ListedVolume[] =>
  (session.value?.runs.find((each) => each.name === name)?.volumes ?? []).filter(
    ({ kind }) => kind !== "tomogram",
  );

/** Shows or hides an overlay; one that is shown for the first time is asked for. */
async function toggle({ id }: ListedVolume, isShown: boolean): Promise<void> {
  failure.value = "";
  const known = overlays.value.find(({ info }) => info.id === id);
  if (known) return change(known, { isShown });
  try {
    const info = await getJson<VolumeInfo>(`api/volumes/${named(id)}`);
    if (run.value !== info.run || overlays.value.some((each) => each.info.id === id)) return;
    const colour = overlayColours[overlays.value.length % overlayColours.length]!;
    overlays.value = [...overlays.value, { info, colour, opacity: 0.5, isShown }];
  } catch (error) {
    failure.value = sentence(error);
  }
}

function change(overlay: Overlay, by: Partial<Overlay>): void {
  overlays.value = overlays.value.map((each) =>
    each.info.id === overlay.info.id ? { ...each, ...by } : each,
  );
}

export function LayersPanel() {
  const listed = overlaysOf(run.value);
  return (
    <div class="layers">
      <h2>Maps and masks</h2>
      {listed.length === 0 && <p class="quiet">This run has none here.</p>}
      <ul>
        {listed.map((each) => (
          <OverlayRow key={each.id} listed={each} />
        ))}
      </ul>
      <MeshRows />
      <DroppedRows />
      {failure.value && <p class="failure">{failure.value}</p>}
    </div>
  );
}

function OverlayRow({ listed }: { readonly listed: ListedVolume }) {
  const overlay = overlays.value.find(({ info }) => info.id === listed.id);
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={overlay?.isShown === true}
          onChange={(event) => void toggle(listed, event.currentTarget.checked)}
        />{" "}
        {listed.name}
      </label>
      {overlay?.isShown && (
        <span class="looks">
          {listed.kind !== "labels" && (
            <ColourField
              name={listed.name}
              colour={overlay.colour}
              onChange={(colour) => change(overlay, { colour })}
            />
          )}
          <Share
            label={`opacity of ${listed.name}`}
            value={overlay.opacity}
            onChange={(opacity) => change(overlay, { opacity })}
          />
          {listed.kind === "probability" && (
            <Share
              label={`3-D surface of ${listed.name}`}
              value={overlay.threshold ?? 0.5}
              onChange={(threshold) => change(overlay, { threshold })}
            />
          )}
        </span>
      )}
    </li>
  );
}

function ColourField(shown: {
  readonly name: string;
  readonly colour: readonly [number, number, number];
  readonly onChange: (colour: readonly [number, number, number]) => void;
}) {
  return (
    <input
      type="color"
      aria-label={`colour of ${shown.name}`}
      value={hexOf(shown.colour)}
      onInput={(event) => shown.onChange(colourOf(event.currentTarget.value))}
    />
  );
}

function Share(shown: {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <input
      type="range"
      min={0}
      max={1}
      step={0.01}
      aria-label={shown.label}
      title={shown.label}
      value={shown.value}
      onInput={(event) => shown.onChange(Number(event.currentTarget.value))}
    />
  );
}

function MeshRows() {
  if (meshes.value.length === 0) return null;
  const changeMesh = (name: string, by: Partial<(typeof meshes.value)[number]>): void => {
    meshes.value = meshes.value.map((each) => (each.name === name ? { ...each, ...by } : each));
  };
  return (
    <>
      <h2>Meshes</h2>
      <ul>
        {meshes.value.map(({ name, colour, opacity, isShown, mesh }) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                checked={isShown}
                onChange={(event) => changeMesh(name, { isShown: event.currentTarget.checked })}
              />{" "}
              {name}, {(mesh.indices.length / 3).toLocaleString("en")} triangles
            </label>
            <span class="looks">
              <ColourField
                name={name}
                colour={colour}
                onChange={(next) => changeMesh(name, { colour: next })}
              />
              <Share
                label={`opacity of ${name}`}
                value={opacity}
                onChange={(next) => changeMesh(name, { opacity: next })}
              />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function DroppedRows() {
  return (
    <>
      <h2>Files</h2>
      <p class="quiet">Drop positions of any program, or meshes, on the views; or choose them here.</p>
      <input
        type="file"
        multiple
        aria-label="files of positions or meshes"
        onChange={(event) => {
          const field = event.currentTarget;
          void takeFiles([...(field.files ?? [])]).then(() => {
            field.value = "";
          });
        }}
      />
      {isReading.value && <p class="quiet">The files are being read.</p>}
      <ul>
        {droppedFiles.value.map(({ name, count, remark, remove }) => (
          <li key={name}>
            <span title={remark}>
              {name}: {count} {count === 1 ? "position" : "positions"}
            </span>{" "}
            <button type="button" aria-label={`remove ${name}`} onClick={remove}>
              remove
            </button>
          </li>
        ))}
      </ul>
      <div aria-live="polite">
        {droppedFaults.value.map((fault) => (
          <p key={fault} class="failure">
            {fault}
          </p>
        ))}
      </div>
    </>
  );
}
