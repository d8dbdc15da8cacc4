// Which sets are judged, against what, and by which definition.
import type { MatchDefinition } from "../../../score/match/steps.js";
import { choose, chosen, definition, type Side, sets } from "./state.js";

const definitions: Readonly<Record<MatchDefinition, string>> = {
  challenge: "the challenge's: any pick in reach",
  "one-to-one": "one to one",
};

export function Choices() {
  return (
    <div class="choice verdict-choices">
      <SetChoice which="truth" label="truth" />
      <SetChoice which="a" label="picks A" />
      <SetChoice which="b" label="picks B" />
      <label>
        match
        <select
          value={definition.value}
          onChange={(event) => {
            definition.value = event.currentTarget.value as MatchDefinition;
          }}
        >
          {Object.entries(definitions).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function SetChoice({ which, label }: { readonly which: Side | "truth"; readonly label: string }) {
  const trouble = sets.value.find(({ id }) => id === chosen[which].value)?.trouble;
  return (
    <>
      <label>
        {label}
        <select value={chosen[which].value} onChange={(event) => choose(which, event.currentTarget.value)}>
          <option value="">none</option>
          {sets.value.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {trouble && <p class="failure">{trouble}</p>}
    </>
  );
}
