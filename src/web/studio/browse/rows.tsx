// Rows of a catalogue as a table or a gallery: only those that are seen are drawn, whatever their number.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { addressText } from "../address.js";
import { digits } from "./composition.js";
import { Bar, canLook, pageAddress, partsOfRun, Slice } from "./item.js";
import { scrolledTo, windowOf } from "./rowWindow.js";
import { allChosen, movedTo, pointedAt, stepOf, toggled } from "./selection.js";
import {
  ask,
  catalogue,
  cellOf,
  columns,
  hasCome,
  isAsking,
  order,
  selection,
  sort,
  want,
  where,
} from "./table.js";

/** Heights in pixels, as the style sheet has them. */
const heights = { table: 40, gallery: 238 };
const headHeight = 40;
const tileWidth = 196;
/** Time in ms for which the list rests before rows are asked for: those that are scrolled over are not. */
const rest = 40;

type Shape = keyof typeof heights;

/** What is drawn of a list: places in the order, and the room of what is not. */
interface Drawn {
  readonly shown: readonly number[];
  readonly across: number;
  readonly above: number;
  readonly below: number;
  /** The item that the tabulator key comes to. */
  readonly stop: number;
}

/** The list with its scrolling and its keys. */
export function Rows({ shape }: { readonly shape: Shape }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, width: 900 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void =>
      setView({ top: element.scrollTop, height: element.clientHeight, width: element.clientWidth });
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    element.addEventListener("click", choose);
    measure();
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", measure);
      element.removeEventListener("click", choose);
    };
  }, []);
  const runs = order.value;
  const across = shape === "table" ? 1 : Math.max(1, Math.floor(view.width / tileWidth));
  const size = { items: runs.length, across, rowHeight: heights[shape] };
  const { first: top, end: bottom, above, below } = windowOf(size, view.top, view.height);
  const [first, end] = [top * across, Math.min(runs.length, bottom * across)];
  useEffect(() => {
    const later = setTimeout(() => want(first, end), rest);
    return () => clearTimeout(later);
  }, [first, end, runs, columns.value]);
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [where.value, sort.value, catalogue.value?.id, shape]);
  useLayoutEffect(() => {
    const element = box.current!;
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.target instanceof HTMLElement) || !event.target.closest("[data-at]")) return;
      if (!keyDone(event, across, Math.floor(element.clientHeight / size.rowHeight))) return;
      event.preventDefault();
      const room = element.clientHeight - (shape === "table" ? headHeight : 0);
      const row = Math.floor(selection.value.active / across);
      element.scrollTop = scrolledTo(row, size.rowHeight, element.scrollTop, room);
      setView((now) => ({ ...now, top: element.scrollTop }));
      isMoved.current = true;
    };
    element.addEventListener("keydown", onKey);
    return () => element.removeEventListener("keydown", onKey);
  }, [across, shape]);
  const isMoved = useRef(false);
  const { active } = selection.value;
  useLayoutEffect(() => {
    if (isMoved.current) box.current?.querySelector<HTMLElement>(`[data-at="${active}"] a`)?.focus();
    isMoved.current = false;
  });
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
  const stop = active >= first && active < end ? active : first;
  const drawn = { shown, across, above, below, stop };
  return (
    <div ref={box} class={`tomograms ${shape}`}>
      {shape === "table" ? <Table {...drawn} /> : <Gallery {...drawn} />}
      {runs.length === 0 && catalogue.value && !isAsking.value && (
        <p class="no-tomogram">No tomogram fulfils that.</p>
      )}
    </div>
  );
}

