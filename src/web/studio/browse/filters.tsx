// What filters and orders the rows: the expression, and ranges of columns that write into it.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Spread } from "../../../studio/catalogue/spread.js";
import { getJson, named } from "../api.js";
import { digits } from "./composition.js";
import { type Range, rangeIn, withRange } from "./ranges.js";
import {
  ask,
  catalogue,
  columns,
  failure,
  isAsking,
  order,
  showColumns,
  sort,
  took,
  where,
} from "./table.js";

/** What is written in the search box; it is asked for by the enter key, or a while after the last letter. */
export const written = signal("");
const pause = 500;
let later = 0;

const askWritten = (): void => {
  clearTimeout(later);
  if (written.value.trim() !== where.value || failure.value) void ask(written.value, sort.value);
};

/** Writes into the search box, and asks for it. */
export function write(text: string, wait = 0): void {
  written.value = text;
  clearTimeout(later);
  later = window.setTimeout(askWritten, wait);
}

export function Search() {
  const known = catalogue.value;
  const count =
    known && order.value.length < known.tomograms
      ? `${order.value.length} of ${known.tomograms} tomograms`
      : `${order.value.length} tomograms`;
  return (
    <form
      class="expression"
      onSubmit={(event) => {
        event.preventDefault();
        askWritten();
      }}
    >
      <label>
        Expression
        <input
          type="search"
          spellcheck={false}
          autocomplete="off"
          placeholder={exampleFor(known?.features[0], known?.types[0])}
          value={written.value}
          aria-invalid={failure.value !== ""}
          aria-describedby="expression-fault"
          onInput={(event) => write(event.currentTarget.value, pause)}
        />
      </label>
      <button type="submit">find</button>
      <output title={`answered in ${took.value.toFixed(0)} ms`}>{isAsking.value ? "…" : count}</output>
      <pre id="expression-fault" class="failure" role="alert">
        {failure.value}
      </pre>
    </form>
  );
}

function exampleFor(feature: string | undefined, type: string | undefined): string {
  if (feature !== undefined) return `${feature}.percent > 2 and run contains "1"`;
  return type === undefined ? 'run contains "1"' : `${type}.count > 2`;
}

/** Ranges of one column at a time, beside how its values spread. */
export function RangeFilter() {
  const numbers = catalogue.value?.columns.filter(({ type }) => type === "number") ?? [];
  const [column, setColumn] = useState("");
  const [spread, setSpread] = useState<Spread | null | undefined>(undefined);
  const id = catalogue.value?.id;
  useEffect(() => {
    setSpread(undefined);
    if (column === "" || id === undefined) return;
    const gone = new AbortController();
    const path = `api/catalogues/${named(id)}/spread?${new URLSearchParams({ column })}`;
    getJson<{ spread: Spread | null }>(path, gone.signal).then(
      (found) => setSpread(found.spread),
      () => gone.signal.aborted || setSpread(null),
    );
    return () => gone.abort();
  }, [column, id]);
  const range = column === "" ? {} : rangeIn(written.value, column);
  return (
    <fieldset class="range-filter">
      <legend>Range</legend>
      <label>
        Column
        <select value={column} onChange={(event) => setColumn(event.currentTarget.value)}>
          <option value="">none</option>
          {numbers.map(({ name, says }) => (
            <option key={name} value={name} title={says}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {spread && <Histogram spread={spread} range={range} />}
      {spread === null && <p>No tomogram has a value of it.</p>}
      {spread && (
        <p class="range-bounds">
          <Bound label="from" spread={spread} column={column} range={range} side="from" />
          <Bound label="to" spread={spread} column={column} range={range} side="to" />
          <button type="button" onClick={() => write(withRange(written.value, column, {}))}>
            all
          </button>
        </p>
      )}
    </fieldset>
  );
}

interface BoundProps {
  readonly label: string;
  readonly spread: Spread;
  readonly column: string;
  readonly range: Range;
  readonly side: "from" | "to";
}

function Bound({ label, spread, column, range, side }: BoundProps) {
  const value = range[side];
  return (
    <label>
      {label}
      <input
        type="number"
        step="any"
        value={value ?? ""}
        placeholder={digits(side === "from" ? spread.least : spread.largest)}
        onChange={(event) => {
          const given = event.currentTarget.valueAsNumber;
          const bound = Number.isFinite(given) ? given : undefined;
          write(withRange(written.value, column, { ...range, [side]: bound }));
        }}
      />
    </label>
  );
}

const [width, height] = [256, 48];

function Histogram({ spread: { least, largest, counts, missing }, range }: { spread: Spread; range: Range }) {
  const most = Math.max(...counts);
  const each = width / counts.length;
  const bin = (largest - least) / counts.length;
  const isIn = (at: number): boolean =>
    least + (at + 1) * bin >= (range.from ?? -Infinity) && least + at * bin <= (range.to ?? Infinity);
  const text = `from ${digits(least)} to ${digits(largest)}${missing > 0 ? `, missing in ${missing}` : ""}`;
  return (
    <svg
      class="spread-chart"
      preserveAspectRatio="none"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`values ${text}`}
    >
      <title>{text}</title>
      {counts.map((count, at) => (
        <rect
          key={at.toString()}
          class={isIn(at) ? "in" : "out"}
          x={at * each}
          width={each - 1}
          y={height - (count / most) * height}
          height={(count / most) * height}
        />
      ))}
    </svg>
  );
}

/** Which columns the table has, among hundreds. */
export function ColumnChoice() {
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/);
  const all = (catalogue.value?.columns ?? []).filter(({ name }) => name !== "run");
  const shown = all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const toggle = (name: string): void => {
    const has = columns.value.includes(name);
    showColumns(has ? columns.value.filter((each) => each !== name) : [...columns.value, name]);
  };
  return (
    <details class="column-choice">
      <summary>
        Columns ({columns.value.length} of {all.length})
      </summary>
      <label>
        Filter columns
        <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <ul>
        {shown.slice(0, mostColumns).map(({ name, says }) => (
          <li key={name}>
            <label title={says}>
              <input type="checkbox" checked={columns.value.includes(name)} onChange={() => toggle(name)} />{" "}
              {name}
            </label>
          </li>
        ))}
      </ul>
      {shown.length > mostColumns && <p>and {shown.length - mostColumns} more</p>}
    </details>
  );
}

const mostColumns = 200;
