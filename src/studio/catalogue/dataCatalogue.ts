/** A data set without a survey as a catalogue: little is known of its tomograms, but that by the same expressions. */
import { tomogramsThere } from "../../data/dataset.js";
import type { Dataset, Run } from "../../data/model.js";
import { columnsOf, compileCondition } from "../../domain/expression/compile.js";
import { parseExpression } from "../../domain/expression/parse.js";
import { checkColumn } from "../../survey/find/columns.js";
import { orderOf } from "../../survey/find/find.js";
import { sliceImage } from "../../survey/places.js";
import { shown } from "../../survey/shown.js";
import { PickbenchError } from "../../system/errors.js";
import { suggestion } from "../../system/nearest.js";
import type {
  Catalogue,
  CatalogueColumn,
  CatalogueFacts,
  CataloguePage,
  CatalogueValue,
} from "./catalogue.js";
import { type RunFacts, readRunFacts } from "./runFacts.js";
import { Thumbnails } from "./thumbnails.js";

/** Runs whose files are read at once. */
const atOnce = 8;

/** A column with what it says of a run. */
interface FactColumn extends CatalogueColumn {
  /** Whether files are to be read for it. */
  readonly isRead: boolean;
  readonly of: (run: Run, facts: RunFacts | undefined) => string | number | undefined;
}

/** Returns a catalogue of a data set. @param id its name in addresses */
export function dataCatalogue(id: string, dataset: Dataset): Catalogue {
  return new DataCatalogue(id, dataset);
}

class DataCatalogue implements Catalogue {
  readonly kind = "dataset";
  readonly id: string;
  readonly folder: string;
  readonly #dataset: Dataset;
  readonly #runs: ReadonlyMap<string, Run>;
  readonly #columns: readonly FactColumn[];
  readonly #facts = new Map<string, Promise<RunFacts>>();
  readonly #thumbnails: Thumbnails;

  constructor(id: string, dataset: Dataset) {
    this.id = id;
    this.folder = dataset.root;
    this.#dataset = dataset;
    this.#runs = new Map(dataset.runs.map((run) => [run.name, run]));
    this.#columns = columnsOfData(dataset);
    this.#thumbnails = new Thumbnails(dataset);
  }

  /** What was read is read again after it, since picks may have been added. */
  async facts(): Promise<CatalogueFacts> {
    this.#facts.clear();
    return {
      columns: this.#columns.map(({ name, type, says }) => ({ name, type, says })),
      features: [],
      types: this.#dataset.particles.map(({ name }) => name),
      tomograms: this.#runs.size,
      subsets: [],
    };
  }

  async order(where?: string, sort?: string): Promise<readonly string[]> {
    const expression = where === undefined ? undefined : parseExpression(where);
    const condition = where && expression ? compileCondition(where, expression, this.#columns) : () => true;
    const order = sort === undefined ? { column: "run", isFalling: false } : orderOf(sort, this.#columns);
    const named = new Set([...(expression ? columnsOf(expression) : []), order.column]);
    const isRead = this.#columns.some((column) => column.isRead && named.has(column.name));
    const at = this.#columns.findIndex(({ name }) => name === order.column);
    const rows = await this.#valuesOf([...this.#runs.values()], this.#columns, isRead);
    return rows
      .filter(({ values }) => condition(values) === true)
      .sort((a, b) => compared(a.values[at], b.values[at], order.isFalling) || (a.run < b.run ? -1 : 1))
      .map(({ run }) => run);
  }

  async rows(
    names: readonly string[],
    columns: readonly string[],
  ): Promise<(readonly CatalogueValue[] | undefined)[]> {
    for (const name of columns) checkColumn(name, this.#columns);
    const asked = columns.map((name) => this.#columns.find((column) => column.name === name)!);
    const runs = names.flatMap((name) => this.#runs.get(name) ?? []);
    const isRead = asked.some((column) => column.isRead);
    const rows = await this.#valuesOf(runs, asked, isRead);
    const byRun = new Map(rows.map(({ run, values }) => [run, values.map((value) => value ?? null)]));
    return names.map((name) => byRun.get(name));
  }

  async column(name: string): Promise<readonly CatalogueValue[]> {
    const rows = await this.rows([...this.#runs.keys()], [name]);
    return rows.map((row) => row![0]!);
  }

  async page(name: string): Promise<CataloguePage> {
    const run = this.#run(name);
    const facts = await this.#read(run);
    const { shape, spacing, counts, notes } = facts;
    const size =
      shape && spacing
        ? [`z,y,x ${shape.join("×")} voxels of ${[...new Set(spacing)].map(shown).join("×")} Å`]
        : [];
    const rows = [["particle", "count"], ...[...counts].map(([type, count]) => [type, String(count)])];
    return {
      run: name,
      lines: [`${name}: ${tomogramsThere(run)}`, ...size],
      tables: rows.length > 1 || notes.length > 0 ? [{ rows, notes }] : [],
      percents: {},
      pictures: run.tomograms.length > 0 ? [sliceImage] : [],
    };
  }

  async picture(name: string, picture: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const run = this.#runs.get(name);
    return run && picture === sliceImage ? this.#thumbnails.of(run, signal) : undefined;
  }

  close(): void {
    this.#facts.clear();
  }

  #run(name: string): Run {
    const run = this.#runs.get(name);
    if (run) return run;
    const hint = suggestion(name, [...this.#runs.keys()]);
    throw new PickbenchError("BadUsage", `${this.folder} has no run ${name}${hint}; choose one of the list`);
  }

  #read(run: Run): Promise<RunFacts> {
    const known = this.#facts.get(run.name) ?? readRunFacts(this.#dataset, run);
    this.#facts.set(run.name, known);
    return known;
  }

  async #valuesOf(runs: readonly Run[], columns: readonly FactColumn[], isRead: boolean) {
    const rows: { run: string; values: (string | number | undefined)[] }[] = [];
    for (let from = 0; from < runs.length; from += atOnce) {
      const some = runs.slice(from, from + atOnce);
      const facts = isRead ? await Promise.all(some.map((run) => this.#read(run))) : [];
      for (const [at, run] of some.entries())
        rows.push({ run: run.name, values: columns.map((column) => column.of(run, facts[at])) });
    }
    return rows;
  }
}

/** Orders missing values last, whatever the way. */
function compared(
  a: string | number | undefined,
  b: string | number | undefined,
  isFalling: boolean,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return isFalling ? -order : order;
}

function columnsOfData({ particles }: Dataset): FactColumn[] {
  const read = (name: string, says: string, of: (facts: RunFacts) => number | undefined): FactColumn => ({
    name,
    type: "number",
    says,
    isRead: true,
    of: (_, facts) => facts && of(facts),
  });
  return [
    { name: "run", type: "text", says: "the run's name", isRead: false, of: ({ name }) => name },
    {
      name: "tomogram",
      type: "text",
      says: "the reconstructions",
      isRead: false,
      of: (run) => (run.tomograms.length > 0 ? tomogramsThere(run) : undefined),
    },
    read("spacing", "Å a voxel along x", ({ spacing }) => spacing?.[2]),
    read("size.z", "voxels along z", ({ shape }) => shape?.[0]),
    read("size.y", "voxels along y", ({ shape }) => shape?.[1]),
    read("size.x", "voxels along x", ({ shape }) => shape?.[2]),
    ...particles.map(({ name }) => read(`${name}.count`, "picks", ({ counts }) => counts.get(name))),
  ];
}
