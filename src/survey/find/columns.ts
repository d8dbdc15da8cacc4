/** The columns that expressions over a survey know: those of tomograms, FEATURE.MEASURE, TYPE.MEASURE and TYPE.COLUMN. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { PickbenchError } from "../../system/errors.js";
import { nearest } from "../../system/nearest.js";
import { featureMeasures, particleMeasures, tomogramColumns } from "../database/tables.js";
import { truthSource } from "../places.js";

/** Where a column's values lie: a column of a table, in the row whose keys have these values. */
interface ColumnPlace {
  readonly table: "tomograms" | "features" | "particles" | "context";
  readonly column: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** A column of a survey, as expressions know it. */
export interface SurveyColumn {
  readonly name: string;
  readonly type: "number" | "text";
  readonly says: string;
}

/** A column with where it lies. */
export interface PlacedColumn extends SurveyColumn {
  readonly place: ColumnPlace;
}

/**
 * Lists the columns in the order of tomograms, features and particles. A type without a source before it is that of the
 * first source that picked any: picks go before the truth. SOURCE.TYPE.MEASURE is of each source.
 *
 * @param order of the sources, as the survey was asked
 */
export async function surveyColumns(
  connection: DuckDBConnection,
  order: readonly string[],
): Promise<PlacedColumn[]> {
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS() as string[][];
  const features = (await rowsOf("SELECT DISTINCT feature FROM features ORDER BY feature")).map(
    ([name]) => name!,
  );
  const particles = await rowsOf("SELECT DISTINCT source, type FROM particles ORDER BY source, type");
  const context = await rowsOf("SELECT DISTINCT source, type, name FROM context ORDER BY source, type, name");
  const all: PlacedColumn[] = tomogramColumns.map(({ name, type, says }) => ({
    ...{ name, type, says },
    place: { table: "tomograms", column: name, keys: {} },
  }));
  for (const feature of features)
    for (const { name, says } of featureMeasures)
      all.push({
        ...{ name: `${feature}.${name}`, type: "number", says },
        place: { table: "features", column: name, keys: { feature } },
      });
  const picked = await rowsOf(
    "SELECT DISTINCT source, type FROM particles WHERE count > 0 ORDER BY source, type",
  );
  const first = firstSources(particles, order, new Set(picked.map(([source, type]) => `${source}/${type}`)));
  const addOf = (source: string, type: string, name: string, says: string, place: ColumnPlace): void => {
    if (first.get(type) === source) all.push({ name: `${type}.${name}`, type: "number", says, place });
    if (first.size > 0) all.push({ name: `${source}.${type}.${name}`, type: "number", says, place });
  };
  for (const [source, type] of particles as [string, string][])
    for (const { name, says } of particleMeasures)
      addOf(source, type, name, says, { table: "particles", column: name, keys: { source, type } });
  for (const [source, type, name] of context as [string, string, string][])
    addOf(source, type, name, `the mean of the picks' ${name}`, {
      ...{ table: "context", column: "mean", keys: { source, type, name } },
    });
  const names = new Set<string>();
  return all.filter(({ name }) => !names.has(name) && names.add(name));
}

/** Returns of each type the source that it is of where none is named; one that picked none of it comes last. */
function firstSources(
  particles: readonly string[][],
  order: readonly string[],
  picked: ReadonlySet<string>,
): Map<string, string> {
  const rank = (source: string, type: string): number => {
    const at = order.indexOf(source);
    const place = source === truthSource ? order.length + 1 : at < 0 ? order.length : at;
    return picked.has(`${source}/${type}`) ? place : place + order.length + 2;
  };
  const first = new Map<string, string>();
  for (const [source, type] of particles as [string, string][]) {
    const other = first.get(type);
    if (other === undefined || rank(source, type) < rank(other, type)) first.set(type, source);
  }
  return first;
}

/** @throws PickbenchError BadUsage with the nearest name */
export function checkColumn(name: string, known: readonly SurveyColumn[], where = ""): void {
  if (known.some((column) => column.name === name)) return;
  const meant = nearest(
    name,
    known.map((column) => column.name),
  );
  const hint = meant === undefined ? "pickbench survey show lists them" : `did you mean ${meant}?`;
  throw new PickbenchError(
    "BadUsage",
    `${where}${JSON.stringify(name)}: the survey has no such column; ${hint}`,
  );
}
