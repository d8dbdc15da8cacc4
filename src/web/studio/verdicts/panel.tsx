// Verdicts beside the planes: sets, counts with sliders, differences, what is marked, and lists to step through.
import { computed, effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Mark } from "../look/stage.js";
import { onMark, run, showMarks } from "../look/stage.js";
import { Choices } from "./choices.js";
import { Counts } from "./counts.js";
import { DifferenceTable } from "./differenceTable.js";
import { ItemList, lookOf } from "./itemList.js";
import { type Kind, kinds, kindsOfOne, kindsOfTwo, markOf, type Shape } from "./items.js";
import {
  differences,
  failure,
  followChoices,
  hiddenKinds,
  hiddenTypes,
  items,
  judges,
  sets,
} from "./state.js";
import { chooseItem, chosenId, followSliders, step } from "./stepping.js";
import "./verdicts.css";

/** Marks of all items whose kind and type are shown. */
const marks = computed<readonly Mark[]>(() => {
  const looks = new Map<string, ReturnType<typeof lookOf>>();
  const chosen = chosenId.value;
  return items.value
    .filter(({ kind, type }) => !hiddenKinds.value.has(kind) && !hiddenTypes.value.has(type))
    .map((item) => {
      const look = looks.get(item.type) ?? lookOf(item.type);
      looks.set(item.type, look);
      return markOf(item, look, item.id === chosen);
    });
});

/** Steps by n and p, unless a text or a number is being written. */
function stepByKey(event: KeyboardEvent): void {
  const { target } = event;
  const isWriting =
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["range", "checkbox", "radio"].includes(target.type));
  if (isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "n" && event.key !== "p") return;
  event.preventDefault();
  step(event.key === "n" ? 1 : -1);
}

/** Follows choices, sliders, keys and clicks on marks while the panel is there. */
function useVerdicts(): void {
  useEffect(() => {
    const ends = [
      followChoices(),
      followSliders(),
      showMarks({ id: "verdicts", label: "verdicts", marks }),
      effect(() => {
        run.value;
        chosenId.value = undefined;
      }),
    ];
    const before = onMark.value;
    onMark.value = (_, mark) => {
      const item = items.value.find(({ id }) => id === mark.id);
      if (item) chooseItem(item);
    };
    document.addEventListener("keydown", stepByKey);
    return () => {
      for (const end of ends) end();
      onMark.value = before;
      document.removeEventListener("keydown", stepByKey);
    };
  }, []);
}

export function VerdictsPanel() {
  useVerdicts();
  const isJudged = judges.a.value !== undefined;
  return (
    <div class="verdicts">
      <Choices />
      {failure.value && <p class="failure">{failure.value}</p>}
      {sets.value.length < 2 && <p class="quiet">{sentenceOfSets(sets.value.length)}</p>}
      {isJudged && <Kinds />}
      <Counts side="a" />
      <Counts side="b" />
      <DifferenceTable />
      {isJudged && <ItemList />}
    </div>
  );
}

const sentenceOfSets = (count: number): string =>
  count === 0
    ? "Nobody has picked this run, and no file of picks names it."
    : "This run has one set of picks; start the studio with --picks to judge another by it.";

/** Which verdicts are marked, and how. */
function Kinds() {
  const shown: readonly Kind[] = differences.value ? kindsOfTwo : kindsOfOne;
  const counts = new Map<Kind, number>();
  for (const { kind, type } of items.value)
    if (!hiddenTypes.value.has(type)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return (
    <fieldset class="kinds">
      <legend>marks</legend>
      {shown.map((kind) => (
        <label key={kind}>
          <input
            type="checkbox"
            checked={!hiddenKinds.value.has(kind)}
            onChange={(event) => showKind(kind, event.currentTarget.checked)}
          />
          <Outline shape={kinds[kind].shape} />
          {kinds[kind].label} <output data-kind={kind}>{counts.get(kind) ?? 0}</output>
        </label>
      ))}
    </fieldset>
  );
}

function showKind(kind: Kind, isShown: boolean): void {
  const next = new Set(hiddenKinds.value);
  if (isShown) next.delete(kind);
  else next.add(kind);
  hiddenKinds.value = next;
}

const outlines: Readonly<Record<Shape, string>> = {
  circle: "M14 8a6 6 0 1 1-12 0a6 6 0 1 1 12 0z",
  dashed: "M14 8a6 6 0 1 1-12 0a6 6 0 1 1 12 0z",
  square: "M3 3h10v10h-10z",
  diamond: "M8 1l7 7l-7 7l-7-7z",
  cross: "M3 3l10 10M13 3l-10 10",
};

function Outline({ shape }: { readonly shape: Shape }) {
  return (
    <svg class={`shape ${shape}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={outlines[shape]} />
    </svg>
  );
}
