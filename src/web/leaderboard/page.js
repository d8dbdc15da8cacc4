// The page's own script: sorts a table by a click on a column's head, filters rows by text, and keeps both in the address.
const filter = document.querySelector("#filter");
const tables = [...document.querySelectorAll("table")];
const state = new URLSearchParams(location.hash.slice(1));

function sortValue(row, column) {
  const cell = row.cells[column];
  const { value } = cell.dataset;
  if (value === undefined) return null;
  return cell.dataset.kind === "number" ? Number(value) : value;
}

function compare(a, b) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

function sort(table, key, isDescending) {
  const heads = [...table.tHead.rows[0].cells];
  const column = heads.findIndex((head) => head.dataset.key === key);
  if (column < 0) return;
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: sortValue(row, column) }));
  rows.sort((a, b) => {
    const order = compare(a.value, b.value);
    return isDescending && a.value !== null && b.value !== null ? -order : order;
  });
  body.append(...rows.map(({ row }) => row));
  heads.forEach((head, at) => {
    if (at === column) head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
}

function show() {
  const sorted = state.get("sort");
  if (sorted) for (const table of tables) sort(table, sorted.replace(/^-/, ""), sorted.startsWith("-"));
  const words = (state.get("filter") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of tables.flatMap((table) => [...table.tBodies[0].rows])) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  const shown = document.querySelectorAll("tbody tr:not([hidden])").length;
  document.querySelector("#shown").textContent = `${shown} shown`;
}

function set(key, value) {
  if (value) state.set(key, value);
  else state.delete(key);
  history.replaceState(null, "", `#${state}`);
  show();
}

for (const head of document.querySelectorAll("th[data-key]")) {
  head.querySelector("button").addEventListener("click", () => {
    const { key, first } = head.dataset;
    const current = head.getAttribute("aria-sort");
    const isDescending = current === null ? first === "descending" : current === "ascending";
    set("sort", `${isDescending ? "-" : ""}${key}`);
  });
}
filter.value = state.get("filter") ?? "";
filter.addEventListener("input", () => set("filter", filter.value));
show();
