/** A part's rows as a table for people: a line for each timed thing, its ratio to the peer last. */
import { alignedTable, decimals, none } from "../present/text.js";
import type { BenchRow } from "./measured.js";

type Value = string | number | null | undefined;

/** Finds an earlier row that measured the same. */
type Previous = (row: BenchRow) => BenchRow | null;

const pageWidth = 120;

/** Lists what a row timed: NAME of each field NAME_ms. */
export const timedNames = (row: BenchRow): string[] =>
  Object.keys(row).flatMap((field) =>
    field.endsWith("_ms") && !field.startsWith("peer_") && !/_q[13]_ms$/.test(field)
      ? [field.slice(0, -"_ms".length)]
      : [],
  );

const measuredSuffixes = [
  "ms",
  "q1_ms",
  "q3_ms",
  "ratio",
  "ratio_q1",
  "ratio_q3",
  "repetitions",
  "mvoxel_per_s",
  "gflop_per_s",
  "mb_per_s",
  "peak_share",
];

/** Returns the fields shown by the columns of timed things. */
const measuredFields = (row: BenchRow): Set<string> =>
  new Set([
    "peer",
    "mb_per_s",
    ...timedNames(row).flatMap((name) =>
      measuredSuffixes.flatMap((suffix) => [`${name}_${suffix}`, `peer_${name}_${suffix}`]),
    ),
  ]);

/**
 * Formats a part: a caption with what all rows share, and an aligned table with a line for each timed thing. A column
 * that is empty throughout is left out, and some columns where they would not fit.
 */
export function partTable(part: string, rows: readonly BenchRow[], previous: Previous): string {
  const facts = [
    ...new Set(rows.flatMap((row) => Object.keys(row).filter((field) => !measuredFields(row).has(field)))),
  ].filter((field) => rows.some((row) => row[field] != null));
  const shared = facts.filter((field) => rows.every((row) => row[field] === rows[0]![field]));
  const varying = facts.filter((field) => !shared.includes(field));
  const lines = rows.flatMap((row) =>
    timedNames(row).map((name) => [
      ...varying.map((field) => valueText(field, row[field])),
      ...measuredCells(row, name, previous(row)),
    ]),
  );
  const names = new Set(rows.flatMap(timedNames));
  const heads = [...varying.map(headOf), ...measuredHeads(rows, names)];
  const columns = heads
    .map((head, at) => [head, ...lines.map((line) => line[at]!)])
    .filter(
      ([head, ...cells]) => cells.some((cell) => cell !== none) && (head !== timedHead || names.size > 1),
    );
  return [...caption(part, shared, rows[0] ?? {}), alignedTable(rowsOf(fitted(columns)))].join("\n");
}

/** Columns to leave out where the page is too narrow, in this order. */
const dispensable = ["Mvoxel/s", "quartiles %", "GFLOP/s"];

function fitted(columns: readonly string[][]): readonly string[][] {
  const width = columns.reduce((sum, cells) => sum + Math.max(...cells.map(({ length }) => length)) + 2, -2);
  if (width <= pageWidth) return columns;
  const head = dispensable.find((name) => columns.some((column) => column[0] === name));
  return head === undefined ? columns : fitted(columns.filter((column) => column[0] !== head));
}

const rowsOf = (columns: readonly string[][]): string[][] =>
  (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]!));

function caption(part: string, fields: readonly string[], row: BenchRow): string[] {
  const said = fields.map((field) => `${headOf(field)} ${valueText(field, row[field])}`);
  const lines = [`${part}:`];
  for (const [at, text] of said.entries()) {
    const piece = ` ${text}${at < said.length - 1 ? "," : ""}`;
    if (lines.at(-1)!.length + piece.length > pageWidth) lines.push(" ");
    lines[lines.length - 1] += piece;
  }
  if (said.length === 0) lines[0] = part;
  return lines;
}

const units: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/(^|_)ms_per_mvoxel$/, " ms/Mvoxel"],
  [/(^|_)mvoxel_per_s$/, " Mvoxel/s"],
  [/(^|_)gflop_per_s$/, " GFLOP/s"],
  [/(^|_)mb_per_s$/, " MB/s"],
  [/(^|_)patches_per_s$/, " patches/s"],
  [/(^|_)rows_per_s$/, " rows/s"],
  [/_mb$/, " MB"],
  [/_ms$/, " ms"],
  [/_s$/, " s"],
  [/_share$/, " %"],
];

/** Returns a field's name with its unit for people: `peak_mb` is "peak MB". */
export function headOf(field: string): string {
  const found = units.find(([ending]) => ending.test(field));
  const head = found ? field.replace(found[0], found[1]) : field;
  return head.replaceAll("_", " ").trim();
}

function valueText(field: string, value: Value): string {
  if (value === null || value === undefined) return none;
  if (typeof value === "string") return value;
  return field.endsWith("_share")
    ? (100 * value).toFixed(1)
    : value.toLocaleString("en", { maximumFractionDigits: 4 });
}

const timedHead = "timed";

function measuredHeads(rows: readonly BenchRow[], names: ReadonlySet<string>): string[] {
  const peers = new Set(rows.map(({ peer }) => peer).filter((peer) => typeof peer === "string"));
  return [
    timedHead,
    names.size === 1 ? `${headOf([...names][0]!)} ms` : "median ms",
    "quartiles %",
    "Mvoxel/s",
    "GFLOP/s",
    "MB/s",
    "% of peak",
    `${peers.size === 1 ? [...peers][0] : "peer"} ms`,
    "change",
    "ratio",
  ];
}

function measuredCells(row: BenchRow, name: string, before: BenchRow | null): string[] {
  const field = (suffix: string): number | null => {
    const value = row[`${name}_${suffix}`];
    return typeof value === "number" ? value : null;
  };
  const [median, first, third, share] = [field("ms"), field("q1_ms"), field("q3_ms"), field("peak_share")];
  return [
    name.replaceAll("_", " "),
    figure(median),
    first === third ? none : `${percentText(first, median)} ${percentText(third, median)}`,
    figure(field("mvoxel_per_s")),
    figure(field("gflop_per_s")),
    figure(field("mb_per_s")),
    share === null ? none : (100 * share).toFixed(0),
    figure(numberIn(row, `peer_${name}_ms`)),
    changeText(median, before && numberIn(before, `${name}_ms`)),
    decimals(field("ratio"), 3),
  ];
}

const numberIn = (row: BenchRow, field: string): number | null => {
  const value = row[field];
  return typeof value === "number" ? value : null;
};

/** Formats a number with as many digits as are meaningful: 12,345, 345.6, 4.57. */
function figure(value: number | null): string {
  if (value === null) return none;
  const digits = value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Formats how much longer (+) or shorter (−) than before. */
export function changeText(now: number | null, before: number | null): string {
  const percent = percentText(now, before);
  return percent === none ? none : `${percent} %`;
}

/** Formats how far a value lies above (+) or below (−) another, in whole per cent of the other. */
function percentText(value: number | null, base: number | null): string {
  if (value === null || base === null || base <= 0) return none;
  const percent = Math.round((value / base - 1) * 100);
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${Math.abs(percent)}`;
}
