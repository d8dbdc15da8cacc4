// The panel of annotation: tools, types, the chosen pick, masks, and whether all is saved.
import { useEffect, useState } from "preact/hooks";
import { goTo } from "../look/stage.js";
import { session } from "../session.js";
import "./annotate.css";
import "./layer.js";
import { changed, chosen, chosenPick, failure, model, toolName, type } from "./annotating.js";
import { listenToKeys, toolKeys } from "./keys.js";
import { MaskControls } from "./maskControls.js";
import { painting } from "./painting.js";
import { addAtCross, chooseType, deleteChosen } from "./tools.js";

export function AnnotatePanel() {
  useEffect(listenToKeys, []);
  changed.value;
  if (failure.value && !model.value?.isLoaded) return <p class="failure">{failure.value}</p>;
  if (!model.value?.isLoaded) return <Loading />;
  return (
    <div class="annotate">
      {failure.value && <p class="failure">{failure.value}</p>}
      <Saving />
      <Tools />
      <Types />
      <Chosen />
      <MaskControls />
    </div>
  );
}

/** Edits that an earlier page left are sent first. */
function Loading() {
  const sending = model.value?.sending;
  return (
    <>
      <p>Loading what is annotated…</p>
      {sending !== undefined && sending.waiting > 0 && <p role="status">{savedText(sending)}</p>}
    </>
  );
}

/** Says whether all edits are safe. */
function savedText({
  waiting,
  trouble,
  isKept,
}: {
  readonly waiting: number;
  readonly trouble: string | undefined;
  readonly isKept: boolean;
}): string {
  if (waiting === 0) return "saved";
  const where = isKept ? "kept in this browser" : "kept in this tab alone: leave it open";
  return trouble === undefined ? `${waiting} waiting` : `${waiting} waiting, ${where}. ${trouble}`;
}

function Saving() {
  changed.value;
  const now = model.value!;
  const { undo, redo } = now.nextSteps;
  return (
    <>
      <p class="saving" role="status" aria-label="saving" data-waiting={now.sending.waiting}>
        {painting.value > 0 ? "painting" : savedText(now.sending)}
      </p>
      {now.trouble && <p class="failure">{now.trouble}</p>}
      {now.notice && <p class="failure">{now.notice}</p>}
      <p class="buttons">
        <button type="button" disabled={undo === undefined} onClick={() => now.undo()} title="Ctrl-Z">
          undo {undo}
        </button>
        <button type="button" disabled={redo === undefined} onClick={() => now.redo()} title="Ctrl-Y">
          redo {redo}
        </button>
      </p>
    </>
  );
}

function Tools() {
  return (
    <fieldset class="tools">
      <legend>Tool</legend>
      {toolKeys.map(([key, name, label]) => (
        <label key={name}>
          <input
            type="radio"
            name="tool"
            checked={toolName.value === name}
            onChange={() => {
              toolName.value = name;
            }}
          />
          {label} <kbd>{key.toUpperCase()}</kbd>
        </label>
      ))}
    </fieldset>
  );
}

function Types() {
  changed.value;
  const picks = model.value!.picks;
  return (
    <fieldset class="types">
      <legend>Type of new picks</legend>
      {session.value!.particles.map(({ name, colour }, at) => (
        <label key={name}>
          <input type="radio" name="type" checked={type.value === name} onChange={() => chooseType(name)} />
          <span class="swatch" style={{ background: `rgb(${colour.join(" ")})` }} />
          {name}
          <output>{picks.filter((pick) => pick.type === name && pick.status === "kept").length}</output>
          {at < 9 && <kbd>{at + 1}</kbd>}
        </label>
      ))}
      <p class="buttons">
        <button type="button" onClick={addAtCross}>
          add at the cross <kbd>A</kbd>
        </button>
      </p>
    </fieldset>
  );
}

function Chosen() {
  const pick = chosenPick();
  return (
    <fieldset class="chosen">
      <legend>Chosen pick</legend>
      {pick ? (
        <>
          <p>
            {pick.type} at x {pick.at[0].toFixed(0)} y {pick.at[1].toFixed(0)} z {pick.at[2].toFixed(0)} Å
            {pick.status === "suggested" && ", suggested"}
          </p>
          <Move key={`${pick.id} ${pick.at.join()}`} id={pick.id} at={pick.at} />
          <p class="buttons">
            {pick.status === "suggested" && (
              <button
                type="button"
                onClick={() => model.value!.act("accept", [{ do: "accept", id: pick.id }])}
              >
                accept <kbd>Y</kbd>
              </button>
            )}
            <button type="button" onClick={deleteChosen}>
              {pick.status === "suggested" ? "reject" : "delete"} <kbd>Del</kbd>
            </button>
            <button type="button" onClick={() => goTo({ x: pick.at[0], y: pick.at[1], z: pick.at[2] })}>
              go to it
            </button>
          </p>
        </>
      ) : (
        <p class="quiet">None. With the tool Pick, click one, or where there is none, to add one.</p>
      )}
      <Steps />
    </fieldset>
  );
}

/** Buttons that choose the next and the last pick. */
function Steps() {
  const picks = model.value!.picks;
  const step = (way: number): void => {
    const at = picks.findIndex(({ id }) => id === chosen.value);
    const next = picks.at(at < 0 ? (way > 0 ? 0 : -1) : (at + way) % picks.length);
    if (!next) return;
    chosen.value = next.id;
    goTo({ x: next.at[0], y: next.at[1], z: next.at[2] });
  };
  return (
    <p class="buttons">
      <button type="button" disabled={picks.length === 0} onClick={() => step(-1)}>
        previous pick
      </button>
      <button type="button" disabled={picks.length === 0} onClick={() => step(1)}>
        next pick
      </button>
    </p>
  );
}

/** Moves a pick by numbers, for whoever has no pointer. */
function Move({ id, at }: { readonly id: string; readonly at: readonly [number, number, number] }) {
  const [place, setPlace] = useState<[number, number, number]>([...at]);
  const isFit = place.every(Number.isFinite) && place.join() !== at.join();
  return (
    <form
      class="move"
      onSubmit={(event) => {
        event.preventDefault();
        if (isFit) model.value!.act("move", [{ do: "move", id, at: place }]);
      }}
    >
      {(["x", "y", "z"] as const).map((axis, along) => (
        <label key={axis}>
          {axis}
          <input
            type="number"
            step="any"
            value={Math.round(place[along]! * 10) / 10}
            onInput={(event) => {
              const value = event.currentTarget.valueAsNumber;
              setPlace(place.map((each, other) => (other === along ? value : each)) as typeof place);
            }}
          />
        </label>
      ))}
      <button type="submit" disabled={!isFit}>
        move
      </button>
    </form>
  );
}
