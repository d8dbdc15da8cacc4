// Ranges of columns as parts of an expression: `noise >= 0.5 and noise <= 0.8`, beside what else was written.
import { tokensOf } from "../../../domain/expression/tokens.js";

/** Bounds of a column; none where undefined. */
export interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Writes a column's name as expressions take it. */
export const columnText = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/.test(name) && !/^(?:and|or|not|in|is|missing)$/i.test(name)
    ? name
    : `[${name}]`;

/**
 * Returns an expression with a column's range in place of the one that it has.
 *
 * @param text what is written; one that cannot be read is kept as it is, and the range comes behind it
 */
export function withRange(text: string, column: string, { from, to }: Range): string {
  const own = columnText(column);
  const parts = joined(text).filter((part) => boundOf(part, own) === undefined);
  if (from !== undefined) parts.push(`${own} >= ${from}`);
  if (to !== undefined) parts.push(`${own} <= ${to}`);
  return parts.join(" and ");
}

/** Returns the range that an expression gives a column by itself. */
export function rangeIn(text: string, column: string): Range {
  const own = columnText(column);
  const range: { from?: number; to?: number } = {};
  for (const part of joined(text)) {
    const bound = boundOf(part, own);
    if (bound) range[bound.side] = bound.value;
  }
  return range;
}

function boundOf(part: string, own: string): { side: "from" | "to"; value: number } | undefined {
  const [, name, sign, value] = /^(.+?)\s*(>=|<=)\s*(-?[\d.]+(?:[eE][+-]?\d+)?)$/.exec(part) ?? [];
  if (name !== own || !Number.isFinite(Number(value))) return undefined;
  return { side: sign === ">=" ? "from" : "to", value: Number(value) };
}

/** Returns the parts that `and` joins on the highest level; the whole, in parentheses, where `or` joins any there. */
function joined(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  try {
    const parts: string[] = [];
    let [depth, from] = [0, 0];
    for (const { kind, value, start, end } of tokensOf(trimmed)) {
      if (kind === "sign" && value === "(") depth++;
      if (kind === "sign" && value === ")") depth--;
      if (depth !== 0 || kind !== "word") continue;
      if (value === "or") return [`(${trimmed})`];
      if (value !== "and") continue;
      parts.push(trimmed.slice(from, start).trim());
      from = end;
    }
    return [...parts, trimmed.slice(from).trim()];
  } catch {
    return [trimmed];
  }
}
