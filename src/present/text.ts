/** Numbers, times and tables as text for people. The room `present` formats text, HTML, charts and pictures. */
import { printableLine } from "./printable.js";

export const none = "–";

const minus = (text: string): string => text.replace("-", "−");

/** Formats a number with `decimals` decimals, or a dash. */
export const fixed = (value: number | null | undefined, decimals: number): string =>
  value === null || value === undefined ? none : minus(value.toFixed(decimals));

/** A number with so many decimals and a hyphen for its minus, which Markdown and terminals copy as typed; or a dash. */
export const decimals = (value: number | null | undefined, count: number): string =>
  value?.toFixed(count) ?? none;

/** A difference with its sign, which what rounds to 0 has not. */
export const signed = (value: number, decimals: number): string => {
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
};

/** Groups digits by thousands: 1,103,126. */
export const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** Lists names; of more than `most`, the first and how many more there are. */
export const listed = (names: readonly string[], most: number): string =>
  names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;

/** Formats an interval, or a dash. */
export const range = (
  interval: { readonly low: number; readonly high: number } | null | undefined,
  decimals: number,
): string => (interval ? `${fixed(interval.low, decimals)} to ${fixed(interval.high, decimals)}` : none);

export const percent = (share: number, decimals = 0): string => `${fixed(share * 100, decimals)} %`;

/**
 * A measured time as a document shows it, to a tenth of its unit. A progress line, which changes every second, says whole
 * seconds: `seconds` below.
 */
export function duration(seconds: number): string {
  if (seconds < 100) return `${fixed(seconds, seconds < 10 ? 1 : 0)} s`;
  if (seconds < 6000) return `${fixed(seconds / 60, 1)} min`;
  return `${fixed(seconds / 3600, 1)} h`;
}

/** A moment of ISO 8601 in UTC, to the second; the zone is said, for it may be read elsewhere. */
export const moment = (iso: string): string => `${iso.slice(0, 19).replace("T", " ")} UTC`;

/** A length of time that is still to come, to the second below an hour. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1e4) return `${bytes} B`;
  return bytes < 1e6 ? `${fixed(bytes / 1e3, 0)} kB` : `${fixed(bytes / 1e6, 1)} MB`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${thousands(count)} ${count === 1 ? one : many}`;

/** Aligns a table: the first column to the left, all others to the right. */
export const alignedTable = (table: readonly (readonly string[])[]): string =>
  aligned(table, (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width)));

/** Aligns a table of words: all columns to the left. */
export const wordTable = (table: readonly (readonly string[])[]): string =>
  aligned(table, (cell, width, column) => (column === table[0]!.length - 1 ? cell : cell.padEnd(width)));

function aligned(
  table: readonly (readonly string[])[],
  align: (cell: string, width: number, column: number) => string,
): string {
  const rows = table.map((row) => row.map(printableLine));
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => align(cell, widths[column]!, column)).join("  "))
    .join("\n");
}
