/** The tables of a survey's database, and how entries become their rows. One list says what columns tomograms, features and particles have. */
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { FeatureFacts, ParticleFacts, SurveyEntry } from "../entry.js";
import { appendRows, identifier } from "./duckdb.js";

/** Changes with the tables: a database of another version is made again. */
export const databaseVersion = 1;

/** A column of a table: its name in expressions and in SQL, and what it says. */
export interface TableColumn<Row> {
  readonly name: string;
  readonly type: "text" | "number";
  readonly says: string;
  readonly of: (row: Row) => string | number | null | undefined;
}

const measure = <Row>(
  name: string,
  says: string,
  of: (row: Row) => number | null | undefined,
): Measure<Row> => ({ ...{ name, type: "number", says, of } });

type Measure<Row> = TableColumn<Row> & { readonly type: "number" };
type TomogramFacts = NonNullable<SurveyEntry["tomogram"]>;

const measured = (
  name: string,
  says: string,
  of: (tomogram: TomogramFacts) => number | null,
): Measure<SurveyEntry> => measure(name, says, ({ tomogram }) => tomogram && of(tomogram));

export const tomogramColumns: readonly TableColumn<SurveyEntry>[] = [
  { name: "run", type: "text", says: "the run's name", of: ({ run }) => run },
  { name: "tomogram", type: "text", says: "the reconstruction", of: ({ tomogram }) => tomogram?.type },
  { name: "path", type: "text", says: "the tomogram's file or folder", of: ({ tomogram }) => tomogram?.path },
  {
    name: "contrast",
    type: "text",
    says: "dark, bright or unknown: how particles look",
    of: ({ tomogram }) => tomogram?.contrast,
  },
  measured("spacing", "Å a voxel along x", ({ spacing }) => spacing[2]),
  measured("size.z", "voxels along z", ({ shape }) => shape[0]),
  measured("size.y", "voxels along y", ({ shape }) => shape[1]),
  measured("size.x", "voxels along x", ({ shape }) => shape[2]),
  measured("volume", "Å³ that hold data", ({ volume }) => volume),
  measured("blank", "percent of the voxels that hold no data", ({ blank }) => blank),
  measured("thickness", "Å along z that hold data", ({ thickness }) => thickness),
  measured("sample", "Å between the sample's surfaces by contrast", ({ sample }) => sample),
  measured("least", "the least grey value", ({ least }) => least),
  measured("largest", "the largest grey value", ({ largest }) => largest),
  measured("mean", "the mean grey value", ({ mean }) => mean),
  measured("median", "the median grey value", ({ median }) => median),
  measured("scale", "distance between the quartiles over 1.349", ({ scale }) => scale),
  measured("skewness", "of grey values", ({ skewness }) => skewness),
  measured("kurtosis", "of grey values, 0 for normal ones", ({ kurtosis }) => kurtosis),
  measured("noise", "how unlike neighbours are: 1 for white noise", ({ noise }) => noise),
];

const feature = measure<FeatureFacts>;

/** What is known of a feature, in expressions as FEATURE.MEASURE. */
export const featureMeasures: readonly Measure<FeatureFacts>[] = [
  feature("percent", "percent of the voxels above the threshold", ({ percent }) => percent),
  feature("volume", "Å³ above the threshold", ({ volume }) => volume),
  feature(
    "soft_percent",
    "the sum of probabilities, in percent of the voxels",
    ({ softPercent }) => softPercent,
  ),
  feature("soft_volume", "the sum of probabilities as Å³", ({ softVolume }) => softVolume),
  feature("components", "components above the threshold that are no dust", ({ components }) => components),
  feature("largest", "Å³ of the largest component", ({ largest }) => largest),
];

/** A particle's facts with its tomogram's. */
interface ParticleRow {
  readonly particle: ParticleFacts;
  readonly tomogram: SurveyEntry["tomogram"];
}

/** Returns particles per µm³ of what holds data. */
export const densityOf = (particles: number, tomogram: SurveyEntry["tomogram"]): number | null =>
  tomogram === null || tomogram.volume === 0 ? null : particles / (tomogram.volume * 1e-12);

