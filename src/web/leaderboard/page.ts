// The leaderboard page's own script: sorts a table by a click on a column's head, filters rows by text, and keeps both in the address.

import { inside } from "../inside.js";

const filter = inside<HTMLInputElement>(document, "#filter");
const shown = inside<HTMLElement>(document, "#shown");
const tables = [...document.querySelectorAll("table")];
const state = new URLSearchParams(location.hash.slice(1));

type Value = number | string | null;

/** What a row is sorted by in a column; null where it has nothing there. */
function sortValue(row: HTMLTableRowElement, column: number): Value {
  const { value, kind } = row.cells[column]!.dataset;
  if (value === undefined) return null;
  return kind === "number" ? Number(value) : value;
}

/** Orders rows without a value last. */
function compare(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

function sort(table: HTMLTableElement, key: string, isDescending: boolean): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  const column = heads.findIndex((head) => head.dataset.key === key);
  if (column < 0) return;
  const body = table.tBodies[0]!;
  const rows = [...body.rows].map((row) => ({ row, value: sortValue(row, column) }));
  rows.sort((a, b) => {
    const order = compare(a.value, b.value);
    return isDescending && a.value !== null && b.value !== null ? -order : order;
  });
  body.append(...rows.map(({ row }) => row));
  for (const [at, head] of heads.entries()) {
    if (at === column) head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

/** Brings the page into the state that the address says. */
function show(): void {
  const sorted = state.get("sort");
  if (sorted) for (const table of tables) sort(table, sorted.replace(/^-/, ""), sorted.startsWith("-"));
  const words = (state.get("filter") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of tables.flatMap((table) => [...table.tBodies[0]!.rows])) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  shown.textContent = `${document.querySelectorAll("tbody tr:not([hidden])").length} shown`;
}

function set(key: string, value: string): void {
  if (value) state.set(key, value);
  else state.delete(key);
  history.replaceState(null, "", `#${state}`);
  show();
}

for (const head of document.querySelectorAll<HTMLElement>("th[data-key]")) {
  inside(head, "button").addEventListener("click", () => {
    const { key, first } = head.dataset;
    const current = head.getAttribute("aria-sort");
    const isDescending = current === null ? first === "descending" : current === "ascending";
    set("sort", `${isDescending ? "-" : ""}${key}`);
  });
}
filter.value = state.get("filter") ?? "";
filter.addEventListener("input", () => set("filter", filter.value));
show();
