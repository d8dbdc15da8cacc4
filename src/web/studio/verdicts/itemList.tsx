// The list of what to look at, to step through by mouse and by n and p, with what is known of the item that is chosen.
import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { volume } from "../look/stage.js";
import { visible } from "./colours.js";
import { Cutouts } from "./cutouts.js";
import { type Item, kinds, length, markOf, scoreText } from "./items.js";
import { differences, particles } from "./state.js";
import {
  chooseItem,
  chosenAt,
  chosenId,
  chosenItem,
  type ListName,
  labelOf,
  list,
  listOf,
  listsOfOne,
  listsOfTwo,
  step,
} from "./stepping.js";

/** Rows that are shown; the buttons go on through all. */
const mostRows = 200;

export function ItemList() {
  const isOfTwo = differences.value !== undefined;
  const names: readonly ListName[] = isOfTwo ? listsOfTwo : listsOfOne;
  const all = list.value;
  return (
    <section class="items" aria-label="list to step through">
      <div class="choice">
        <label>
          list
          <select
            value={isOfTwo ? listOf.two.value : listOf.one.value}
            onChange={(event) => {
              const name = event.currentTarget.value;
              if (isOfTwo) listOf.two.value = name as typeof listOf.two.value;
              else listOf.one.value = name as typeof listOf.one.value;
              chosenId.value = undefined;
            }}
          >
            {names.map((name) => (
              <option key={name} value={name}>
                {labelOf(name)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-keyshortcuts="p" onClick={() => step(-1)} disabled={all.length === 0}>
          previous
        </button>
        <button type="button" aria-keyshortcuts="n" onClick={() => step(1)} disabled={all.length === 0}>
          next
        </button>
        <output data-count="list">
          {chosenAt.value >= 0 ? `${chosenAt.value + 1} of ${all.length}` : `${all.length}`}
        </output>
      </div>
      <Chosen />
      <ol class="rows">
        {all.slice(0, mostRows).map((item) => (
          <Row key={item.id} item={item} />
        ))}
      </ol>
      {all.length > mostRows && (
        <p class="quiet">
          The first {mostRows} of {all.length}.
        </p>
      )}
    </section>
  );
}

function Row({ item }: { readonly item: Item }) {
  const button = useRef<HTMLButtonElement>(null);
  const isChosen = chosenId.value === item.id;
  useEffect(() => {
    if (isChosen) button.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const { place } = item;
  const [first] = item.facts();
  return (
    <li>
      <button
        type="button"
        ref={button}
        aria-current={isChosen ? "true" : undefined}
        onClick={() => chooseItem(item)}
      >
        <span>{item.type}</span>
        <span class="quiet">
          {place.score === undefined
            ? first
              ? `${first[0]} ${first[1]}`
              : ""
            : `score ${scoreText(place.score)}`}
        </span>
      </button>
    </li>
  );
}

/** Marks of the item that is chosen and of what is near it, for its pictures. */
const chosenMarks = computed(() => {
  const item = chosenItem.value;
  if (!item) return [];
  const look = lookOf(item.type);
  const other = item.other && markOf({ ...item, id: "other", place: item.other, kind: "both" }, look, false);
  return [markOf(item, look, true), ...(other ? [{ ...other, colour: "white" }] : [])];
});

/** How particles of a type are drawn. */
export function lookOf(type: string): { readonly colour: string; readonly radius: number } {
  const particle = particles.value.find(({ name }) => name === type);
  return { colour: visible(particle?.colour ?? [255, 255, 255]), radius: particle?.radius ?? 100 };
}

function Chosen() {
  const item = chosenItem.value;
  const info = volume.value;
  if (!item) return <p class="quiet">n and p step through the list; a click on a mark chooses it.</p>;
  const { x, y, z } = item.place;
  return (
    <div class="chosen" data-item={item.id} aria-live="polite">
      <p>
        <strong>{item.type}</strong>, {kinds[item.kind].label}
      </p>
      {info && (
        <Cutouts item={item} marks={chosenMarks.value} radius={lookOf(item.type).radius} info={info} />
      )}
      <dl>
        <dt>x, y, z</dt>
        <dd>{[x, y, z].map(length).join(", ")}</dd>
        {item
          .facts()
          .flatMap(([name, value]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
      </dl>
    </div>
  );
}
