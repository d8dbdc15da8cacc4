// The data view: tomograms of a survey or a data set as a table or a gallery, filtered, sorted, chosen.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { address, addressText, keepAddress } from "../address.js";
import { getJson, named, sentence } from "../api.js";
import { featureColour } from "./composition.js";
import { ColumnChoice, RangeFilter, Search, written } from "./filters.js";
import { Rows } from "./rows.js";
import { RunPage } from "./runPage.js";
import { SubsetBar } from "./subset.js";
import {
  ask,
  catalogue,
  failure,
  keepCatalogue,
  listed,
  openCatalogue,
  selection,
  sort,
  where,
} from "./table.js";
import "./browse.css";

const shape = signal<"table" | "gallery">("table");

/** Keeps catalogue, expression, order and shape in the address. */
effect(() => {
  const { view, names } = address.value;
  const id = catalogue.value?.id;
  if (view !== "data" || id === undefined || names.length > 1) return;
  const query = new URLSearchParams();
  if (where.value !== "") query.set("where", where.value);
  if (sort.value !== "run") query.set("sort", sort.value);
  if (shape.value !== "table") query.set("as", shape.value);
  if (names[0] === undefined || names[0] === id) keepAddress("data", [id], query);
});

async function load(): Promise<void> {
  if (listed.value.length > 0) return;
  try {
    listed.value = await getJson("api/catalogues");
  } catch (error) {
    failure.value = sentence(error);
  }
}

/** Shows what a link names; one that says nothing of a catalogue that is open leaves it as it is. */
function follow(id: string, query: URLSearchParams): void {
  const isOpen = id === catalogue.value?.id;
  if (isOpen) keepCatalogue();
  if (isOpen && !["where", "sort", "as"].some((key) => query.has(key))) return;
  shape.value = query.get("as") === "gallery" ? "gallery" : "table";
  written.value = query.get("where") ?? "";
  const way = query.get("sort") ?? "run";
  if (!isOpen) void openCatalogue(id, () => written.value, way);
  else if (written.value !== where.value || way !== sort.value) void ask(written.value, way);
}

export function Data() {
  const link = address.value;
  const { names, query } = link;
  const asked = names[0] ?? catalogue.value?.id ?? listed.value[0]?.id;
  useEffect(() => void load(), []);
  useEffect(() => {
    if (asked !== undefined) follow(asked, query);
  }, [asked, link]);
  if (!catalogue.value) return <p class={failure.value ? "failure" : "starting"}>{failure.value || "…"}</p>;
  if (names[1] !== undefined) return <RunPage run={names[1]} />;
  return (
    <section class="data-view" aria-label="tomograms">
      <div class="data-asking">
        <CatalogueChoice />
        <Search />
        <RangeFilter />
        <ColumnChoice />
        <Subsets />
      </div>
      <div class="data-answer">
        <Legend />
        <Rows shape={shape.value} />
        <SubsetBar />
      </div>
    </section>
  );
}

function CatalogueChoice() {
  return (
    <p class="choice">
      <label>
        Show
        <select
          value={catalogue.value?.id}
          onChange={(event) => {
            location.hash = addressText("data", [event.currentTarget.value]);
          }}
        >
          {listed.value.map(({ id, kind, folder }) => (
            <option key={id} value={id}>
              {kind === "survey" ? "survey" : "data set"} {lastNames(folder)}
            </option>
          ))}
        </select>
      </label>
      {(["table", "gallery"] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={shape.value === each}
          onClick={() => {
            shape.value = each;
          }}
        >
          {each}
        </button>
      ))}
    </p>
  );
}

/** Features with their colours in the bars; each sorts by it. */
function Legend() {
  const features = catalogue.value?.features ?? [];
  if (features.length === 0) return null;
  return (
    <details class="feature-legend" open={features.length <= mostOpen}>
      <summary>Features: parts of a bar are their shares of all features</summary>
      <p>
        {features.map((name, at) => (
          <button
            key={name}
            type="button"
            title={`sort by percent of ${name}`}
            onClick={() => void ask(where.value, `${name}.percent desc`)}
          >
            <span class="colour-key" style={{ background: featureColour(at) }} /> {name}
          </button>
        ))}
      </p>
    </details>
  );
}

/** Features whose colours are told without being asked for. */
const mostOpen = 12;

/** Subsets that are there; each is chosen by a click. */
function Subsets() {
  const known = catalogue.value;
  if (!known || known.subsets.length === 0) return null;
  const choose = (name: string): void => {
    getJson<{ runs: string[] }>(`api/catalogues/${named(known.id)}/subsets/${named(name)}`).then(
      ({ runs }) => {
        selection.value = { ...selection.value, chosen: new Set(runs) };
      },
      (error: unknown) => {
        failure.value = sentence(error);
      },
    );
  };
  return (
    <details class="subset-list">
      <summary>Subsets ({known.subsets.length})</summary>
      <ul>
        {known.subsets.map((name) => (
          <li key={name}>
            <button type="button" onClick={() => choose(name)}>
              choose @{name}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The last two names of a path, which tell it from others well enough. */
const lastNames = (path: string): string => path.split(/[\\/]/).filter(Boolean).slice(-2).join("/");