/** Does what a key says; returns whether it says something. */
function keyDone({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent, across: number, seen: number): boolean {
  const runs = order.value;
  const { active } = selection.value;
  if (key === " ") selection.value = toggled(selection.value, runs, active);
  else if (key === "a" && (ctrlKey || metaKey)) selection.value = allChosen(selection.value, runs);
  else if (key === "Escape") selection.value = { ...selection.value, chosen: new Set() };
  else {
    const step = stepOf(key, across, seen, runs.length);
    if (step === undefined) return false;
    selection.value = movedTo(selection.value, runs, active + step, shiftKey);
  }
  return true;
}

/** Chooses by a click: a box adds its item or takes it out, elsewhere the item is chosen alone; a link is followed. */
function choose(event: MouseEvent): void {
  if (!(event.target instanceof Element) || event.target.closest("a, thead")) return;
  const item = event.target.closest<HTMLElement>("[data-at]");
  if (!item) return;
  const { shiftKey: shift, ctrlKey, metaKey } = event;
  const isBox = event.target instanceof HTMLInputElement;
  const more = ctrlKey || metaKey || (isBox && !shift);
  selection.value = pointedAt(selection.value, order.value, Number(item.dataset.at), { shift, more });
}

function Table({ shown, above, below, stop }: Drawn) {
  const features = catalogue.value?.features ?? [];
  return (
    <table aria-label="tomograms" aria-rowcount={order.value.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          <td class="item-mark" />
          <Head name="run" />
          <th class="item-slice">slice</th>
          {features.length > 0 && <th class="item-composition">composition</th>}
          {columns.value.map((name) => (
            <Head key={name} name={name} />
          ))}
        </tr>
      </thead>
      <tbody>
        <Room height={above} />
        {shown.map((at) => (
          <Row key={order.value[at]} at={at} features={features} isStop={at === stop} />
        ))}
        <Room height={below} />
      </tbody>
    </table>
  );
}

const Room = ({ height }: { readonly height: number }) => (
  <tr class="item-room">
    <td style={{ height: `${height}px` }} />
  </tr>
);

/** A column's head, which sorts by it: first the way that its type suggests. */
function Head({ name }: { readonly name: string }) {
  const column = catalogue.value?.columns.find((each) => each.name === name);
  const isFalling = sort.value === `${name} desc`;
  const isSorted = isFalling || sort.value === name;
  const fallsFirst = column?.type === "number";
  const next = (isSorted ? !isFalling : fallsFirst) ? `${name} desc` : name;
  return (
    <th
      class={name === "run" ? "item-name" : column?.type}
      aria-sort={isSorted ? (isFalling ? "descending" : "ascending") : undefined}
    >
      <button type="button" title={column?.says} onClick={() => void ask(where.value, next)}>
        {name}
        {isSorted && <span aria-hidden="true">{isFalling ? " ↓" : " ↑"}</span>}
      </button>
    </th>
  );
}

interface RowProps {
  readonly at: number;
  readonly features: readonly string[];
  readonly isStop: boolean;
}

function Row({ at, features, isStop }: RowProps) {
  const run = order.value[at]!;
  return (
    <tr data-at={at} class={classOf(at)} aria-rowindex={at + 2}>
      <td class="item-mark">
        <Choice run={run} />
      </td>
      <th scope="row" class="item-name">
        <Name run={run} isStop={isStop} />
      </th>
      <td class="item-slice">
        <Slice run={run} />
      </td>
      {features.length > 0 && (
        <td class="item-composition">
          <Bar parts={partsOfRun(run)} />
        </td>
      )}
      {columns.value.map((name) => {
        const value = cellOf(run, name);
        return (
          <td key={name} class={typeof value === "string" ? "text" : "number"}>
            {value === undefined ? "…" : digits(value)}
          </td>
        );
      })}
    </tr>
  );
}

const classOf = (at: number): string => {
  const isChosen = selection.value.chosen.has(order.value[at]!);
  return `item${isChosen ? " is-chosen" : ""}${at === selection.value.active ? " is-active" : ""}`;
};

/** The list itself hears its clicks. */
const Choice = ({ run }: { readonly run: string }) => (
  <input
    type="checkbox"
    aria-label={`choose ${run}`}
    checked={selection.value.chosen.has(run)}
    tabIndex={-1}
  />
);

const Name = ({ run, isStop }: { readonly run: string; readonly isStop: boolean }) => (
  <span class="item-title">
    <a href={pageAddress(run)} tabIndex={isStop ? 0 : -1}>
      {run}
    </a>
    {canLook(run) && (
      <a class="look-link" href={addressText("look", [run])} tabIndex={-1} aria-label={`look at ${run}`}>
        look
      </a>
    )}
  </span>
);

function Gallery({ shown, above, below, across, stop }: Drawn) {
  return (
    <ul
      aria-label="tomograms"
      style={{
        paddingTop: `${above}px`,
        paddingBottom: `${below}px`,
        gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))`,
      }}
    >
      {shown.map((at) => (
        <Tile key={order.value[at]} at={at} isStop={at === stop} />
      ))}
    </ul>
  );
}

function Tile({ at, isStop }: { readonly at: number; readonly isStop: boolean }) {
  const run = order.value[at]!;
  const hasFeatures = (catalogue.value?.features.length ?? 0) > 0;
  return (
    <li data-at={at} class={classOf(at)} aria-posinset={at + 1} aria-setsize={order.value.length}>
      <Choice run={run} />
      <Slice run={run} />
      <Name run={run} isStop={isStop} />
      {hasFeatures && <Bar parts={partsOfRun(run)} />}
      <Facts run={run} />
    </li>
  );
}

/** The first columns of a tile, one after the other. */
function Facts({ run }: { readonly run: string }) {
  const text = columns.value
    .slice(0, 3)
    .map((name) => `${name} ${digits(cellOf(run, name) ?? null)}`)
    .join(" · ");
  return <span class="tile-facts">{hasCome(run) ? text : "…"}</span>;
}
