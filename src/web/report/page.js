// The page's own behaviour: tabs, sortable tables, the slider over slices, and light or dark. Without it all is shown.

let count = 0;

/** Makes tabs of an element's children that name one: the arrow keys go from tab to tab. */
function makeTabs(holder) {
  const panels = [...holder.children].filter((child) => child.dataset.tab !== undefined);
  if (panels.length < 2) return;
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", holder.dataset.tabs);
  const tabs = panels.map((panel) => {
    const tab = document.createElement("button");
    const number = count++;
    tab.type = "button";
    tab.id = `tab${number}`;
    tab.textContent = panel.dataset.tab;
    tab.setAttribute("role", "tab");
    panel.id ||= `panel${number}`;
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    list.append(tab);
    return tab;
  });
  const choose = (chosen) => {
    tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === chosen));
      tab.tabIndex = at === chosen ? 0 : -1;
      panels[at].hidden = at !== chosen;
    });
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(at));
    tab.addEventListener("keydown", ({ key }) => {
      const last = tabs.length - 1;
      const next = {
        ArrowRight: at === last ? 0 : at + 1,
        ArrowLeft: at === 0 ? last : at - 1,
        Home: 0,
        End: last,
      }[key];
      if (next === undefined) return;
      choose(next);
      tabs[next].focus();
    });
  });
  panels[0].before(list);
  choose(0);
}

/** What a cell is sorted by: its first number where it has one. */
function sortKey(cell) {
  const text = cell.textContent.trim();
  const number = Number.parseFloat(text.replace(/,(?=\d{3})/g, "").replace("−", "-"));
  return Number.isNaN(number) ? text : number;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Turns a table's column titles into buttons that sort its rows. */
function makeSortable(table) {
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const rising = title.getAttribute("aria-sort") === "descending";
      for (const other of titles) other.removeAttribute("aria-sort");
      title.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].sort(
        (a, b) => compare(sortKey(a.cells[column]), sortKey(b.cells[column])) * (rising ? 1 : -1),
      );
      table.tBodies[0].append(...rows);
    });
  });
}

/** Shows the slice that the slider points at, and marks of the chosen type. */
function makeViewer(figure) {
  const slices = [...figure.querySelectorAll("[data-slice]")];
  const slider = figure.querySelector("input[type=range]");
  const output = figure.querySelector("output");
  const type = figure.querySelector("select");
  slider.addEventListener("input", () => {
    slices.forEach((slice, at) => {
      slice.toggleAttribute("hidden", at !== slider.valueAsNumber);
    });
    output.value = `${slices[slider.valueAsNumber].dataset.z} Å`;
    slider.setAttribute("aria-valuetext", `z ${output.value}`);
  });
  type.addEventListener("change", () => {
    for (const mark of figure.querySelectorAll("[data-type]"))
      mark.toggleAttribute("hidden", type.value !== "" && mark.dataset.type !== type.value);
  });
}

/** A button between light and dark, from what the system prefers. */
function makeToggle(button) {
  const root = document.documentElement;
  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
    "dark";
  const name = () => {
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

document.querySelectorAll("[data-tabs]").forEach(makeTabs);
document.querySelectorAll("table[data-sort]").forEach(makeSortable);
document.querySelectorAll("[data-viewer]").forEach(makeViewer);
makeToggle(document.querySelector("[data-theme-toggle]"));
