// What is chosen of the 3-D view: how the tomogram is drawn, where its surface lies, a picture of it all.
import { signal } from "@preact/signals";
import { sentence } from "../api.js";
import { savePicture } from "../look/screenshot.js";
import type { VolumeInfo } from "../look/stage.js";
import type { VolumeMode } from "./gl/volumeRenderer.js";
import { block, isMarked, mode, shownThreshold, threshold } from "./space.js";

const modes: readonly { readonly mode: VolumeMode; readonly label: string }[] = [
  { mode: "minimum", label: "darkest along the view" },
  { mode: "maximum", label: "brightest along the view" },
  { mode: "dark surface", label: "surface of what is dark" },
  { mode: "surface", label: "surface of what is bright" },
  { mode: "none", label: "no tomogram" },
];

const failure = signal("");

export function SpaceControls({
  info,
  onReset,
}: {
  readonly info: VolumeInfo;
  readonly onReset: () => void;
}) {
  const [low, high] = block.value?.ends ?? info.contrast;
  const value = low + shownThreshold.value * (high - low);
  const isSurface = mode.value === "surface" || mode.value === "dark surface";
  return (
    <div class="scroll">
      <select
        aria-label="how the tomogram is drawn in 3-D"
        value={mode.value}
        onChange={(event) => {
          mode.value = event.currentTarget.value as VolumeMode;
          threshold.value = undefined;
        }}
      >
        {modes.map((each) => (
          <option key={each.mode} value={each.mode}>
            {each.label}
          </option>
        ))}
      </select>
      {isSurface && (
        <label class="threshold">
          <input
            type="range"
            aria-label="value of the surface"
            min={0}
            max={1}
            step={0.005}
            value={shownThreshold.value}
            onInput={(event) => {
              threshold.value = Number(event.currentTarget.value);
            }}
          />
          <output>{value.toPrecision(3)}</output>
        </label>
      )}
      <label>
        <input
          type="checkbox"
          checked={isMarked.value}
          onChange={(event) => {
            isMarked.value = event.currentTarget.checked;
          }}
        />{" "}
        picks
      </label>
      <button type="button" onClick={onReset}>
        reset
      </button>
      <button
        type="button"
        onClick={() => {
          failure.value = "";
          savePicture().catch((error: unknown) => {
            failure.value = sentence(error);
          });
        }}
      >
        save picture
      </button>
      {failure.value && <span class="failure">{failure.value}</span>}
    </div>
  );
}
