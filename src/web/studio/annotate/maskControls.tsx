// Controls of the mask that is painted.
import { useState } from "preact/hooks";
import {
  boxDepth,
  brush,
  changed,
  chosenMask,
  filling,
  isSliceKnown,
  maskName,
  model,
} from "./annotating.js";
import { boxesHere } from "./layer.js";
import { interpolate, lastAxis, newMask, slicesAround } from "./painting.js";

export function MaskControls() {
  changed.value;
  const now = model.value!;
  const mask = chosenMask();
  return (
    <fieldset class="masks">
      <legend>Mask</legend>
      {now.masks.length > 0 && (
        <label>
          painted
          <select
            value={mask?.name}
            onChange={(event) => {
              maskName.value = event.currentTarget.value;
            }}
          >
            {now.masks.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <NewMask />
      {mask && (
        <>
          <Brush />
          <Filling />
          <Known />
        </>
      )}
    </fieldset>
  );
}

function NewMask() {
  const [name, setName] = useState("");
  const isFit = /^[A-Za-z0-9][A-Za-z0-9-]{0,60}$/.test(name);
  return (
    <form
      class="new"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isFit) return;
        newMask(name);
        maskName.value = name;
        setName("");
      }}
    >
      <label>
        new mask
        <input
          value={name}
          placeholder="membrane"
          title="letters, digits and -"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!isFit}>
        make
      </button>
    </form>
  );
}

function Brush() {
  const { radius, isBall } = brush.value;
  return (
    <>
      <label>
        brush radius, voxels
        <input
          type="number"
          min={0.5}
          max={100}
          step={0.5}
          value={radius}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            if (value >= 0.5 && value <= 100) brush.value = { radius: value, isBall };
          }}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={isBall}
          onChange={(event) => {
            brush.value = { radius, isBall: event.currentTarget.checked };
          }}
        />
        a ball over neighbouring slices
      </label>
    </>
  );
}

function Filling() {
  const { byGrey, share } = filling.value;
  const around = slicesAround();
  return (
    <>
      <label>
        <input
          type="checkbox"
          checked={byGrey}
          onChange={(event) => {
            filling.value = { share, byGrey: event.currentTarget.checked };
          }}
        />
        fill as far as greys are alike, within
        <input
          type="number"
          aria-label="share of the contrast, %"
          min={1}
          max={100}
          value={Math.round(share * 100)}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber / 100;
            if (value > 0 && value <= 1) filling.value = { byGrey, share: value };
          }}
        />
        %
      </label>
      <p class="buttons">
        <button type="button" disabled={around === undefined} onClick={() => void interpolate()}>
          {around
            ? `interpolate ${"zyx"[lastAxis.value]} ${around[0]} to ${around[1]}`
            : "interpolate between painted slices"}
        </button>
      </p>
    </>
  );
}

function Known() {
  const mask = chosenMask()!;
  const here = boxesHere();
  return (
    <>
      <label>
        <input
          type="checkbox"
          checked={isSliceKnown.value}
          onChange={(event) => {
            isSliceKnown.value = event.currentTarget.checked;
          }}
        />
        a painted slice is annotated as a whole
      </label>
      <label>
        slices that a box is deep
        <input
          type="number"
          min={1}
          max={mask.shape[0]}
          value={boxDepth.value}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            if (Number.isInteger(value) && value >= 1) boxDepth.value = value;
          }}
        />
      </label>
      <p class="quiet">
        annotated: {mask.boxes.length} boxes{here.length > 0 ? `, ${here.length} here` : ""}. Elsewhere
        nothing is known.
      </p>
      {here.map((box) => (
        <p key={box.join()} class="buttons">
          <button
            type="button"
            onClick={() => model.value!.act("not annotated", [{ do: "unbox", mask: mask.name, box }])}
          >
            take away the box {box.slice(0, 3).join(", ")} to {box.slice(3).join(", ")}
          </button>
        </p>
      ))}
    </>
  );
}
