// What the data view shows: a catalogue, the expression that filters it, its order, its rows as far as they came, and what is chosen.
import { batch, computed, signal } from "@preact/signals";
import type { CatalogueValue } from "../../../studio/catalogue/catalogue.js";
import type { CataloguePart } from "../../../studio/catalogue/catalogues.js";
import type { CatalogueOrder, ListedCatalogue, ShownCatalogue } from "../../../studio/catalogue/routes.js";
import { getJson, named, sentence } from "../api.js";
import { lastAsked } from "../lastAsked.js";
import { partsOf } from "./rowWindow.js";
import { nothingChosen, type Selection } from "./selection.js";

/** Rows that are asked for together. */
const partSize = 100;

export const listed = signal<readonly ListedCatalogue[]>([]);
export const catalogue = signal<ShownCatalogue | undefined>(undefined);
/** The expression that is shown now; another one may be written, and be wrong. */
export const where = signal("");
/** A column, with " desc" behind it for falling order. */
export const sort = signal("run");
export const order = signal<readonly string[]>([]);
/** What is wrong with what was asked. */
export const failure = signal("");
export const isAsking = signal(false);
/** Columns of the table besides the run. */
export const columns = signal<readonly string[]>([]);
export const selection = signal<Selection>(nothingChosen);
/** ms from asking for the order to having it. */
export const took = signal(0);

/** Values by run, of `asked` columns. */
const values = signal<ReadonlyMap<string, readonly CatalogueValue[]>>(new Map());

/** Columns that are asked for: those that are shown, and the composition's. */
export const asked = computed(() => {
  const features = catalogue.value?.features ?? [];
  return [...new Set([...columns.value, ...features.map((name) => `${name}.percent`)])];
});

const places = computed(() => new Map(asked.value.map((name, at) => [name, at])));

/** Returns a value of a run; undefined where it has not come yet, null where there is none. */
export function cellOf(run: string, column: string): CatalogueValue | undefined {
  const at = places.value.get(column);
  return at === undefined ? undefined : values.value.get(run)?.[at];
}

export const hasCome = (run: string): boolean => values.value.has(run);

let ordering = new AbortController();
let filling = new AbortController();
let waiting = new Set<number>();

const query = (): string => {
  const parts = new URLSearchParams();
  if (where.value !== "") parts.set("where", where.value);
  if (sort.value !== "run") parts.set("sort", sort.value);
  return parts.toString();
};

const address = (path: string): string => `api/catalogues/${named(catalogue.value?.id ?? "")}/${path}`;

/** Lets go of rows that are on their way for other columns or another order. */
function dropWaiting(): void {
  filling.abort();
  filling = new AbortController();
  waiting = new Set();
}

/** Forgets rows that came for other columns, and what is still to come. */
function forget(): void {
  dropWaiting();
  values.value = new Map();
}

const beginOpening = lastAsked();

/** Stays with the catalogue that is open: another one that is on its way does not come any more. */
export const keepCatalogue = (): void => void beginOpening();

/**
 * Opens a catalogue.
 *
 * @param text the expression to begin with, as it is written once the catalogue has come
 * @param way the order to begin with
 */
export async function openCatalogue(id: string, text: () => string, way: string): Promise<void> {
  const isLast = beginOpening();
  failure.value = "";
  try {
    const found = await getJson<ShownCatalogue>(`api/catalogues/${named(id)}`);
    if (!isLast()) return;
    batch(() => {
      ordering.abort();
      forget();
      catalogue.value = found;
      columns.value = usualColumns(found);
      selection.value = nothingChosen;
      order.value = [];
      where.value = "";
      sort.value = "run";
    });
    const isRight = await ask(text(), way);
    if (!isRight && isLast()) await ask("", "run", true);
  } catch (error) {
    if (isLast()) failure.value = sentence(error);
  }
}

/**
 * Asks for the runs that an expression finds, in an order. Where it is wrong the rows stay as they are.
 *
 * @param isQuiet whether what was wrong before stays said
 * @returns whether the server took it
 */
export async function ask(text: string, way: string, isQuiet = false): Promise<boolean> {
  const parts = new URLSearchParams({ where: text.trim(), sort: way });
  const begun = performance.now();
  isAsking.value = true;
  const own = new AbortController();
  ordering.abort();
  ordering = own;
  try {
    const { runs } = await getJson<CatalogueOrder>(address(`order?${parts}`), own.signal);
    if (own.signal.aborted) return true;
    batch(() => {
      dropWaiting();
      where.value = text.trim();
      sort.value = way;
      order.value = runs;
      took.value = performance.now() - begun;
      selection.value = { ...selection.value, active: 0, anchor: 0 };
      if (!isQuiet) failure.value = "";
    });
    return true;
  } catch (error) {
    if (own.signal.aborted) return true;
    failure.value = sentence(error);
    return false;
  } finally {
    if (ordering === own) isAsking.value = false;
  }
}

export function showColumns(names: readonly string[]): void {
  batch(() => {
    columns.value = names;
    forget();
  });
}

/** Asks for the rows from one to before another that have not come yet. */
export function want(first: number, end: number): void {
  const runs = order.value;
  for (const part of partsOf(first, Math.min(end, runs.length), partSize)) {
    const [from, to] = [part * partSize, (part + 1) * partSize];
    if (waiting.has(part) || runs.slice(from, to).every((run) => values.value.has(run))) continue;
    const own = waiting;
    own.add(part);
    void load(part, filling.signal).finally(() => own.delete(part));
  }
}

async function load(part: number, signal: AbortSignal): Promise<void> {
  const bounds = new URLSearchParams(query());
  bounds.set("offset", String(part * partSize));
  bounds.set("limit", String(partSize));
  for (const name of asked.value) bounds.append("column", name);
  try {
    const { rows } = await getJson<CataloguePart>(address(`rows?${bounds}`), signal);
    if (!signal.aborted) values.value = new Map([...values.value, ...rows.map(rowEntry)]);
  } catch (error) {
    if (!signal.aborted) failure.value = sentence(error);
  }
}

const rowEntry = ({ run, values: row }: CataloguePart["rows"][number]) => [run, row] as const;

/** Most types of particles whose counts are shown without being asked for. */
const mostTypes = 6;

function usualColumns({ columns: known, types }: ShownCatalogue): string[] {
  const wanted = ["spacing", "sample", "noise", ...types.slice(0, mostTypes).map((type) => `${type}.count`)];
  return wanted.filter((name) => known.some((column) => column.name === name));
}