const particle = measure<ParticleRow>;

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** What is known of a type of particle, in expressions as TYPE.MEASURE. */
export const particleMeasures: readonly Measure<ParticleRow>[] = [
  particle("count", "picks", (row) => row.particle.count),
  particle("density", "picks per µm³ that holds data", (row) => densityOf(row.particle.count, row.tomogram)),
  particle("score", "the mean score of the picks", (row) => row.particle.score),
  particle("truths", "true particles", (row) => row.particle.verdicts?.truths),
  particle("matched", "picks that are right", (row) => row.particle.verdicts?.matched),
  particle(
    "duplicates",
    "picks of particles that another pick found",
    (row) => row.particle.verdicts?.duplicates,
  ),
  particle("wrong", "picks without a true particle", (row) => row.particle.verdicts?.wrong),
  particle("missed", "true particles without a pick", (row) => row.particle.verdicts?.missed),
  particle(
    "precision",
    "matched among the picks",
    ({ particle: { verdicts, count } }) => verdicts && share(verdicts.matched, count),
  ),
  particle(
    "recall",
    "found among the true particles",
    ({ particle: { verdicts } }) => verdicts && share(verdicts.truths - verdicts.missed, verdicts.truths),
  ),
];

const sqlTypes = { text: "VARCHAR", number: "DOUBLE" } as const;

const defined = (columns: readonly TableColumn<never>[]): string =>
  columns.map(({ name, type }) => `${identifier(name)} ${sqlTypes[type]}`).join(", ");

/** Makes the tables in an empty database. Tables but `files` have a row's run as its number, `id`. */
export async function createTables(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    CREATE TABLE about (version INTEGER);
    INSERT INTO about VALUES (${databaseVersion});
    CREATE TABLE files (id INTEGER, run VARCHAR, size DOUBLE, mtime DOUBLE, hash VARCHAR);
    CREATE TABLE tomograms (id INTEGER, ${defined(tomogramColumns)});
    CREATE TABLE features (id INTEGER, feature VARCHAR, ${defined(featureMeasures)});
    CREATE TABLE particles (id INTEGER, source VARCHAR, type VARCHAR, ${defined(particleMeasures)});
    CREATE TABLE context (id INTEGER, source VARCHAR, type VARCHAR, name VARCHAR, count DOUBLE, mean DOUBLE, least DOUBLE, largest DOUBLE);
    CREATE TABLE picks (id INTEGER, source VARCHAR, type VARCHAR, x FLOAT, y FLOAT, z FLOAT, score FLOAT, verdict VARCHAR);
  `);
}

/** Tables that hold rows of runs. */
export const runTables = ["tomograms", "features", "particles", "context", "picks"] as const;

/** Rows of several entries, to be appended at once. */
export class EntryRows {
  readonly #rows = {
    tomograms: [] as DuckDBValue[][],
    features: [] as DuckDBValue[][],
    particles: [] as DuckDBValue[][],
    context: [] as DuckDBValue[][],
  };

  add(id: number, entry: SurveyEntry): void {
    const { tomograms, features, particles, context } = this.#rows;
    const cellOf =
      <Row>(row: Row) =>
      ({ of }: TableColumn<Row>): DuckDBValue =>
        nullUnlessFinite(of(row));
    tomograms.push([id, ...tomogramColumns.map(cellOf(entry))]);
    for (const each of entry.features) features.push([id, each.name, ...featureMeasures.map(cellOf(each))]);
    for (const each of entry.particles) {
      const row = { particle: each, tomogram: entry.tomogram };
      particles.push([id, each.source, each.type, ...particleMeasures.map(cellOf(row))]);
      for (const { name, count, mean, least, largest } of each.context)
        context.push([id, each.source, each.type, name, count, mean, least, largest]);
    }
  }

  async append(connection: DuckDBConnection): Promise<void> {
    for (const [table, rows] of Object.entries(this.#rows)) await appendRows(connection, table, rows);
  }
}

const nullUnlessFinite = (value: string | number | null | undefined): DuckDBValue =>
  value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? null : value;
