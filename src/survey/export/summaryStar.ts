/**
 * Pom's `summary.star`: a row for each tomogram, a column for each feature with the sum of its map in percent, and
 * `particle_TYPE` with counts. Empty cells are `<NA>` or `nan`.
 */
import { stat } from "node:fs/promises";
import { volumeStem } from "../../data/volumeNames.js";
import { isAbsent, numberOf } from "../../formats/positions/fields.js";
import { StarBlocks, writeStar } from "../../formats/star.js";
import { readStarTables } from "../../formats/starTables.js";
import { PickbenchError } from "../../system/errors.js";
import { readBytes } from "../../system/paths/opening.js";

/** The column that names tomograms. */
const tomogramColumn = "tomogram";
const particlePrefix = "particle_";

/** The source that counts of particles in a summary stand under. */
export const summarySource = "summary";

/** What a summary says of a run. */
interface SummaryRow {
  /** The sum of the map in percent of its voxels. */
  readonly features: ReadonlyMap<string, number>;
  readonly particles: ReadonlyMap<string, number>;
}

/** A summary by run, with a stamp of its file. */
export interface Summary {
  readonly stamp: string;
  readonly runs: ReadonlyMap<string, SummaryRow>;
}

/**
 * Reads a summary; one tomogram's may be written as a list.
 *
 * @throws PickbenchError BadDataset with the line where it is broken, or where it names no tomograms
 */
export async function readSummary(path: string): Promise<Summary> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new PickbenchError("BadDataset", `${path}: no such file; name Pom's summary.star`, { path });
  const star = new StarBlocks();
  readStarTables(path, await readBytes(path), star, (names) => names.includes(tomogramColumn));
  const loop = star.blocks
    .flatMap(({ loops }) => loops)
    .find(({ columns }) => columns.includes(tomogramColumn));
  if (loop === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${path} has no column ${tomogramColumn}, wanted Pom's summary.star; name another`,
      { path },
    );
  const at = loop.columns.indexOf(tomogramColumn);
  const runs = new Map<string, SummaryRow>();
  for (const [i, row] of loop.rows.entries()) {
    const features = new Map<string, number>();
    const particles = new Map<string, number>();
    for (const [column, name] of loop.columns.entries()) {
      if (column === at || isAbsent(row[column])) continue;
      const value = numberOf(row[column], path, () => `row ${i + 1}`, name);
      if (name.startsWith(particlePrefix))
        particles.set(name.slice(particlePrefix.length), wholeCount(value, path, name));
      else features.set(name, value);
    }
    runs.set(volumeStem(row[at]!), { features, particles });
  }
  return { stamp: `${found.size} ${found.mtimeMs}`, runs };
}

function wholeCount(value: number, path: string, name: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${name} is ${value}, wanted a count of particles: mend the file`,
    { path },
  );
}

/** Writes a summary as Pom reads it; features and types that a run lacks are `<NA>`. */
export function summaryStar(runs: ReadonlyMap<string, SummaryRow>): Buffer {
  const named = (of: (row: SummaryRow) => ReadonlyMap<string, number>): string[] =>
    [...new Set([...runs.values()].flatMap((row) => [...of(row).keys()]))].sort();
  const features = named((row) => row.features);
  const types = named((row) => row.particles);
  const cell = (value: number | undefined): string => (value === undefined ? "<NA>" : String(value));
  const rows = [...runs].map(([run, row]) => [
    run,
    ...features.map((name) => cell(row.features.get(name))),
    ...types.map((name) => cell(row.particles.get(name))),
  ]);
  const columns = [tomogramColumn, ...features, ...types.map((name) => `${particlePrefix}${name}`)];
  return writeStar([{ name: "", values: new Map(), loops: [{ columns, rows }] }]);
}
