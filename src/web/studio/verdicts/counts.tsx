// The table of counts and scores, live, with a slider for each type's threshold and one for all.
import { computed, signal } from "@preact/signals";
import type { CountSteps } from "../../../score/match/steps.js";
import { visible } from "./colours.js";
import { type CountRow, countTable, thresholdOf, unknownTypes } from "./counting.js";
import {
  allRuns,
  allRunsFailure,
  definition,
  hiddenTypes,
  judges,
  nameOf,
  particles,
  type Side,
  thresholds,
} from "./state.js";

/** Whether counts are of this run or of all runs of the truth. */
const isOfAllRuns = signal(false);

const tableOf = (side: Side) =>
  computed(() => {
    const steps = isOfAllRuns.value ? allRuns[side].value?.steps : judges[side].value?.steps;
    return steps && countTable(steps, particles.value, thresholds[side].value, definition.value);
  });

/** The table of each set. */
export const tables = { a: tableOf("a"), b: tableOf("b") };

/** A slider's steps between the least and the greatest score. */
const sliderSteps = 1000;

/** Least and greatest score of picks; undefined where none has one. */
function rangeOf(all: readonly (CountSteps | undefined)[]): readonly [low: number, high: number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { picks } of all.filter((steps) => steps !== undefined)) {
    const first = picks.find(Number.isFinite);
    if (first === undefined) continue;
    low = Math.min(low, picks.at(-1)!);
    high = Math.max(high, first);
  }
  return low <= high ? [low, high] : undefined;
}

const rangesOf = (side: Side) =>
  computed(() => {
    const all = allRuns[side].value?.steps;
    const own = judges[side].value?.allSteps;
    const ranges = new Map(
      particles.value.map(({ name }) => [name, rangeOf([all?.get(name), own?.get(name)])]),
    );
    return { ranges, whole: rangeOf([...(all?.values() ?? []), ...(own?.values() ?? [])]) };
  });
const ranges = { a: rangesOf("a"), b: rangesOf("b") };

function setThresholds(side: Side, types: readonly string[], value: number): void {
  const next = new Map(thresholds[side].value);
  for (const type of types) next.set(type, value);
  thresholds[side].value = next;
}

