// The report's own behaviour in a browser: tabs, sortable tables, the slider over slices, and light or dark. Without it all is shown.

import { inside } from "../inside.js";
import { tabAfter } from "../tabKeys.js";

let count = 0;

/** Makes a tab for a panel, which is shown where the tab is chosen. */
function tabOf(panel: HTMLElement): HTMLButtonElement {
  const tab = document.createElement("button");
  const number = count++;
  tab.type = "button";
  tab.id = `tab${number}`;
  tab.textContent = panel.dataset.tab ?? "";
  tab.setAttribute("role", "tab");
  panel.id ||= `panel${number}`;
  tab.setAttribute("aria-controls", panel.id);
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  return tab;
}

/** Makes tabs of an element's children that name one: the arrow keys go from tab to tab. */
function makeTabs(holder: HTMLElement): void {
  const panels = [...holder.children].filter(
    (child): child is HTMLElement => child instanceof HTMLElement && child.dataset.tab !== undefined,
  );
  const [first] = panels;
  if (first === undefined || panels.length < 2) return;
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", holder.dataset.tabs ?? "");
  const tabs = panels.map(tabOf);
  list.append(...tabs);
  const choose = (chosen: number): void => {
    for (const [at, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(at === chosen));
      tab.tabIndex = at === chosen ? 0 : -1;
      panels[at]!.hidden = at !== chosen;
    }
  };
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(at));
    tab.addEventListener("keydown", ({ key }) => {
      const next = tabAfter(key, at, tabs.length);
      if (next === undefined) return;
      choose(next);
      tabs[next]!.focus();
    });
  }
  first.before(list);
  choose(0);
}

/** What a cell is sorted by: its first number where it has one. */
function sortKey(cell: HTMLTableCellElement): number | string {
  const text = cell.textContent.trim();
  const number = Number.parseFloat(text.replace(/,(?=\d{3})/g, "").replace("−", "-"));
  return Number.isNaN(number) ? text : number;
}

/** Orders numbers before texts. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Turns a table's column titles into buttons that sort its rows. */
function makeSortable(table: HTMLTableElement): void {
  const titles = [...table.tHead!.rows[0]!.cells];
  const body = table.tBodies[0]!;
  for (const [column, title] of titles.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const rising = title.getAttribute("aria-sort") === "descending";
      for (const other of titles) other.removeAttribute("aria-sort");
      title.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...body.rows].sort(
        (a, b) => compare(sortKey(a.cells[column]!), sortKey(b.cells[column]!)) * (rising ? 1 : -1),
      );
      body.append(...rows);
    });
  }
}

/** Shows the slice that the slider points at, and marks of the chosen type. */
function makeViewer(figure: HTMLElement): void {
  const slices = [...figure.querySelectorAll<HTMLElement>("[data-slice]")];
  const slider = inside<HTMLInputElement>(figure, "input[type=range]");
  const output = inside<HTMLOutputElement>(figure, "output");
  const type = inside<HTMLSelectElement>(figure, "select");
  slider.addEventListener("input", () => {
    for (const [at, slice] of slices.entries()) slice.toggleAttribute("hidden", at !== slider.valueAsNumber);
    output.value = `${slices[slider.valueAsNumber]!.dataset.z} Å`;
    slider.setAttribute("aria-valuetext", `z ${output.value}`);
  });
  type.addEventListener("change", () => {
    for (const mark of figure.querySelectorAll<HTMLElement | SVGElement>("[data-type]"))
      mark.toggleAttribute("hidden", type.value !== "" && mark.dataset.type !== type.value);
  });
}

/** Makes a button that switches between light and dark, at first as the system prefers. */
function makeToggle(button: HTMLButtonElement): void {
  const root = document.documentElement;
  const preferred = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const isDark = () => (root.dataset.theme ?? preferred()) === "dark";
  const name = (): void => {
    button.textContent = isDark() ? "light" : "dark";
    button.setAttribute("aria-label", `show in ${button.textContent} colours`);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();
  button.hidden = false;
}

for (const holder of document.querySelectorAll<HTMLElement>("[data-tabs]")) makeTabs(holder);
for (const table of document.querySelectorAll<HTMLTableElement>("table[data-sort]")) makeSortable(table);
for (const figure of document.querySelectorAll<HTMLElement>("[data-viewer]")) makeViewer(figure);
makeToggle(inside<HTMLButtonElement>(document, "[data-theme-toggle]"));