export function Counts({ side }: { readonly side: Side }) {
  const table = tables[side].value;
  const judge = judges[side].value;
  if (!judge) return null;
  const { whole } = ranges[side].value;
  const all = allRuns[side].value;
  const isRefused = isOfAllRuns.value && (all?.unknown.length ?? 0) > 0;
  const score = isRefused ? undefined : table?.score;
  const rows = new Map((table?.rows ?? []).map((row) => [row.type, row]));
  const types = particles.value.map(({ name }) => name);
  return (
    <section class="counts" aria-label={`counts of ${side.toUpperCase()}`} data-side={side}>
      <h3>
        {side.toUpperCase()}: {nameOf(side)}
      </h3>
      <Scope runs={all?.runs} side={side} />
      {allRunsFailure[side].value && <p class="failure">{allRunsFailure[side].value}</p>}
      {isOfAllRuns.value && !all && !allRunsFailure[side].value && <p>Counting all runs…</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">type</th>
            <th scope="col">TP</th>
            <th scope="col">FP</th>
            <th scope="col">FN</th>
            <th scope="col">F4</th>
          </tr>
        </thead>
        {types.map((type) => (
          <TypeRows key={type} side={side} type={type} row={rows.get(type)} />
        ))}
        <tfoot>
          <tr>
            <th scope="row" colSpan={4}>
              {definition.value === "challenge" ? "score" : "strict score"}
            </th>
            <td class="score" data-score={score}>
              {score?.toFixed(4) ?? "–"}
            </td>
          </tr>
        </tfoot>
      </table>
      {whole && (
        <div class="all-types">
          all types
          <Slider
            label="threshold of all types"
            range={whole}
            value={commonOf(side, types)}
            onValue={(value) => setThresholds(side, types, value)}
          />
        </div>
      )}
      <Unknown types={unknownTypes(judge, isOfAllRuns.value ? all : undefined)} />
    </section>
  );
}

/** The threshold that all types share; undefined where they differ. */
function commonOf(side: Side, types: readonly string[]): number | undefined {
  const values = new Set(types.map((type) => thresholdOf(thresholds[side].value, type)));
  return values.size === 1 ? [...values][0] : undefined;
}

function Scope({ runs, side }: { readonly runs: number | undefined; readonly side: Side }) {
  const name = `scope-${side}`;
  const options = [
    [false, "this run"],
    [true, runs === undefined ? "all runs" : `all ${runs} runs`],
  ] as const;
  return (
    <fieldset class="scope">
      <legend>counts of</legend>
      {options.map(([isAll, label]) => (
        <label key={label}>
          <input
            type="radio"
            name={name}
            checked={isOfAllRuns.value === isAll}
            onChange={() => {
              isOfAllRuns.value = isAll;
            }}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

interface RowProps {
  readonly side: Side;
  readonly type: string;
  /** Undefined for a type that the truth does not hold. */
  readonly row: CountRow | undefined;
}

function TypeRows({ side, type, row }: RowProps) {
  const particle = particles.value.find(({ name }) => name === type)!;
  const range = ranges[side].value.ranges.get(type);
  const swatch = (element: HTMLElement | null): void => {
    if (element) element.style.backgroundColor = visible(particle.colour);
  };
  return (
    <tbody data-type={type}>
      <tr>
        <th scope="row">
          <label class="name">
            <input
              type="checkbox"
              aria-label={`show ${type}`}
              checked={!hiddenTypes.value.has(type)}
              onChange={(event) => showType(type, event.currentTarget.checked)}
            />
            <span class="swatch" ref={swatch} />
            {type}
          </label>
        </th>
        {row ? (
          <>
            <td data-count="tp">{row.tp}</td>
            <td data-count="fp">{row.fp}</td>
            <td data-count="fn">{row.fn}</td>
            <td data-count="f4" data-value={row.fbeta}>
              {row.fbeta.toFixed(3)}
            </td>
          </>
        ) : (
          <td colSpan={4} class="quiet">
            not in the truth
          </td>
        )}
      </tr>
      <tr>
        <td colSpan={5}>
          {range ? (
            <Slider
              label={`threshold of ${type}`}
              range={range}
              value={thresholdOf(thresholds[side].value, type)}
              onValue={(value) => setThresholds(side, [type], value)}
            />
          ) : (
            <span class="quiet">no scores</span>
          )}
        </td>
      </tr>
    </tbody>
  );
}

function showType(type: string, isShown: boolean): void {
  const next = new Set(hiddenTypes.value);
  if (isShown) next.delete(type);
  else next.add(type);
  hiddenTypes.value = next;
}

interface SliderProps {
  readonly label: string;
  readonly range: readonly [low: number, high: number];
  /** Undefined where several things have several. */
  readonly value: number | undefined;
  readonly onValue: (value: number) => void;
}

/** A slider over the scores, and beside it the threshold as a number. */
function Slider({ label, range: [low, high], value, onValue }: SliderProps) {
  const shown = value === undefined ? undefined : Math.min(Math.max(value, low), high);
  const width = high - low || 1;
  const exact = (text: string): void => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number)) onValue(number);
  };
  return (
    <div class="threshold">
      <input
        type="range"
        aria-label={label}
        min={0}
        max={sliderSteps}
        step={1}
        value={Math.round((((shown ?? low) - low) / width) * sliderSteps)}
        aria-valuetext={shown === undefined ? "several" : String(shown)}
        onInput={(event) => onValue(low + (Number(event.currentTarget.value) / sliderSteps) * width)}
      />
      <input
        type="number"
        aria-label={`${label}, exact`}
        step="any"
        value={value === undefined ? "" : String(Number.isFinite(value) ? value : low)}
        onChange={(event) => exact(event.currentTarget.value)}
      />
    </div>
  );
}

function Unknown({ types }: { readonly types: readonly string[] }) {
  if (types.length === 0) return null;
  return (
    <p class="failure">
      Picks of types that are not among the particles are left out here, and score refuses them:{" "}
      {types.join(", ")}.
    </p>
  );
}
